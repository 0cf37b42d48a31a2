"""Remove the stack, and make sure that nothing is left that costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

from sparkify.cloud import serverless, stack, staging
from sparkify.cloud.access import Account, Client, CloudError, code_of
from sparkify.cloud.plan import PROJECT
from sparkify.cloud.stack import Stack, progress
from sparkify.cloud.template import WHAT_FOR
from sparkify.errors import UsageError
from sparkify.terminal import answered, printable, say


@dataclass(frozen=True, slots=True)
class Doomed:
    """What the removal of a stack will remove."""

    stack: Stack
    resources: dict[str, str]
    """Physical names by logical names."""
    bucket: str
    """The staging bucket; empty when there is none."""
    content: staging.Content
    workgroup: serverless.Described | None
    namespace: serverless.Described | None
    limits: list[serverless.Described] = field(default_factory=list)
    recovery_points: int = 0
    snapshots: list[str] = field(default_factory=list)
    """Names of the snapshots that somebody made; they stay."""

    @property
    def secret(self) -> str:
        """ARN of the secret of the admin password; empty when there is none."""
        return str((self.namespace or {}).get("adminPasswordSecretArn") or "")


def destroy(account: Account, name: str, *, final_snapshot: str, yes: bool, pause: float = stack.PAUSE) -> None:
    """List what will be removed, ask for the name, remove it, and check that nothing that costs is left.

    The only bucket that is emptied is the stack's own staging bucket. Raises UsageError when there is no such stack
    or the name is not typed, CloudError when something cannot be removed or is left.
    """
    cloudformation = account.client("cloudformation")
    there = stack.find(cloudformation, name)
    if there is None:
        _nothing_to_remove(account, name)
    stack.check_ours(there)
    stack.check_idle(there)
    if there.protected:
        raise UsageError(
            f"stack {name}: termination protection is on; switch it off first: aws cloudformation "
            f"update-termination-protection --no-enable-termination-protection --stack-name {name}{account.options}"
        )
    doomed = _survey(account, cloudformation, there)
    if final_snapshot and doomed.namespace is None:
        raise UsageError(f"--final-snapshot {final_snapshot}: there is no namespace {name} to take it of; leave it out")
    _tell(account, doomed, final_snapshot)
    _ask(name, yes=yes)
    redshift = account.client("redshift-serverless")
    if final_snapshot:
        progress(f"  taking snapshot {final_snapshot}")
        serverless.take_snapshot(redshift, name, final_snapshot, there.tags, pause)
    for limit in doomed.limits:
        redshift.delete_usage_limit(usageLimitId=limit["usageLimitId"])
    if doomed.bucket:
        deleted = staging.empty(account.client("s3"), doomed.bucket, account.number)
        progress(f"  emptied s3://{doomed.bucket}: {deleted:,} versions of objects")
    stack.delete(cloudformation, there, progress, pause)
    say(f"removed stack {name}")
    _check(account, name, doomed, final_snapshot)


def _nothing_to_remove(account: Account, name: str) -> NoReturn:
    """Raise: UsageError when nothing of that name is there, CloudError when something was left without its stack."""
    left = leftovers(account, name)
    if left:
        raise CloudError(f"stack {name}: there is none in {account.region}, but it left {'; '.join(left)}")
    raise UsageError(f"stack {name}: there is none in {account.region}, account {account.number}; nothing to remove")


def _survey(account: Account, cloudformation: Client, there: Stack) -> Doomed:
    redshift, s3 = account.client("redshift-serverless"), account.client("s3")
    held = stack.resources(cloudformation, there)
    # By what CloudFormation has recorded as made for this stack, never by a name that only looks like it.
    bucket = held.get("StagingBucket", "")
    if bucket and not staging.exists(s3, bucket, account.number):
        bucket = ""
    workgroup = serverless.workgroup(redshift, there.name) if held.get("Workgroup") else None
    namespace = serverless.namespace(redshift, there.name) if held.get("Namespace") else None
    return Doomed(
        stack=there,
        resources=held,
        bucket=bucket,
        content=staging.content(s3, bucket, account.number) if bucket else staging.Content(0, 0, complete=True),
        workgroup=workgroup,
        namespace=namespace,
        limits=serverless.usage_limits(redshift, workgroup["workgroupArn"]) if workgroup else [],
        recovery_points=len(serverless.recovery_points(redshift, there.name)) if namespace else 0,
        snapshots=_snapshot_names(redshift, there.name),
    )


def _tell(account: Account, doomed: Doomed, final_snapshot: str) -> None:
    """Print everything that goes, and what stays."""
    say(f"This removes stack {doomed.stack.name} in {account.region}, account {account.number}, with all its data:")
    for name in sorted(doomed.resources):
        say(f"  {name:<14} {doomed.resources[name]}: {WHAT_FOR.get(name, 'of an older template')}")
    for limit in doomed.limits:
        say(f"  usage limit    {limit['usageLimitId']}: {limit['amount']} {limit.get('period', 'monthly')}")
    if doomed.bucket:
        say(f"  staging        {doomed.content} in s3://{doomed.bucket}")
    if doomed.secret:
        say(f"  admin secret   {doomed.secret}")
    if doomed.recovery_points:
        say(f"  recovery       {doomed.recovery_points} points that Redshift made by itself")
    if final_snapshot:
        say(f"  first          a snapshot of the warehouse, {final_snapshot}; it stays, and its storage costs")
    elif doomed.namespace:
        say("  no copy        of the warehouse is kept; --final-snapshot NAME keeps one")
    for snapshot in doomed.snapshots:
        say(f"  stays          snapshot {snapshot}; its storage costs")
    say("  untouched      every bucket that the data is read from")


def _ask(name: str, *, yes: bool) -> None:
    """Let the name be typed on the terminal; no terminal means no."""
    if yes:
        return
    if answered(f"Type {name} to remove it: ") != name:
        raise UsageError(f"nothing was removed; type {name} when asked, or pass --yes to remove it without a question")


def _check(account: Account, name: str, doomed: Doomed, final_snapshot: str) -> None:
    left = leftovers(account, name, bucket=doomed.bucket, secret=doomed.secret, wanted=final_snapshot)
    logs = _log_groups(account, name)
    if logs:
        # Not deleted: they tell who did what, and somebody may have to answer for that. They cost next to nothing.
        say(f"kept logs in CloudWatch, which cost by what they store: {', '.join(logs)}")
    if final_snapshot:
        say(f"kept snapshot {final_snapshot}, whose storage costs")
    if left:
        raise CloudError(f"stack {name} is removed, but left: {'; '.join(left)}")
    say("nothing else that costs is left: no namespace, workgroup, staging bucket, snapshot or secret")


def leftovers(account: Account, name: str, *, bucket: str = "", secret: str = "", wanted: str = "") -> list[str]:
    """What is there of a stack of that name that costs, each with the command that removes it.

    `bucket` and `secret` are those the stack had, `wanted` the snapshot that is meant to stay.
    """
    redshift, options = account.client("redshift-serverless"), account.options
    left: list[str] = []
    if serverless.workgroup(redshift, name):
        left.append(f"workgroup {name} (aws redshift-serverless delete-workgroup --workgroup-name {name}{options})")
    if serverless.namespace(redshift, name):
        left.append(f"namespace {name} (aws redshift-serverless delete-namespace --namespace-name {name}{options})")
    if bucket and staging.exists(account.client("s3"), bucket, account.number):
        left.append(f"bucket {bucket} (aws s3 rb --force s3://{bucket}{options})")
    left += [
        f"snapshot {each} (aws redshift-serverless delete-snapshot --snapshot-name {each}{options})"
        for each in _snapshot_names(redshift, name)
        if each != wanted
    ]
    left += [
        f"secret {each} (aws secretsmanager delete-secret --secret-id {each}{options})"
        for each in _secrets(account, name, secret)
    ]
    return left


def _snapshot_names(redshift: Client, name: str) -> list[str]:
    return sorted(str(each["snapshotName"]) for each in serverless.snapshots(redshift, name))


def _secrets(account: Account, name: str, secret: str) -> list[str]:
    """Secrets with the tags of the stack, and its admin secret, unless they are on their way out already."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    manager = account.client("secretsmanager")
    filters = [{"Key": "tag-key", "Values": ["Stack"]}, {"Key": "tag-value", "Values": [name]}]
    found: set[str] = set()
    for page in manager.get_paginator("list_secrets").paginate(Filters=filters):
        for each in page["SecretList"]:
            tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
            # The filters match beginnings, and a key here with a value there.
            if tags.get("Project") == PROJECT and tags.get("Stack") == name and "DeletedDate" not in each:
                found.add(str(each["ARN"]))
    if secret:
        try:
            if "DeletedDate" not in manager.describe_secret(SecretId=secret):
                found.add(secret)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
    return sorted(found)


def _log_groups(account: Account, name: str) -> list[str]:
    pages = account.client("logs").get_paginator("describe_log_groups")
    prefix = f"/aws/redshift/{name}/"
    return [
        printable(str(group["logGroupName"]))
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    ]
