"""CloudFormation: find a stack, change it, follow what happens, and say why it failed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sparkify.cloud.access import Client, CloudError, code_of
from sparkify.cloud.plan import PROJECT
from sparkify.errors import UsageError
from sparkify.terminal import printable

PATIENCE = 3600.0
"""Seconds after which a stack that is still changing is left to itself."""
PAUSE = 5.0
"""Seconds between two looks at a stack that changes."""
_GOES_ON = "AWS goes on by itself, look with `sparkify cloud status`"

Tell = Callable[[str], None]
"""Takes a line of progress."""


def progress(line: str) -> None:
    """Show a line of progress: not on standard output, which is for what the command answers."""
    sys.stderr.write(printable(line) + "\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as CloudFormation describes it."""

    name: str
    arn: str
    status: str
    """Such as `CREATE_COMPLETE`."""
    reason: str
    """Why it has that status; empty when nothing is said."""
    parameters: dict[str, str]
    outputs: dict[str, str]
    tags: dict[str, str]
    protected: bool
    """Somebody has switched termination protection on."""

    @property
    def changing(self) -> bool:
        """Somebody is at work on it."""
        return self.status.endswith("_IN_PROGRESS") and not self.planned

    @property
    def planned(self) -> bool:
        """It has a change set that was never carried out, and no resources."""
        return self.status == "REVIEW_IN_PROGRESS"

    @property
    def settled(self) -> bool:
        """It is as somebody wanted it at some time, and can be changed."""
        return self.status in (
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "IMPORT_COMPLETE",
            "IMPORT_ROLLBACK_COMPLETE",
        )


def find(cloudformation: Client, name: str) -> Stack | None:
    """The stack of a name or ARN; None when there is none (a deleted one is found by its ARN only)."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        [described] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if code_of(error) == "ValidationError" and "does not exist" in str(error):
            return None
        raise
    return Stack(
        name=described["StackName"],
        arn=described["StackId"],
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in described.get("Parameters", [])},
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", [])},
        tags={each["Key"]: each["Value"] for each in described.get("Tags", [])},
        protected=bool(described.get("EnableTerminationProtection")),
    )


def check_ours(stack: Stack) -> None:
    """Raise UsageError for a stack that these commands did not make."""
    if stack.tags.get("Project") != PROJECT:
        raise UsageError(f"stack {stack.name}: it is not ours (no tag Project={PROJECT}); choose another --name")


def check_idle(stack: Stack) -> None:
    """Raise CloudError while somebody else is changing the stack."""
    if stack.changing:
        raise CloudError(
            f"stack {stack.name}: {stack.status}, somebody is changing it now; wait until `sparkify cloud status "
            f"--name {stack.name}` shows that it has ended, then run the command again"
        )


def resources(cloudformation: Client, stack: Stack) -> dict[str, str]:
    """Physical names by logical names of what the stack holds, such as `StagingBucket`; not what was never made."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack.arn)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def events(cloudformation: Client, stack: Stack, seen: set[str]) -> list[dict[str, Any]]:
    """Events of the stack that are not in `seen`, oldest first; adds them to it."""
    fresh: list[dict[str, Any]] = []
    for event in _newest_first(cloudformation, stack):
        if event["EventId"] in seen:
            break
        fresh.append(event)
    seen.update(event["EventId"] for event in fresh)
    return fresh[::-1]


def _newest_first(cloudformation: Client, stack: Stack) -> Iterator[dict[str, Any]]:
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack.arn):
        yield from page["StackEvents"]


def follow(cloudformation: Client, stack: Stack, seen: set[str], tell: Tell, pause: float = PAUSE) -> Stack:
    """Wait until the change that was just asked for has ended, telling each event; returns the stack as it is then.

    `seen` holds the events from before the change. Raises CloudError when it takes longer than PATIENCE, or when the
    user stops watching.
    """
    deadline = time.monotonic() + PATIENCE
    ended = False
    try:
        while True:
            for event in events(cloudformation, stack, seen):
                status, name = event["ResourceStatus"], event["LogicalResourceId"]
                reason = f": {event.get('ResourceStatusReason', '')}" if status.endswith("_FAILED") else ""
                tell(f"  {status:<19} {name} ({event['ResourceType']}){reason}")
                # The status alone does not tell: at first it is still that from before the change.
                ended = ended or (event.get("PhysicalResourceId") == stack.arn and not status.endswith("_IN_PROGRESS"))
            now = find(cloudformation, stack.arn) or stack
            if ended and not now.changing:
                return now
            if time.monotonic() > deadline:
                raise CloudError(
                    f"stack {stack.name}: still {now.status} after {PATIENCE / 60:.0f} minutes; {_GOES_ON}"
                )
            time.sleep(pause)
    except KeyboardInterrupt as stopped:
        raise CloudError(f"stack {stack.name}: no longer watched; {_GOES_ON}") from stopped


def first_failure(cloudformation: Client, stack: Stack, before: set[str]) -> str:
    """The resource that failed first in what happened since `before`, and why; the stack's own reason if none did."""
    for event in events(cloudformation, stack, set(before)):
        reason = str(event.get("ResourceStatusReason", ""))
        ours = event["ResourceStatus"].endswith("_FAILED") and event["LogicalResourceId"] != stack.name
        if ours and "cancelled" not in reason.lower():
            return f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason.rstrip('.')}"
    return stack.reason.rstrip(".") or stack.status


def delete(cloudformation: Client, stack: Stack, tell: Tell, pause: float = PAUSE) -> None:
    """Delete the stack and wait; raises CloudError naming the resource that did not go."""
    before = {event["EventId"] for event in _newest_first(cloudformation, stack)}
    cloudformation.delete_stack(StackName=stack.arn)
    ended = follow(cloudformation, stack, set(before), tell, pause)
    if ended.status != "DELETE_COMPLETE":
        raise CloudError(
            f"stack {stack.name}: {ended.status}; {first_failure(cloudformation, ended, before)}. Mend that, then run "
            f"`sparkify cloud destroy --name {stack.name}` again"
        )
