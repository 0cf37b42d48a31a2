"""Redshift Serverless: what CloudFormation has no resource for, and what is left when a stack has gone.

CloudFormation knows namespaces, workgroups and snapshots, but no usage limits: those are made through the API.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from sparkify.cloud.access import Client, CloudError, code_of
from sparkify.cloud.stack import PATIENCE, PAUSE

Described = dict[str, Any]
"""What the API tells of one thing, with the API's names."""

_COMPUTE = "serverless-compute"


def workgroup(redshift: Client, name: str) -> Described | None:
    """The workgroup; None when there is none."""
    return _described(redshift.get_workgroup, "workgroup", workgroupName=name)


def namespace(redshift: Client, name: str) -> Described | None:
    """The namespace; None when there is none."""
    return _described(redshift.get_namespace, "namespace", namespaceName=name)


def _described(ask: Any, key: str, **which: str) -> Described | None:
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        found: Described = ask(**which)[key]
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException":
            return None
        raise
    return found


def usage_limits(redshift: Client, arn: str) -> list[Described]:
    """Every limit of a workgroup."""
    return _listed(redshift, "list_usage_limits", "usageLimits", resourceArn=arn)


def set_daily_limit(redshift: Client, arn: str, hours: int, action: str) -> str:
    """Let a workgroup use so many RPU-hours a day, then do `action`; 0 hours: without limit.

    Returns what was done: created, changed, removed, or unchanged. Limits of other periods stay as they are.
    """
    daily = [
        each
        for each in usage_limits(redshift, arn)
        if each["usageType"] == _COMPUTE and each.get("period", "monthly") == "daily"
    ]
    if hours == 0:
        for each in daily:
            redshift.delete_usage_limit(usageLimitId=each["usageLimitId"])
        return "removed" if daily else "unchanged"
    if not daily:
        redshift.create_usage_limit(
            resourceArn=arn, usageType=_COMPUTE, amount=hours, period="daily", breachAction=action
        )
        return "created"
    # There may be others of somebody else, such as one that logs before this one turns queries off.
    limit = next((each for each in daily if each.get("breachAction", "log") == action), daily[0])
    if (limit["amount"], limit.get("breachAction", "log")) == (hours, action):
        return "unchanged"
    redshift.update_usage_limit(usageLimitId=limit["usageLimitId"], amount=hours, breachAction=action)
    return "changed"


def snapshots(redshift: Client, name: str) -> list[Described]:
    """Snapshots of a namespace of that name, also of one that has gone."""
    # Not asked for by name: Redshift does not find the namespace any more when only its snapshots are left.
    every = _listed(redshift, "list_snapshots", "snapshots")
    return [each for each in every if each.get("namespaceName") == name and each.get("status") != "DELETED"]


def recovery_points(redshift: Client, name: str) -> list[Described]:
    """Copies that Redshift made by itself; they are free, kept for a day, and go with the namespace."""
    return _listed(redshift, "list_recovery_points", "recoveryPoints", namespaceName=name)


def take_snapshot(redshift: Client, name: str, snapshot: str, tags: Mapping[str, str], pause: float = PAUSE) -> None:
    """Make a snapshot of a namespace and wait until it can be restored; raises CloudError when it cannot."""
    redshift.create_snapshot(
        namespaceName=name, snapshotName=snapshot, tags=[{"key": key, "value": tags[key]} for key in sorted(tags)]
    )
    deadline = time.monotonic() + PATIENCE
    while True:
        status = str(redshift.get_snapshot(snapshotName=snapshot)["snapshot"]["status"])
        if status == "AVAILABLE":
            return
        if status in ("FAILED", "CANCELLED", "DELETED") or time.monotonic() > deadline:
            raise CloudError(f"snapshot {snapshot}: {status}; nothing was removed, look at it and try again")
        time.sleep(pause)


def _listed(redshift: Client, operation: str, key: str, **which: str) -> list[Described]:
    pages = redshift.get_paginator(operation).paginate(**which)
    return [each for page in pages for each in page[key]]
