"""Make the stack, or change it into what the plan says."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sparkify.cloud import network, serverless, stack
from sparkify.cloud.access import Account, Client, CloudError
from sparkify.cloud.plan import DATABASE, PORT, Plan
from sparkify.cloud.prices import Price
from sparkify.cloud.stack import Stack
from sparkify.cloud.template import CAPABILITIES, WHAT_FOR, build, parameter_values
from sparkify.errors import UsageError
from sparkify.terminal import confirmed, say

_NO_CHANGES = ("didn't contain changes", "No updates are to be performed")
"""How CloudFormation says that a change set is empty."""


def deploy(account: Account, plan: Plan, price: Price, *, yes: bool, pause: float = stack.PAUSE) -> None:
    """Show what will be made and what it costs, ask, make it, and print how to use it.

    Nothing is changed without an answer or `yes`. Raises UsageError when it may not be deployed, CloudError when AWS
    fails at it; then nothing that this run made is left, unless the message names it.
    """
    cloudformation = account.client("cloudformation")
    there = stack.find(cloudformation, plan.name)
    if there is not None:
        stack.check_ours(there)
        stack.check_idle(there)
        _check_changeable(there, account)
    plan = replace(plan, network=network.located(account.client("ec2"), plan.network))
    if there is None:
        now = _create(cloudformation, account, plan, price, yes=yes, pause=pause)
    else:
        now = _update(cloudformation, account, there, plan, price, yes=yes, pause=pause)
    redshift = account.client("redshift-serverless")
    _limit(redshift, plan, price)
    for line in environment(now.outputs, account, plan):
        say(line)


def environment(outputs: Mapping[str, str], account: Account, plan: Plan | None = None) -> list[str]:
    """The lines that point a shell at the warehouse; with a plan, also the command that loads its data."""
    host, port = outputs.get("Host", ""), outputs.get("Port", str(PORT))
    lines = [
        f"export SPARKIFY_WAREHOUSE='redshift://{host}:{port}/{DATABASE}?auth=iam'",
        f"export SPARKIFY_STAGING={outputs.get('Staging', '')}",
        f"export SPARKIFY_COPY_ROLE={outputs.get('RoleArn', '')}",
        f"export AWS_REGION={account.region}",
    ]
    if account.profile:
        lines.append(f"export AWS_PROFILE={shlex.quote(account.profile)}")
    if plan is not None:
        lines.append(_load(plan))
    return lines


def _load(plan: Plan) -> str:
    """The command that loads the plan's data, with a blank to fill in where no place has such a name."""

    def named(word: str) -> str:
        urls = [place.url for place in plan.data if not place.single and word in place.key.rpartition("/")[2]]
        return shlex.quote(urls[0]) if urls else f"s3://BUCKET/{word}_data"

    return f"sparkify etl --song-data {named('song')} --log-data {named('log')}"


def _check_changeable(there: Stack, account: Account) -> None:
    if there.settled:
        return
    if there.status == "UPDATE_ROLLBACK_FAILED":
        raise CloudError(
            f"stack {there.name}: {there.status} ({there.reason or 'no reason given'}); continue the rollback first: "
            f"aws cloudformation continue-update-rollback --stack-name {there.name}{account.options}"
        )
    raise CloudError(
        f"stack {there.name}: {there.status}, an earlier deployment or removal did not succeed; remove what it left "
        f"with `sparkify cloud destroy --name {there.name}{account.options}`, then deploy again"
    )


def _create(cloudformation: Client, account: Account, plan: Plan, price: Price, *, yes: bool, pause: float) -> Stack:
    template = build(plan)
    say(f"This makes stack {plan.name} in {account.region}, account {account.number}:")
    for name in _made(template, plan):
        say(f"  {name:<14} {WHAT_FOR[name]}")
    _tell_terms(plan, price)
    _ask(f"Make stack {plan.name} in {account.region}?", yes=yes)
    made = cloudformation.create_stack(
        StackName=plan.name, Capabilities=CAPABILITIES, TemplateBody=json.dumps(template),
        Parameters=_parameters(plan), Tags=_tags(plan),
    )  # fmt: skip
    start = stack.find(cloudformation, made["StackId"])
    assert start is not None
    ended = stack.follow(cloudformation, start, set(), stack.progress, pause)
    if ended.status != "CREATE_COMPLETE":
        raise CloudError(
            f"stack {plan.name}: {ended.status}; {stack.first_failure(cloudformation, ended, set())}. Mend that, run "
            f"`sparkify cloud destroy --name {plan.name}{account.options}`, then deploy again"
        )
    say(f"made stack {plan.name}")
    return ended


def _update(
    cloudformation: Client, account: Account, there: Stack, plan: Plan, price: Price, *, yes: bool, pause: float
) -> Stack:
    changes = _change_set(cloudformation, there, plan, pause)
    if changes is None:
        say(f"stack {plan.name} in {account.region}: nothing to change")
        return there
    try:
        say(f"This changes stack {plan.name} in {account.region}, account {account.number}:")
        wanted = parameter_values(plan)
        for name in sorted(wanted):
            if there.parameters.get(name) != wanted[name]:
                say(f"  {name}: {there.parameters.get(name) or 'none'} -> {wanted[name] or 'none'}")
        for change in changes["Changes"]:
            _tell_change(plan, change["ResourceChange"])
        _tell_terms(plan, price)
        _ask(f"Change stack {plan.name}?", yes=yes)
    except BaseException:
        cloudformation.delete_change_set(ChangeSetName=changes["ChangeSetId"])
        raise
    before: set[str] = set()
    stack.events(cloudformation, there, before)
    cloudformation.execute_change_set(ChangeSetName=changes["ChangeSetId"])
    ended = stack.follow(cloudformation, there, set(before), stack.progress, pause)
    if ended.status != "UPDATE_COMPLETE":
        raise CloudError(
            f"stack {plan.name}: {ended.status}; {stack.first_failure(cloudformation, ended, before)}. "
            f"It is as it was before unless that says otherwise; mend the cause, then deploy again"
        )
    say(f"changed stack {plan.name}")
    return ended


