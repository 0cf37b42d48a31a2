"""AWS for the tests of `sparkify cloud`: moto, and the little of Redshift Serverless that moto lacks.

moto 5.2 answers for CloudFormation, S3, IAM, EC2, STS, Secrets Manager and CloudWatch Logs. It has no Redshift
Serverless at all: neither the API nor the CloudFormation types. Both are stood in for here, as plainly as the commands
need it: a namespace and a workgroup are kept as the template describes them, usage limits and snapshots are lists.
Requests and answers still pass through botocore and its model of the service, so that a wrong name or type fails.
moto has no CloudFormation type for bucket policies either, and its S3 would take the policy's Deny for everybody, with
TLS or without: the one here only keeps the policy for the tests to read.

What that cannot show: that Redshift accepts the values, how long it takes, what it does when subnets are full; and
CloudFormation's own rollback, rules, allowed patterns, replacements and termination protection, and a bucket's block of
public access, which moto does not have. What the template says of these is read from the template.
"""

# ruff: noqa: N802, ARG002, ARG003 -- operations have the API's names, models the arguments that moto passes

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3  # type: ignore[import-untyped]
import botocore.loaders  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]
import pytest
from botocore.awsrequest import AWSResponse  # type: ignore[import-untyped]
from moto import mock_aws
from moto.cloudformation import parsing
from moto.cloudformation.models import cloudformation_backends
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse
from moto.core.common_models import CloudFormationModel

REGION = "us-east-1"
NUMBER = "123456789012"
"""Of moto's account."""

Described = dict[str, Any]


class NotThere(Exception):
    """The stand-in has no such thing."""


@dataclass
class Serverless:
    """Redshift Serverless in memory: the operations that the commands call, with the API's names."""

    namespaces: dict[str, Described] = field(default_factory=dict)
    workgroups: dict[str, Described] = field(default_factory=dict)
    limits: dict[str, Described] = field(default_factory=dict)
    snapshots: dict[str, Described] = field(default_factory=dict)
    points: list[Described] = field(default_factory=list)
    policies: dict[str, Described] = field(default_factory=dict)
    """Bucket policies by bucket."""

    def forget(self) -> None:
        for things in (self.namespaces, self.workgroups, self.limits, self.snapshots, self.points, self.policies):
            things.clear()

    def answer(self, operation: str, asked: Described) -> Described:
        act: Callable[[Described], Described] = getattr(self, operation)
        return act(asked)

    @staticmethod
    def one(things: dict[str, Described], name: str) -> Described:
        if name not in things:
            raise NotThere(name)
        return things[name]

    def GetNamespace(self, asked: Described) -> Described:
        return {"namespace": self.one(self.namespaces, asked["namespaceName"])}

    def GetWorkgroup(self, asked: Described) -> Described:
        return {"workgroup": self.one(self.workgroups, asked["workgroupName"])}

    def ListUsageLimits(self, asked: Described) -> Described:
        return {"usageLimits": [each for each in self.limits.values() if each["resourceArn"] == asked["resourceArn"]]}

    def CreateUsageLimit(self, asked: Described) -> Described:
        limit = {"usageLimitId": f"limit-{len(self.limits) + 1}", **asked}
        self.limits[limit["usageLimitId"]] = limit
        return {"usageLimit": limit}

    def UpdateUsageLimit(self, asked: Described) -> Described:
        limit = self.one(self.limits, asked["usageLimitId"])
        limit.update(asked)
        return {"usageLimit": limit}

    def DeleteUsageLimit(self, asked: Described) -> Described:
        limit = self.one(self.limits, asked["usageLimitId"])
        del self.limits[asked["usageLimitId"]]
        return {"usageLimit": limit}

    def CreateSnapshot(self, asked: Described) -> Described:
        self.one(self.namespaces, asked["namespaceName"])
        snapshot = {**asked, "status": "AVAILABLE"}
        tags = snapshot.pop("tags")
        self.snapshots[asked["snapshotName"]] = snapshot
        assert {"key": "Project", "value": "sparkify"} in tags
        return {"snapshot": snapshot}

    def GetSnapshot(self, asked: Described) -> Described:
        return {"snapshot": self.one(self.snapshots, asked["snapshotName"])}

    def ListSnapshots(self, asked: Described) -> Described:
        return {"snapshots": list(self.snapshots.values())}

    def ListRecoveryPoints(self, asked: Described) -> Described:
        return {"recoveryPoints": self.points}


