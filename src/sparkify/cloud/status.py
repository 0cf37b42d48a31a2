"""How the stack is: its state, its capacity, its limits, and what it costs."""

from __future__ import annotations

import json
from typing import Any

from sparkify.cloud import serverless, stack, staging
from sparkify.cloud.access import Account
from sparkify.cloud.deploy import environment
from sparkify.cloud.prices import Price
from sparkify.errors import UsageError
from sparkify.terminal import say

Found = dict[str, Any]


def show(account: Account, name: str, price: Price, *, as_json: bool) -> None:
    """Print how the stack is; raises UsageError when there is none."""
    found = look(account, name, price)
    if as_json:
        print_json(found)
        return
    for line in _lines(found):
        say(line)
    if found["outputs"]:
        for line in environment(found["outputs"], account):
            say(line)


def look(account: Account, name: str, price: Price) -> Found:
    """What there is of the stack, as `--json` prints it: None stands for what is missing."""
    cloudformation = account.client("cloudformation")
    there = stack.find(cloudformation, name)
    if there is None:
        raise UsageError(
            f"stack {name}: there is none in {account.region}, account {account.number}; make it with "
            f"`sparkify cloud deploy --name {name}{account.options}`"
        )
    stack.check_ours(there)
    redshift = account.client("redshift-serverless")
    namespace = serverless.namespace(redshift, name)
    workgroup = serverless.workgroup(redshift, name)
    bucket = stack.resources(cloudformation, there).get("StagingBucket", "")
    return {
        "stack": {"name": there.name, "region": account.region, "status": there.status, "reason": there.reason},
        "namespace": namespace
        and {
            "name": namespace["namespaceName"],
            "status": namespace["status"],
            "database": namespace.get("dbName"),
            "admin_secret": namespace.get("adminPasswordSecretArn"),
        },
        "workgroup": workgroup
        and {
            "name": workgroup["workgroupName"],
            "status": workgroup["status"],
            "base_capacity": workgroup.get("baseCapacity"),
            "max_capacity": workgroup.get("maxCapacity"),
            "public": workgroup.get("publiclyAccessible", False),
            "limits": [
                {
                    "amount": limit["amount"],
                    "period": limit.get("period", "monthly"),
                    "usage": limit["usageType"],
                    "action": limit.get("breachAction", "log"),
                }
                for limit in serverless.usage_limits(redshift, workgroup["workgroupArn"])
            ],
        },
        "staging": _staging(account, bucket),
        "cost": workgroup and _cost(workgroup, price),
        "outputs": there.outputs,
    }


def _staging(account: Account, bucket: str) -> Found | None:
    s3 = account.client("s3")
    if not bucket or not staging.exists(s3, bucket, account.number):
        return None
    content = staging.content(s3, bucket, account.number)
    return {"bucket": bucket, "objects": content.objects, "bytes": content.bytes, "complete": content.complete}


def _cost(workgroup: Found, price: Price) -> Found:
    base = int(workgroup.get("baseCapacity") or 0)
    return price.as_dict(base, int(workgroup.get("maxCapacity") or base))


def _lines(found: Found) -> list[str]:
    there, namespace, workgroup = found["stack"], found["namespace"], found["workgroup"]
    reason = f" ({there['reason']})" if there["reason"] else ""
    lines = [f"stack:     {there['name']} in {there['region']}, {there['status']}{reason}"]
    lines.append(
        f"namespace: {namespace['name']}, {namespace['status']}, database {namespace['database']}, "
        f"admin password in {namespace['admin_secret'] or 'no secret'}"
        if namespace
        else "namespace: none"
    )
    if workgroup:
        lines.append(
            f"workgroup: {workgroup['name']}, {workgroup['status']}, {workgroup['base_capacity']} RPU, at most "
            f"{workgroup['max_capacity'] or 'as many as it takes'}, {'public' if workgroup['public'] else 'private'}"
        )
        lines += [
            f"limit:     {limit['amount']} RPU-hours {limit['period']}, then {limit['action']}"
            for limit in workgroup["limits"]
            if limit["usage"] == "serverless-compute"
        ] or ["limit:     none"]
    else:
        lines.append("workgroup: none")
    bucket = found["staging"]
    if bucket:
        content = staging.Content(bucket["objects"], bucket["bytes"], bucket["complete"])
        lines.append(f"staging:   s3://{bucket['bucket']}, {content}")
    else:
        lines.append("staging:   none")
    if found["cost"]:
        cost = found["cost"]
        lines.append(
            f"cost:      ${cost['working_hour']:,.2f} an hour while it works, ${cost['working_hour_most']:,.2f} at the "
            f"most (${cost['rpu_hour']:g} per RPU-hour, {cost['source']}); idle ${cost['idle_hour']:.4f} and storage"
        )
    return lines


def print_json(found: Found) -> None:
    """Print one JSON object."""
    say(json.dumps(found))
