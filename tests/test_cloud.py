"""The Redshift stack: what the template allows, and the commands against moto (see cloud_support for how far that goes)."""

# ruff: noqa: N803, ARG002 -- a stand-in has the argument names of what it stands in for

from __future__ import annotations

import fnmatch
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import cfnlint  # type: ignore[import-untyped]
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from sparkify.cloud import stack, staging
from sparkify.cloud.access import CloudError
from sparkify.cloud.commands import app
from sparkify.cloud.network import located
from sparkify.cloud.plan import Network, Place, Plan, parse_tags
from sparkify.cloud.prices import TABLE, Price
from sparkify.cloud.template import STAGING_DAYS, WHAT_FOR, build, parameter_values
from sparkify.errors import SparkifyError, UsageError
from tests.cloud_support import NUMBER, REGION, Cloud, aws
from tests.conftest import examples

Statement = dict[str, Any]

DATA = ("--data", "s3://music/song_data", "--data", "s3://music/log_data", "--data", "s3://shared/log_json_path.json")
GROUP = "sg-0123456789abcdef0"
FULL = Plan(
    name="shop-2026",
    base_capacity=32,
    max_capacity=64,
    data=tuple(map(Place.parse, DATA[1::2])),
    network=Network("vpc-0123456789abcdef0", ("subnet-0123456789abcdef0", "subnet-0123456789abcdef1"),
                    (), True, "203.0.113.0/24", GROUP, True),
    tags=(("Team", "data"),),
)  # fmt: skip
PLANS = {"plain": Plan(), "full": FULL, "own groups": Plan(network=Network(security_groups=(GROUP,)))}


# -- the template, as facts ------------------------------------------------------------------------------------------


def statements(plan: Plan) -> list[Statement]:
    """What the role may do."""
    policies = build(plan)["Resources"]["CopyRole"]["Properties"]["Policies"]
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def resource(plan: Plan, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = build(plan)["Resources"][name]["Properties"]
    return properties


def of(found: list[Statement], action: str) -> list[Statement]:
    return [each for each in found if action in each["Action"]]


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_cfn_lint_finds_nothing(plan: Plan) -> None:
    found = cfnlint.lint_all(json.dumps(build(plan.checked())))
    # What only informs asks for a description of the architecture, for machines.
    assert [f"{each.rule.id} {each.message}" for each in found if each.rule.severity in ("error", "warning")] == []


def test_the_role_reads_exactly_the_data() -> None:
    found = [each for each in statements(FULL) if each["Sid"].startswith("Data")]
    arn = "arn:${AWS::Partition}:s3:::"
    [read] = of(found, "s3:GetObject")
    assert [each["Fn::Sub"].removeprefix(arn) for each in read["Resource"]] == [
        "music/log_data/*", "music/song_data/*", "shared/log_json_path.json"
    ]  # fmt: skip
    lists = {each["Resource"]["Fn::Sub"].removeprefix(arn): each["Condition"] for each in of(found, "s3:ListBucket")}
    assert lists == {
        "music": {"StringLike": {"s3:prefix": ["log_data/*", "song_data/*"]}},
        "shared": {"StringLike": {"s3:prefix": ["log_json_path.json"]}},
    }
    assert {action for each in found for action in each["Action"]} == {
        "s3:GetObject", "s3:ListBucket", "s3:GetBucketLocation"
    }  # fmt: skip


def test_the_role_writes_the_staging_folder_only() -> None:
    for plan in PLANS.values():
        for action in ("s3:PutObject", "s3:DeleteObject"):
            [write] = of(statements(plan), action)
            assert write["Resource"] == {"Fn::Sub": "${StagingBucket.Arn}/staging/*"}
    assert {each["Sid"][:7] for each in statements(Plan())} == {"Staging"}


def test_no_statement_is_wider_than_a_folder() -> None:
    for each in statements(FULL):
        assert each["Effect"] == "Allow"
        assert not any("*" in action for action in each["Action"])
        resources = each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]]
        for target in resources:
            path = target.get("Fn::Sub", "")
            assert "*" not in path.removesuffix("/*")


def test_only_redshift_may_take_the_role() -> None:
    trust = resource(Plan(), "CopyRole")["AssumeRolePolicyDocument"]["Statement"]
    assert [each["Principal"]["Service"] for each in trust] == [
        "redshift.amazonaws.com", "redshift-serverless.amazonaws.com"
    ]  # fmt: skip
    assert {each["Action"] for each in trust} == {"sts:AssumeRole"}