def _change_set(cloudformation: Client, there: Stack, plan: Plan, pause: float) -> dict[str, Any] | None:
    """What CloudFormation would change, as it describes a change set; None when it would change nothing."""
    made = cloudformation.create_change_set(
        StackName=there.name, ChangeSetName=f"sparkify-{int(time.time() * 1000)}", ChangeSetType="UPDATE",
        Capabilities=CAPABILITIES, TemplateBody=json.dumps(build(plan)), Parameters=_parameters(plan),
        Tags=_tags(plan),
    )  # fmt: skip
    deadline = time.monotonic() + stack.PATIENCE
    while True:
        described: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made["Id"])
        status, reason = described["Status"], described.get("StatusReason", "")
        if status == "CREATE_COMPLETE":
            return {**described, "ChangeSetId": made["Id"], "Changes": described.get("Changes", [])}
        if status == "FAILED":
            cloudformation.delete_change_set(ChangeSetName=made["Id"])
            if any(words in reason for words in _NO_CHANGES):
                return None
            raise CloudError(f"stack {there.name}: the change is refused: {reason}; mend that, then deploy again")
        if time.monotonic() > deadline:
            raise CloudError(f"stack {there.name}: its change set is still {status}; try again later")
        time.sleep(pause)


def _tell_change(plan: Plan, change: Mapping[str, str]) -> None:
    """Print what happens to a resource; refuses what would lose the warehouse's data."""
    name, action = change["LogicalResourceId"], change["Action"].lower()
    anew = change.get("Replacement") == "True"
    if name == "Namespace" and (anew or action == "remove"):
        raise CloudError(
            f"stack {plan.name}: the change would replace the namespace, and the warehouse would be lost; nothing was "
            f"changed, deploy it under another --name"
        )
    say(f"  {action} {name} ({change['ResourceType']}){', made anew' if anew else ''}")


def _made(template: Mapping[str, Any], plan: Plan) -> list[str]:
    """Logical names of the resources that the plan's conditions let be made."""
    own = not plan.network.security_groups
    holds = {
        "OwnSecurityGroup": own,
        "ForRange": own and bool(plan.network.cidr),
        "ForGroup": own and bool(plan.network.peer_group),
    }
    return [name for name, each in template["Resources"].items() if holds.get(each.get("Condition", ""), True)]


def _tell_terms(plan: Plan, price: Price) -> None:
    """Print what it costs, who may connect, and what Redshift may read."""
    for line in price.lines(plan.base_capacity, plan.most):
        say(f"  {line}")
    if plan.limit_hours:
        then = "queries are turned off" if plan.limit_action == "deactivate" else "that is logged, and it goes on"
        say(f"  guard:   {plan.limit_hours} RPU-hours a day (${price.working(plan.limit_hours):,.2f}), then {then}")
    else:
        say("  guard:   none, --limit-rpu-hours sets one")
    where = plan.network
    who = ", ".join(filter(None, [where.cidr, where.peer_group and f"members of {where.peer_group}"]))
    groups = ", ".join(where.security_groups)
    say(f"  access:  {'public address' if where.public else 'private'}; {groups or who or 'members of its own group'}")
    say(f"  reads:   {', '.join(place.url for place in plan.data) or 'its staging folder only, --data adds places'}")


def _ask(question: str, *, yes: bool) -> None:
    sys.stdout.flush()
    if not yes and not confirmed(question):
        raise UsageError("nothing was deployed; pass --yes to deploy without a question")


def _limit(redshift: Client, plan: Plan, price: Price) -> None:
    """Set the daily limit; raises CloudError saying that the stack is there without it."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        workgroup = serverless.workgroup(redshift, plan.name)
        if workgroup is None:
            raise CloudError(f"workgroup {plan.name}: it has gone, though its stack is there; remove it, deploy again")
        done = serverless.set_daily_limit(redshift, workgroup["workgroupArn"], plan.limit_hours, plan.limit_action)
    except ClientError as error:
        raise CloudError(
            f"stack {plan.name} is there, but not its limit of {plan.limit_hours} RPU-hours a day: {error}; mend that, "
            f"then deploy again"
        ) from error
    if done != "unchanged":
        hours = f"{plan.limit_hours} RPU-hours, ${price.working(plan.limit_hours):,.2f}, then {plan.limit_action}"
        say(f"{done} the daily limit" + (f": {hours}" if plan.limit_hours else ""))


def _parameters(plan: Plan) -> list[dict[str, str]]:
    return [{"ParameterKey": key, "ParameterValue": value} for key, value in parameter_values(plan).items()]


def _tags(plan: Plan) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in plan.all_tags.items()]