STATE = Serverless()
"""Of the test that runs; `aws` begins by forgetting."""


class Namespace(CloudFormationModel):
    """AWS::RedshiftServerless::Namespace, whose admin secret is one of moto's."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "NamespaceName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::RedshiftServerless::Namespace"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Namespace.NamespaceArn"

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Namespace:
        wanted = cloudformation_json["Properties"]
        secret = boto3.client("secretsmanager", region_name=region_name).create_secret(
            Name=f"redshift!{resource_name}-admin", SecretString=json.dumps({"password": "correct-horse"})
        )
        STATE.namespaces[resource_name] = {
            "namespaceName": resource_name,
            "status": "AVAILABLE",
            "dbName": wanted["DbName"],
            "iamRoles": wanted["IamRoles"],
            "defaultIamRoleArn": wanted["DefaultIamRoleArn"],
            "logExports": wanted["LogExports"],
            "adminPasswordSecretArn": secret["ARN"],
        }
        return cls(resource_name)

    def delete(self, account_id: str, region_name: str) -> None:
        gone = STATE.namespaces.pop(self.physical_resource_id)
        boto3.client("secretsmanager", region_name=region_name).delete_secret(
            SecretId=gone["adminPasswordSecretArn"], ForceDeleteWithoutRecovery=True
        )


class Workgroup(CloudFormationModel):
    """AWS::RedshiftServerless::Workgroup."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return "WorkgroupName"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::RedshiftServerless::Workgroup"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Workgroup.Endpoint.Address"

    def get_cfn_attribute(self, attribute_name: str) -> Any:
        return f"{self.physical_resource_id}.{NUMBER}.{REGION}.redshift-serverless.amazonaws.com"

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> Workgroup:
        wanted = cloudformation_json["Properties"]
        STATE.workgroups[resource_name] = {
            "workgroupName": resource_name,
            "namespaceName": wanted["NamespaceName"],
            "workgroupArn": f"arn:aws:redshift-serverless:{region_name}:{account_id}:workgroup/{resource_name}",
            "status": "AVAILABLE",
            "baseCapacity": int(wanted["BaseCapacity"]),
            "maxCapacity": int(wanted["MaxCapacity"]),
            "port": int(wanted["Port"]),
            "publiclyAccessible": wanted["PubliclyAccessible"] == "true",
            "securityGroupIds": wanted["SecurityGroupIds"],
            "subnetIds": wanted.get("SubnetIds", []),
        }
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls,
        original_resource: Any,
        new_resource_name: str,
        cloudformation_json: Any,
        account_id: str,
        region_name: str,
    ) -> Workgroup:
        name = cloudformation_json["Properties"]["WorkgroupName"]
        return cls.create_from_cloudformation_json(name, cloudformation_json, account_id, region_name)

    def delete(self, account_id: str, region_name: str) -> None:
        del STATE.workgroups[self.physical_resource_id]


class BucketPolicy(CloudFormationModel):
    """AWS::S3::BucketPolicy."""

    physical_resource_id = "policy"

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::S3::BucketPolicy"

    def is_created(self) -> bool:
        return True

    @classmethod
    def create_from_cloudformation_json(
        cls, resource_name: str, cloudformation_json: Any, account_id: str, region_name: str, **kwargs: Any
    ) -> BucketPolicy:
        wanted = cloudformation_json["Properties"]
        STATE.policies[wanted["Bucket"]] = wanted["PolicyDocument"]
        return cls()

    def delete(self, account_id: str, region_name: str) -> None:
        """It goes with its bucket."""