@examples(200)
@given(st.text("ab_/-. é'", max_size=12), st.text("ab_/-. é'", max_size=6))
def test_a_folder_lets_in_what_is_in_it_and_no_neighbour(folder: str, rest: str) -> None:
    try:
        place = Place.parse(f"s3://music/{folder}")
    except UsageError:
        assert "//" in folder
        return
    if place.single:
        assert place.objects == place.key
    elif place.key:
        inside = f"{place.key}/{rest}"
        assert fnmatch.fnmatchcase(inside, place.objects)
        assert not fnmatch.fnmatchcase(f"{place.key}_old/{rest}", place.objects)
        assert not fnmatch.fnmatchcase(place.key, place.objects)
    else:
        assert place.objects == "*"


def test_a_whole_bucket_is_listed_without_a_prefix() -> None:
    [listing] = [each for each in statements(Plan(data=(Place.parse("s3://music"),))) if each["Sid"] == "DataList1"]
    assert "Condition" not in listing


def test_the_staging_bucket_is_private_encrypted_and_forgets() -> None:
    bucket = resource(Plan(), "StagingBucket")
    [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    expire, abort = bucket["LifecycleConfiguration"]["Rules"]
    assert (expire["Prefix"], expire["ExpirationInDays"], expire["Status"]) == ("staging/", STAGING_DAYS, "Enabled")
    assert abort["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    [only_tls] = resource(Plan(), "StagingPolicy")["PolicyDocument"]["Statement"]
    assert (only_tls["Effect"], only_tls["Principal"]) == ("Deny", "*")
    assert only_tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_nobody_outside_connects_unless_asked() -> None:
    values = parameter_values(Plan())
    assert values["PubliclyAccessible"] == "false"
    assert values["AllowedCidr"] == values["AllowedSecurityGroup"] == ""
    rules = {
        name: each["Condition"]
        for name, each in build(Plan())["Resources"].items()
        if each["Type"] == "AWS::EC2::SecurityGroupIngress"
    }
    assert rules == {"AllowMembers": "OwnSecurityGroup", "AllowRange": "ForRange", "AllowGroup": "ForGroup"}
    for name in rules:
        rule = resource(Plan(), name)
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (5439, 5439, "tcp")
        assert "0.0.0.0" not in json.dumps(rule)


def test_the_template_refuses_the_internet_by_itself() -> None:
    template = build(Plan())
    pattern = template["Parameters"]["AllowedCidr"]["AllowedPattern"]
    assert not re.match(pattern, "0.0.0.0/0")
    assert not re.match(pattern, "0.0.0.0/1")
    assert re.match(pattern, "203.0.113.7/32")
    assert re.match(pattern, "")
    [public] = template["Rules"]["PublicSaysToWhom"]["Assertions"]
    assert public["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedCidr"}, ""]}]}


def test_the_workgroup_is_guarded() -> None:
    parameters = {
        each["ParameterKey"]: each["ParameterValue"] for each in resource(FULL, "Workgroup")["ConfigParameters"]
    }
    assert parameters["require_ssl"] == "true"
    assert parameters["max_query_execution_time"] == {"Ref": "QuerySeconds"}
    allowed = build(Plan())["Parameters"]["BaseCapacity"]["AllowedValues"]
    assert allowed == [4, *range(8, 513, 8)]


def test_the_admin_password_is_known_to_nobody() -> None:
    for plan in PLANS.values():
        namespace = resource(plan, "Namespace")
        assert namespace["ManageAdminPassword"] is True
        assert "AdminUserPassword" not in namespace
        assert "ecret" not in json.dumps(build(plan)["Outputs"])
        assert namespace["IamRoles"] == [namespace["DefaultIamRoleArn"]]


def test_everything_that_takes_tags_has_them() -> None:
    for name, each in build(FULL)["Resources"].items():
        if name.startswith("Allow") or name == "StagingPolicy":
            continue
        tags = {tag["Key"]: tag["Value"] for tag in each["Properties"]["Tags"]}
        assert tags == {"Project": "sparkify", "Stack": "shop-2026", "Team": "data"}, name


def test_every_resource_is_explained() -> None:
    assert set(build(FULL)["Resources"]) == set(WHAT_FOR)


def test_the_parameters_default_to_the_plan() -> None:
    defaults = {name: str(each["Default"]) for name, each in build(FULL)["Parameters"].items()}
    assert defaults == parameter_values(FULL)


# -- options ---------------------------------------------------------------------------------------------------------


