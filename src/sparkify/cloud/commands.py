"""`sparkify cloud`: thin, one function a command. What talks to AWS is imported when a command needs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from sparkify.cli_options import Json
from sparkify.cloud.options import (
    AllowCidr,
    AllowGroup,
    BaseCapacity,
    Data,
    EnhancedRouting,
    LimitAction,
    LimitHours,
    MaxCapacity,
    Name,
    Profile,
    Public,
    QuerySeconds,
    Region,
    RpuPrice,
    SecurityGroups,
    Subnets,
    Tag,
    Vpc,
)

if TYPE_CHECKING:
    from sparkify.cloud.plan import Plan

app = typer.Typer(
    name="cloud",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def cloud(context: typer.Context) -> None:
    """Make the Amazon Redshift stack, look at it, remove it.

    Example: sparkify cloud deploy --data s3://my-bucket/song_data --data s3://my-bucket/log_data
    """
    if context.invoked_subcommand is None:
        from sparkify.terminal import say

        say(context.get_help())


@app.command()
def template(
    name: Name = "sparkify",
    data: Data = None,
    base_capacity: BaseCapacity = 8,
    max_capacity: MaxCapacity = 0,
    query_seconds: QuerySeconds = 14_400,
    vpc: Vpc = "",
    subnet: Subnets = None,
    security_group: SecurityGroups = None,
    public: Public = False,
    allow_cidr: AllowCidr = "",
    allow_group: AllowGroup = "",
    enhanced_routing: EnhancedRouting = False,
    tag: Tag = None,
) -> None:
    """Print the CloudFormation template; AWS is not asked.

    It makes no usage limit: CloudFormation has no such resource for Redshift Serverless, `deploy` sets it.

    Example: sparkify cloud template --data s3://my-bucket/song_data > sparkify.json
    """
    from sparkify.cloud.template import build
    from sparkify.terminal import say

    plan = _plan(
        name, data, tag, subnet, security_group, base_capacity=base_capacity, max_capacity=max_capacity,
        query_seconds=query_seconds, vpc=vpc, public=public, allow_cidr=allow_cidr, allow_group=allow_group,
        enhanced_routing=enhanced_routing,
    )  # fmt: skip
    say(json.dumps(build(plan), indent=2))


@app.command()
def deploy(
    name: Name = "sparkify",
    data: Data = None,
    base_capacity: BaseCapacity = 8,
    max_capacity: MaxCapacity = 0,
    limit_rpu_hours: LimitHours = 24,
    limit_action: LimitAction = "deactivate",
    query_seconds: QuerySeconds = 14_400,
    vpc: Vpc = "",
    subnet: Subnets = None,
    security_group: SecurityGroups = None,
    public: Public = False,
    allow_cidr: AllowCidr = "",
    allow_group: AllowGroup = "",
    enhanced_routing: EnhancedRouting = False,
    tag: Tag = None,
    rpu_price: RpuPrice = None,
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Make the stack, or change it into what the options say; shows what that is and costs, then asks.

    Example: sparkify cloud deploy --data s3://my-bucket/song_data --data s3://my-bucket/log_data
    """
    from sparkify.cloud.access import connect, plainly
    from sparkify.cloud.deploy import deploy as make
    from sparkify.cloud.prices import Price

    plan = _plan(
        name, data, tag, subnet, security_group, base_capacity=base_capacity, max_capacity=max_capacity,
        limit_hours=limit_rpu_hours, limit_action=limit_action, query_seconds=query_seconds, vpc=vpc, public=public,
        allow_cidr=allow_cidr, allow_group=allow_group, enhanced_routing=enhanced_routing,
    )  # fmt: skip
    with plainly():
        account = connect(region, profile)
        make(account, plan, Price.of(account.region, rpu_price), yes=yes)


@app.command()
def status(
    name: Name = "sparkify",
    rpu_price: RpuPrice = None,
    region: Region = None,
    profile: Profile = None,
    as_json: Json = False,
) -> None:
    """Show the stack: state, capacity, limits, staging bucket, and what an hour of work costs.

    Example: sparkify cloud status --json
    """
    from sparkify.cloud.access import connect, plainly
    from sparkify.cloud.plan import check_name
    from sparkify.cloud.prices import Price
    from sparkify.cloud.status import show

    check_name(name)
    with plainly():
        account = connect(region, profile)
        show(account, name, Price.of(account.region, rpu_price), as_json=as_json)


@app.command()
def destroy(
    name: Name = "sparkify",
    final_snapshot: Annotated[
        str, typer.Option(metavar="NAME", help="First keep the warehouse as a snapshot of this name; it costs storage")
    ] = "",
    region: Region = None,
    profile: Profile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name")] = False,
) -> None:
    """Remove the stack with all its data, and check that nothing that costs is left.

    Lists what goes and asks for the stack's name. No bucket but its own staging bucket is touched.

    Example: sparkify cloud destroy --final-snapshot sparkify-2026-11-30
    """
    from sparkify.cloud.access import connect, plainly
    from sparkify.cloud.destroy import destroy as remove
    from sparkify.cloud.plan import check_name

    check_name(name)
    if final_snapshot:
        check_name(final_snapshot, "--final-snapshot")
    with plainly():
        remove(connect(region, profile), name, final_snapshot=final_snapshot, yes=yes)


def _plan(
    name: str,
    data: Sequence[str] | None,
    tags: Sequence[str] | None,
    subnets: Sequence[str] | None,
    security_groups: Sequence[str] | None,
    *,
    vpc: str,
    public: bool,
    allow_cidr: str,
    allow_group: str,
    enhanced_routing: bool,
    base_capacity: int,
    max_capacity: int,
    query_seconds: int,
    limit_hours: int = 24,
    limit_action: str = "deactivate",
) -> Plan:
    """The plan that the options make; raises UsageError naming the option that cannot be."""
    from sparkify.cloud.plan import Network, Place, Plan, parse_tags

    return Plan(
        name=name,
        base_capacity=base_capacity,
        max_capacity=max_capacity,
        limit_hours=limit_hours,
        limit_action=limit_action,
        query_seconds=query_seconds,
        data=tuple(map(Place.parse, data or ())),
        network=Network(
            vpc=vpc,
            subnets=tuple(subnets or ()),
            security_groups=tuple(security_groups or ()),
            public=public,
            cidr=allow_cidr,
            peer_group=allow_group,
            enhanced_routing=enhanced_routing,
        ),
        tags=parse_tags(tags or ()),
    ).checked()