@dataclass
class Cloud:
    """AWS as a test finds it, and what the test lets it do."""

    serverless: Serverless
    refuse: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    """Operation: HTTP status, code and message of the error it answers with."""
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    """Operation: what happens before it is answered."""
    asked: list[str] = field(default_factory=list)
    """Operations in the order they were called."""

    def client(self, service: str) -> Any:
        return boto3.client(service, region_name=REGION)

    def stack(self, name: str = "sparkify") -> Any:
        """moto's own stack."""
        return cloudformation_backends[NUMBER][REGION].get_stack(name)

    def bucket(self) -> str:
        """Name of the staging bucket."""
        held = self.client("cloudformation").list_stack_resources(StackName="sparkify")["StackResourceSummaries"]
        [name] = [each["PhysicalResourceId"] for each in held if each["LogicalResourceId"] == "StagingBucket"]
        return str(name)

    def set_status(self, status: str, *events: tuple[str, str, str]) -> None:
        """Give the stack a status, after events of (resource, status, reason)."""
        stack = self.stack()
        for resource, what, reason in events:
            stack._add_stack_event(what, resource_status_reason=reason)
            stack.events[-1].logical_resource_id = resource
            stack.events[-1].physical_resource_id = resource
            stack.events[-1].resource_type = "AWS::RedshiftServerless::Workgroup"
        stack._add_stack_event(status)
        stack.status = status

    def intercept(self, request: Any, event_name: str) -> Any:
        """Answer for Redshift Serverless, and where the test says so; leave the rest to moto."""
        service, operation = event_name.split(".")[-2:]
        self.asked.append(operation)
        if operation in self.refuse:
            status, code, message = self.refuse[operation]
            return error(request, service, status, code, message)
        if operation in self.before:
            self.before.pop(operation)()
        if service != "redshift-serverless":
            return None
        try:
            answer = self.serverless.answer(operation, json.loads(request.body))
        except NotThere as missing:
            return error(request, service, 400, "ResourceNotFoundException", f"{missing} not found")
        return response(request, 200, json.dumps(answer))


def error(request: Any, service: str, status: int, code: str, message: str) -> Any:
    """An error as the service would write it: JSON, or XML for the older ones."""
    if service in ("redshift-serverless", "secretsmanager", "logs"):
        return response(request, status, json.dumps({"__type": code, "message": message}))
    inside = f"<Code>{code}</Code><Message>{message}</Message>"
    if service == "ec2":
        return response(request, status, f"<Response><Errors><Error>{inside}</Error></Errors></Response>")
    wrapped = f"<Error>{inside}</Error>"
    return response(request, status, wrapped if service == "s3" else f"<ErrorResponse>{wrapped}</ErrorResponse>")


def response(request: Any, status: int, body: str) -> Any:
    return AWSResponse(request.url, status, {}, MockRawResponse(body))


@functools.cache
def loader(search_path: str | None = None) -> Any:
    return botocore.loaders.create_loader(search_path)


@contextmanager
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """An empty account, with credentials and a region."""
    STATE.forget()
    found = Cloud(STATE)
    for name, value in {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION,
                        "AWS_DEFAULT_REGION": REGION, "AWS_MAX_ATTEMPTS": "1", "AWS_EC2_METADATA_DISABLED": "true",
                        "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    # moto remembers which types it knows; the two above may have come later.
    parsing.get_model_map.cache_clear()
    parsing.get_name_type_map.cache_clear()
    monkeypatch.setenv("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")  # a thousand machine images that nobody starts here
    # Every command makes a session, and every session would read the descriptions of the services anew.
    monkeypatch.setattr(botocore.session, "create_loader", loader)
    moto_answers = BotocoreStubber.__call__

    def answer(stubber: BotocoreStubber, event_name: str, request: Any, **more: Any) -> Any:
        ours = found.intercept(request, event_name)
        return moto_answers(stubber, event_name, request, **more) if ours is None else ours

    monkeypatch.setattr(BotocoreStubber, "__call__", answer)
    with mock_aws():
        yield found