@dataclass
class Done:
    code: int
    out: str
    error: str
    """The one line of an error, and progress."""


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command as `sparkify` would mount it."""

    def go(*arguments: str) -> Done:
        capsys.readouterr()
        code, message = 0, ""
        try:
            command: Any = typer.main.get_command(app)
            command.main(args=list(arguments), prog_name="sparkify cloud", standalone_mode=False)
        except SparkifyError as error:
            code, message = error.exit_code, str(error)
            assert "\n" not in message
        shown = capsys.readouterr()
        return Done(code, shown.out, shown.err + message)

    return go


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    with aws(monkeypatch) as found:
        yield found


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--name", "Sparkify"], "--name Sparkify: take 3 to 64"),
        (["--name", "ab"], "--name ab"),
        (["--name", "a" * 65], "3 to 64"),
        (["--name", "1st"], "the first a letter"),
        (["--base-capacity", "12"], "steps of 8"),
        (["--base-capacity", "1024"], "8 to 512"),
        (["--base-capacity", "32", "--max-capacity", "16"], "less than the base capacity"),
        (["--query-seconds", "0"], "1 to 86399"),
        (["--data", "music/song_data"], "s3://my-bucket/song_data"),
        (["--data", "s3://music/*"], "without *"),
        (["--data", "s3://music/${aws:username}"], "without *"),
        (["--public"], "say who may connect"),
        (["--public", "--allow-cidr", "0.0.0.0/0"], "opens the warehouse to the internet"),
        (["--allow-cidr", "0.0.0.0/0"], "opens the warehouse to the internet"),
        (["--allow-cidr", "128.0.0.0/1"], "opens the warehouse to the internet"),
        (["--allow-cidr", "203.0.113.7/24"], "has host bits set"),
        (["--allow-cidr", "::/0"], "write a range such as"),
        (["--security-group", GROUP, "--allow-cidr", "203.0.113.7/32"], "leave out --allow-cidr"),
        (["--subnet", "my-subnet"], "--subnet my-subnet: write an id"),
        (["--vpc", "default"], "--vpc default: write an id such as vpc-"),
        (["--allow-group", "default"], "--allow-group default: write an id such as sg-"),
        (["--tag", "Team"], "write key=value"),
        (["--tag", "Stack=other"], "the key Stack is taken"),
        (["--tag", "aws:x=1"], "is taken"),
    ],
)
def test_a_wrong_option_is_told_before_aws_is_asked(run: Run, arguments: list[str], told: str) -> None:
    for command in ("template", "deploy"):
        done = run(command, *arguments)
        assert (done.code, done.out) == (2, "")
        assert told in done.error


def test_limits_are_checked(run: Run, cloud: Cloud) -> None:
    assert "whole hours" in run("deploy", "--limit-rpu-hours", "-1").error
    assert "log and deactivate" in run("deploy", "--limit-action", "mail").error
    assert run("destroy", "--final-snapshot", "Keep!").code == 2
    assert cloud.asked == []


def test_the_template_command_prints_the_template(run: Run, cloud: Cloud) -> None:
    done = run("template", *DATA, "--tag", "Team=data", "--base-capacity", "16")
    plan = Plan(base_capacity=16, data=tuple(map(Place.parse, DATA[1::2])), tags=parse_tags(["Team=data"]))
    assert json.loads(done.out) == build(plan)
    assert cloud.asked == []


def test_help_does_not_wait_for_aws() -> None:
    code = "import sys, sparkify.cloud.commands; sys.exit(any(name.startswith('boto') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_command_shows_an_example() -> None:
    command: Any = typer.main.get_command(app)
    assert set(command.commands) == {"template", "deploy", "status", "destroy"}
    assert "Example: sparkify cloud deploy" in command.help
    for name, each in command.commands.items():
        assert f"Example: sparkify cloud {name}" in each.help


def test_no_command_shows_them_all(run: Run) -> None:
    shown = run()
    assert shown.code == 0
    for name in ("template", "deploy", "status", "destroy"):
        assert f"  {name} " in shown.out


def test_prices() -> None:
    assert Price.of("us-east-1").working(8) == 3.0
    assert Price.of("eu-north-1").rpu_hour == max(price for price, *_ in TABLE.values())
    assert "pass --rpu-price" in Price.of("eu-north-1").source
    assert Price.of("eu-north-1", 0.5).working(8) == 4.0
    assert Plan(base_capacity=512).most == 512


# -- deploy ----------------------------------------------------------------------------------------------------------


def test_deploy_makes_what_it_says(run: Run, cloud: Cloud) -> None:
    done = run("deploy", "--yes", *DATA, "--tag", "Team=data", "--allow-cidr", "203.0.113.7/32")
    assert done.code == 0, done.error
    for told in ("$3.00 an hour at 8 RPU", "$6.00 at the most", "24 RPU-hours a day ($9.00)", "private; 203.0.113.7/32",
                 "s3://music/song_data, s3://music/log_data", "October 2026"):  # fmt: skip
        assert told in done.out
    assert "CREATE_COMPLETE" in done.error

    bucket, s3 = cloud.bucket(), cloud.client("s3")
    assert f"s3://{bucket}/staging/" in done.out
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    tags = {each["Key"]: each["Value"] for each in s3.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    assert tags.items() >= {"Project": "sparkify", "Stack": "sparkify", "Team": "data"}.items()
    [deny] = cloud.serverless.policies[bucket]["Statement"]
    assert deny["Resource"] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]

    workgroup = cloud.serverless.workgroups["sparkify"]
    assert (workgroup["baseCapacity"], workgroup["maxCapacity"], workgroup["publiclyAccessible"]) == (8, 16, False)
    [group] = cloud.client("ec2").describe_security_groups(GroupIds=workgroup["securityGroupIds"])["SecurityGroups"]
    opened = [address["CidrIp"] for rule in group["IpPermissions"] for address in rule["IpRanges"]]
    assert opened == ["203.0.113.7/32"]
    assert {rule["FromPort"] for rule in group["IpPermissions"]} == {5439}

    [limit] = cloud.serverless.limits.values()
    assert (limit["amount"], limit["period"], limit["breachAction"]) == (24, "daily", "deactivate")
    assert limit["resourceArn"] == workgroup["workgroupArn"]


def test_deploy_ends_with_the_lines_for_a_shell(run: Run, cloud: Cloud) -> None:
    lines = run("deploy", "--yes", *DATA).out.splitlines()[-5:]
    host = f"sparkify.{NUMBER}.{REGION}.redshift-serverless.amazonaws.com"
    [role] = cloud.serverless.namespaces["sparkify"]["iamRoles"]
    assert lines == [
        f"export SPARKIFY_WAREHOUSE='redshift://{host}:5439/sparkify?auth=iam'",
        f"export SPARKIFY_STAGING=s3://{cloud.bucket()}/staging/",
        f"export SPARKIFY_COPY_ROLE={role}",
        f"export AWS_REGION={REGION}",
        "sparkify etl --song-data s3://music/song_data --log-data s3://music/log_data",
    ]
    assert role.startswith(f"arn:aws:iam::{NUMBER}:role/")


def test_deploying_again_changes_nothing(run: Run, cloud: Cloud) -> None:
    first = run("deploy", "--yes", *DATA)
    bucket, limits = cloud.bucket(), dict(cloud.serverless.limits)
    cloud.asked.clear()
    again = run("deploy", *DATA)
    assert (again.code, again.error) == (0, "")
    assert again.out.startswith(f"stack sparkify in {REGION}: nothing to change\n")
    assert again.out.splitlines()[-5:] == first.out.splitlines()[-5:]
    assert (cloud.bucket(), cloud.serverless.limits) == (bucket, limits)
    assert not {"CreateStack", "ExecuteChangeSet", "CreateUsageLimit", "UpdateUsageLimit"} & set(cloud.asked)
    assert cloud.client("cloudformation").list_change_sets(StackName="sparkify")["Summaries"] == []


def test_deploy_changes_what_is_asked_for(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes", *DATA)
    done = run("deploy", "--yes", "--data", "s3://music/song_data", "--base-capacity", "16", "--limit-rpu-hours", "48")
    assert done.code == 0, done.error
    for told in ("BaseCapacity: 8 -> 16", "modify CopyRole", "changed the daily limit: 48 RPU-hours", "changed stack"):
        assert told in done.out
    assert cloud.serverless.workgroups["sparkify"]["baseCapacity"] == 16
    [limit] = cloud.serverless.limits.values()
    assert limit["amount"] == 48
    assert "removed the daily limit" in run("deploy", "--yes", "--limit-rpu-hours", "0", "--base-capacity", "16").out
    assert cloud.serverless.limits == {}


def test_a_limit_of_somebody_else_stays(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    [limit] = cloud.serverless.limits.values()
    for more in ({"breachAction": "log", "amount": 12}, {"period": "weekly", "amount": 100}):
        cloud.serverless.CreateUsageLimit({**limit, **more, "usageLimitId": f"other-{more['amount']}"})
    assert run("deploy", "--limit-rpu-hours", "30").code == 0
    amounts = sorted(
        (each["period"], each["breachAction"], each["amount"]) for each in cloud.serverless.limits.values()
    )
    assert amounts == [("daily", "deactivate", 30), ("daily", "log", 12), ("weekly", "deactivate", 100)]


def test_without_an_answer_nothing_is_made(run: Run, cloud: Cloud) -> None:
    done = run("deploy")
    assert done.code == 2
    assert "nothing was deployed; pass --yes" in done.error
    assert run("status").code == 2
    run("deploy", "--yes")
    assert run("deploy", "--base-capacity", "16").code == 2
    assert cloud.serverless.workgroups["sparkify"]["baseCapacity"] == 8
    assert cloud.client("cloudformation").list_change_sets(StackName="sparkify")["Summaries"] == []


def test_a_failure_names_the_resource_and_the_way_on(run: Run, cloud: Cloud) -> None:
    cloud.before["DescribeStackEvents"] = lambda: cloud.set_status(
        "ROLLBACK_COMPLETE",
        ("Namespace", "CREATE_FAILED", "Resource creation cancelled"),
        ("Workgroup", "CREATE_FAILED", "Insufficient free IP addresses in subnet-1."),
        ("CopyRole", "CREATE_FAILED", "Resource creation cancelled"),
    )
    done = run("deploy", "--yes")
    assert done.code == 1
    assert done.error.endswith(
        "stack sparkify: ROLLBACK_COMPLETE; Workgroup (AWS::RedshiftServerless::Workgroup): Insufficient free IP "
        "addresses in subnet-1. Mend that, run `sparkify cloud destroy --name sparkify --region us-east-1`, then "
        "deploy again"
    )
    again = run("deploy", "--yes")
    assert again.code == 1
    assert "ROLLBACK_COMPLETE" in again.error
    assert "sparkify cloud destroy --name sparkify" in again.error
    assert run("destroy", "--yes").code == 0
    assert run("deploy", "--yes").code == 0


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_a_stack_that_somebody_changes_is_left_alone(run: Run, cloud: Cloud, command: str) -> None:
    run("deploy", "--yes")
    cloud.stack().status = "UPDATE_IN_PROGRESS"
    done = run(command, "--yes")
    assert done.code == 1
    assert "UPDATE_IN_PROGRESS, somebody is changing it now; wait" in done.error


@pytest.mark.parametrize("command", ["deploy", "destroy", "status"])
def test_a_stack_of_others_is_left_alone(run: Run, cloud: Cloud, command: str) -> None:
    body = json.dumps({"Resources": {"StagingBucket": {"Type": "AWS::S3::Bucket"}}})
    cloud.client("cloudformation").create_stack(StackName="sparkify", TemplateBody=body)
    done = run(command, *([] if command == "status" else ["--yes"]))
    assert done.code == 2
    assert "it is not ours (no tag Project=sparkify); choose another --name" in done.error


def test_a_failed_rollback_says_how_to_go_on(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    cloud.stack().status = "UPDATE_ROLLBACK_FAILED"
    assert "aws cloudformation continue-update-rollback --stack-name sparkify" in run("deploy", "--yes").error


def test_a_missing_limit_is_told(run: Run, cloud: Cloud) -> None:
    cloud.refuse["CreateUsageLimit"] = (400, "AccessDeniedException", "not authorized")
    done = run("deploy", "--yes")
    assert done.code == 1
    assert "stack sparkify is there, but not its limit of 24 RPU-hours a day" in done.error
    del cloud.refuse["CreateUsageLimit"]
    assert "created the daily limit" in run("deploy").out


def test_a_change_that_loses_the_warehouse_is_refused(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    run("deploy", "--yes")
    monkeypatch.setattr("sparkify.cloud.deploy.build", lambda plan: without_namespace(build(plan)))
    done = run("deploy", "--yes")
    assert done.code == 1
    assert "the warehouse would be lost; nothing was changed" in done.error
    assert "sparkify" in cloud.serverless.namespaces


def without_namespace(template: dict[str, Any]) -> dict[str, Any]:
    del template["Resources"]["Namespace"]
    return template


# -- where it lives --------------------------------------------------------------------------------------------------


def test_the_subnets_of_a_vpc_are_found(run: Run, cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    with pytest.raises(UsageError, match="subnets in 0 availability zones"):
        located(ec2, Network(vpc=vpc))
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.1.{number}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
        for number, zone in enumerate("aabb")
    ]
    chosen = located(ec2, Network(vpc=vpc)).subnets
    zones = {each["SubnetId"]: each["AvailabilityZone"] for each in made}
    assert sorted(zones[each] for each in chosen) == [f"{REGION}a", f"{REGION}b"]
    assert chosen == located(ec2, Network(vpc=vpc)).subnets
    with pytest.raises(UsageError, match="Redshift Serverless wants 3"):
        located(ec2, Network(vpc=vpc, enhanced_routing=True))
    assert located(ec2, Network(subnets=chosen)).vpc == vpc
    default = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]["SubnetId"]
    with pytest.raises(UsageError, match="name those of one VPC"):
        located(ec2, Network(subnets=(*chosen, default)))
    done = run("deploy", "--yes", "--vpc", vpc)
    assert done.code == 0, done.error
    workgroup = cloud.serverless.workgroups["sparkify"]
    assert sorted(workgroup["subnetIds"]) == sorted(chosen)
    [group] = ec2.describe_security_groups(GroupIds=workgroup["securityGroupIds"])["SecurityGroups"]
    assert group["VpcId"] == vpc


def test_without_a_default_vpc_one_must_be_named(run: Run, cloud: Cloud) -> None:
    ec2 = cloud.client("ec2")
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    [vpc] = ec2.describe_vpcs()["Vpcs"]
    ec2.delete_vpc(VpcId=vpc["VpcId"])
    done = run("deploy", "--yes")
    assert done.code == 2
    assert "no default VPC; name one with --vpc" in done.error


def test_groups_of_ones_own_are_taken(run: Run, cloud: Cloud) -> None:
    assert run("deploy", "--yes", "--security-group", GROUP).code == 0
    assert cloud.serverless.workgroups["sparkify"]["securityGroupIds"] == [GROUP]
    groups = cloud.client("ec2").describe_security_groups()["SecurityGroups"]
    assert [each["GroupName"] for each in groups] == ["default"]


# -- status ----------------------------------------------------------------------------------------------------------


def test_status_of_nothing_says_to_deploy(run: Run, cloud: Cloud) -> None:
    done = run("status", "--name", "shop")
    assert done.code == 2
    assert "stack shop: there is none in us-east-1" in done.error
    assert "sparkify cloud deploy --name shop" in done.error


def test_status_tells_all(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes", *DATA)
    cloud.client("s3").put_object(Bucket=cloud.bucket(), Key="staging/part", Body=b"x" * 1234)
    shown = run("status")
    for told in ("CREATE_COMPLETE", "8 RPU, at most 16, private", "24 RPU-hours daily, then deactivate",
                 "1 object, 1,234 bytes", "$3.00 an hour while it works", "export SPARKIFY_STAGING="):  # fmt: skip
        assert told in shown.out
    found = json.loads(run("status", "--json", "--rpu-price", "0.5").out)
    assert found["stack"]["status"] == "CREATE_COMPLETE"
    assert found["workgroup"]["base_capacity"] == 8
    assert found["workgroup"]["limits"][0]["amount"] == 24
    assert found["staging"] == {"bucket": cloud.bucket(), "objects": 1, "bytes": 1234, "complete": True}
    assert found["cost"]["working_hour"] == 4.0
    assert "correct-horse" not in shown.out + json.dumps(found)
    assert "GetSecretValue" not in cloud.asked


def test_status_of_a_stack_that_failed(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    cloud.serverless.namespaces.clear()
    cloud.serverless.workgroups.clear()
    cloud.stack().status = "ROLLBACK_COMPLETE"
    shown = run("status")
    assert shown.code == 0
    assert "namespace: none\nworkgroup: none\n" in shown.out
    assert json.loads(run("status", "--json").out)["cost"] is None


def test_counting_stops_at_the_bound(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="many")
    for number in range(5):
        s3.put_object(Bucket="many", Key=str(number), Body=b"xy")
    assert staging.content(s3, "many", NUMBER, bound=3) == staging.Content(3, 6, complete=False)
    assert str(staging.content(s3, "many", NUMBER, bound=3)) == "more than 3 objects, 6 bytes"
    assert staging.content(s3, "many", NUMBER, bound=5) == staging.Content(5, 10, complete=True)


# -- destroy ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("typed", ["", "\n", "y\n", "Sparkify\n", "sparkify2\n"])
def test_destroy_wants_the_name(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    run("deploy", "--yes")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    done = run("destroy")
    assert done.code == 2
    assert "nothing was removed; type sparkify when asked" in done.error
    assert "sparkify" in cloud.serverless.namespaces
    assert cloud.serverless.limits


def test_destroy_without_a_terminal_does_nothing(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    run("deploy", "--yes")
    monkeypatch.setattr("sys.stdin", io.StringIO("sparkify\n"))
    assert run("destroy").code == 2
    assert "sparkify" in cloud.serverless.namespaces


def test_destroy_leaves_nothing_but_the_data(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="music")
    s3.put_object(Bucket="music", Key="song_data/a.json", Body=b"{}")
    run("deploy", "--yes", *DATA)
    bucket = cloud.bucket()
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"three"):
        s3.put_object(Bucket=bucket, Key="staging/part", Body=body)
    s3.put_object(Bucket=bucket, Key="elsewhere", Body=b"1")
    s3.delete_object(Bucket=bucket, Key="elsewhere")
    s3.create_multipart_upload(Bucket=bucket, Key="staging/half")
    cloud.serverless.points.append({"recoveryPointId": "1", "namespaceName": "sparkify"})

    monkeypatch.setattr("sys.stdin", Terminal("sparkify\n"))
    done = run("destroy")
    assert done.code == 0, done.error
    for told in (f"4 objects, 9 bytes in s3://{bucket}", "Type sparkify to remove it", "limit-1: 24 daily",
                 "1 points that Redshift made", "emptied", "nothing else that costs is left"):  # fmt: skip
        assert told in done.out + done.error
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["music"]
    assert s3.list_objects_v2(Bucket="music")["KeyCount"] == 1
    assert cloud.serverless.namespaces == cloud.serverless.workgroups == cloud.serverless.limits == {}
    assert cloud.client("secretsmanager").list_secrets()["SecretList"] == []
    assert cloud.client("iam").list_roles()["Roles"] == []
    again = run("destroy", "--yes")
    assert again.code == 2
    assert "nothing to remove" in again.error


def test_emptying_takes_more_than_one_request(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="many")
    for number in range(5):
        s3.put_object(Bucket="many", Key=str(number), Body=b"")
    monkeypatch.setattr(staging, "_AT_ONCE", 2)
    assert staging.empty(s3, "many", NUMBER) == 5
    assert staging.content(s3, "many", NUMBER).objects == 0
    assert cloud.asked.count("DeleteObjects") == 3


def test_a_final_snapshot_comes_first_and_stays(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    cloud.asked.clear()
    done = run("destroy", "--yes", "--final-snapshot", "keep-2026")
    assert done.code == 0, done.error
    assert (
        cloud.asked.index("CreateSnapshot") < cloud.asked.index("DeleteUsageLimit") < cloud.asked.index("DeleteStack")
    )
    assert "kept snapshot keep-2026" in done.out
    assert list(cloud.serverless.snapshots) == ["keep-2026"]
    left = run("destroy", "--yes")
    assert left.code == 1
    assert "delete-snapshot --snapshot-name keep-2026" in left.error


def test_a_snapshot_that_fails_saves_the_warehouse(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")

    def fail() -> None:
        cloud.serverless.snapshots["keep"]["status"] = "FAILED"

    cloud.before["GetSnapshot"] = fail
    done = run("destroy", "--yes", "--final-snapshot", "keep")
    assert done.code == 1
    assert "snapshot keep: FAILED; nothing was removed" in done.error
    assert "sparkify" in cloud.serverless.namespaces


def test_what_is_left_is_named(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    cloud.serverless.snapshots["old"] = {"snapshotName": "old", "namespaceName": "sparkify", "status": "AVAILABLE"}
    cloud.serverless.snapshots["alien"] = {"snapshotName": "alien", "namespaceName": "other", "status": "AVAILABLE"}
    manager = cloud.client("secretsmanager")
    for name, stack_name in (("ours", "sparkify"), ("theirs", "sparkify-2")):
        tags = [{"Key": "Project", "Value": "sparkify"}, {"Key": "Stack", "Value": stack_name}]
        manager.create_secret(Name=name, SecretString="correct-horse", Tags=tags)
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/aws/redshift/sparkify/userlog")
    done = run("destroy", "--yes")
    assert done.code == 1
    last = done.error.splitlines()[-1]
    assert "stack sparkify is removed, but left: snapshot old (aws redshift-serverless delete-snapshot" in last
    assert re.search(r"secret \S+:ours-", last)
    assert "alien" not in last
    assert "theirs" not in last
    assert "kept logs in CloudWatch, which cost by what they store: /aws/redshift/sparkify/userlog" in done.out


def test_a_bucket_and_a_namespace_that_stay_are_named(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")
    bucket = cloud.bucket()
    template = cloud.stack().template_dict
    kept = dict(cloud.serverless.namespaces["sparkify"])
    for name in ("StagingBucket", "StagingPolicy"):
        template["Resources"][name]["DeletionPolicy"] = "Retain"

    def stay() -> None:
        cloud.serverless.namespaces["sparkify"] = kept

    cloud.before["GetWorkgroup"] = lambda: cloud.before.update(GetWorkgroup=stay)
    done = run("destroy", "--yes")
    assert done.code == 1
    assert "namespace sparkify (aws redshift-serverless delete-namespace --namespace-name sparkify" in done.error
    assert f"bucket {bucket} (aws s3 rb --force s3://{bucket}" in done.error


def test_a_stack_that_does_not_go_says_why(run: Run, cloud: Cloud) -> None:
    run("deploy", "--yes")

    def refill() -> None:
        cloud.set_status(
            "DELETE_FAILED", ("StagingBucket", "DELETE_FAILED", "The bucket you tried to delete is not empty")
        )

    # The second look at the events is the one after the deletion was asked for, which moto must not hear of.
    cloud.before["DescribeStackEvents"] = lambda: cloud.before.update(DescribeStackEvents=refill)
    cloud.refuse["DeleteStack"] = (200, "", "")
    done = run("destroy", "--yes")
    assert done.code == 1
    assert "DELETE_FAILED; StagingBucket" in done.error
    assert "is not empty. Mend that, then run `sparkify cloud destroy --name sparkify` again" in done.error


def test_a_protected_stack_keeps_all_it_has(run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    run("deploy", "--yes")
    cloud.client("s3").put_object(Bucket=cloud.bucket(), Key="staging/part", Body=b"x")
    there = stack.find(cloud.client("cloudformation"), "sparkify")
    assert there is not None
    # moto has no termination protection.
    monkeypatch.setattr(stack, "find", lambda *_: replace(there, protected=True))
    done = run("destroy", "--yes")
    assert done.code == 2
    assert "termination protection is on; switch it off first" in done.error
    assert staging.content(cloud.client("s3"), cloud.bucket(), NUMBER).objects == 1
    assert cloud.serverless.limits


# -- what AWS refuses ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "code", "told"),
    [
        ("GetCallerIdentity", "ExpiredToken", "have expired; sign in again"),
        ("GetCallerIdentity", "InvalidClientTokenId", "does not know these credentials"),
        ("GetCallerIdentity", "SignatureDoesNotMatch", "secret access key is wrong"),
        ("DescribeStacks", "AccessDenied", "DescribeStacks: access denied (said); add that to your policy"),
        ("DescribeVpcs", "UnauthorizedOperation", "DescribeVpcs: access denied"),
        ("CreateStack", "Throttling", "CreateStack: AWS asks to slow down (Throttling); wait a minute"),
        ("CreateStack", "InsufficientCapabilitiesException", "InsufficientCapabilitiesException: said; mend that"),
        ("DescribeStacks", "OptInRequired", "choose another --region"),
    ],
)
def test_a_refusal_is_one_line(run: Run, cloud: Cloud, operation: str, code: str, told: str) -> None:
    cloud.refuse[operation] = (400, code, "said.")
    done = run("deploy", "--yes")
    assert done.code == 1
    assert told in done.error
    assert "Traceback" not in done.error


@pytest.mark.parametrize("command", ["deploy", "status", "destroy"])
def test_without_credentials_region_or_profile(
    run: Run, cloud: Cloud, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    done = run(command, "--profile", "nobody")
    assert done.code == 2
    assert "nobody" in done.error
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    done = run(command)
    assert done.code == 2
    assert "no AWS region; pass --region" in done.error
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    done = run(command, "--region", REGION)
    assert done.code == 2
    assert "no AWS credentials; run `aws configure`" in done.error


# -- waiting ---------------------------------------------------------------------------------------------------------


class Slow:
    """CloudFormation as it is when nothing happens at once: each look shows the next of its statuses and events."""

    def __init__(self, *looks: tuple[str, list[str]]) -> None:
        self.looks = list(looks)
        self.happened: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        status = self.looks.pop(0)[0]
        return {"Stacks": [{"StackName": "sparkify", "StackId": "arn:1", "StackStatus": status}]}

    def get_paginator(self, operation: str) -> Slow:
        return self

    def paginate(self, StackName: str) -> list[dict[str, Any]]:
        if not self.looks:
            raise KeyboardInterrupt
        self.happened += self.looks[0][1]
        return [
            {
                "StackEvents": [
                    {
                        "EventId": str(number),
                        "ResourceStatus": status,
                        "LogicalResourceId": "sparkify",
                        "PhysicalResourceId": "arn:1",
                        "ResourceType": "AWS::CloudFormation::Stack",
                    }
                    for number, status in reversed(list(enumerate(self.happened)))
                ]
            }
        ]


THERE = stack.Stack("sparkify", "arn:1", "CREATE_COMPLETE", "", {}, {}, {}, protected=False)


def test_the_status_from_before_the_change_ends_no_wait() -> None:
    told: list[str] = []
    slow = Slow(
        ("CREATE_COMPLETE", ["CREATE_COMPLETE"]),
        ("CREATE_COMPLETE", []),
        ("UPDATE_IN_PROGRESS", ["UPDATE_IN_PROGRESS"]),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]),
        ("UPDATE_COMPLETE", ["UPDATE_COMPLETE"]),
    )
    ended = stack.follow(slow, THERE, {"0"}, told.append, pause=0)
    assert ended.status == "UPDATE_COMPLETE"
    assert [line.split()[0] for line in told] == [
        "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"
    ]  # fmt: skip


def test_who_stops_watching_is_told_that_it_goes_on() -> None:
    with pytest.raises(CloudError, match="no longer watched; AWS goes on by itself"):
        stack.follow(Slow(("UPDATE_IN_PROGRESS", [])), THERE, set(), print, pause=0)


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "PATIENCE", -1.0)
    with pytest.raises(CloudError, match="still UPDATE_IN_PROGRESS"):
        stack.follow(Slow(("UPDATE_IN_PROGRESS", [])), THERE, set(), print, pause=0)
