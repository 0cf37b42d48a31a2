"""The plan as a CloudFormation template.

Built here instead of read from a file because the role's statements follow from the data places, and CloudFormation
cannot repeat a statement for each item of a parameter. Everything else that may vary is a parameter, so that the
printed template can be deployed, and changed, with any other tool as well.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from sparkify.cloud.plan import DATABASE, PORT, Place, Plan

Json = dict[str, Any]

CAPABILITIES = ["CAPABILITY_IAM"]
"""What a deployment must acknowledge: the template makes a role, whose name CloudFormation chooses."""
STAGING_FOLDER = "staging"
STAGING_DAYS = 2
"""Days after which what a load left in the staging folder is deleted."""
LOG_EXPORTS = ["connectionlog", "userlog", "useractivitylog"]

WHAT_FOR = {
    "Namespace": "Redshift Serverless namespace: the database, its users and its storage, encrypted",
    "Workgroup": "Redshift Serverless workgroup: the capacity that answers queries, TLS only",
    "CopyRole": "role by which Redshift reads the data and uses the staging folder, nothing else",
    "StagingBucket": f"bucket for what a load hands to Redshift, private, emptied after {STAGING_DAYS} days",
    "StagingPolicy": "policy of that bucket: TLS only",
    "SecurityGroup": "who may connect to the workgroup",
    "AllowMembers": "rule: members of that group may connect",
    "AllowRange": "rule: the address range of --allow-cidr may connect",
    "AllowGroup": "rule: members of --allow-group may connect",
}
"""What each resource is for."""

_TRUSTED = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]


def build(plan: Plan) -> Json:
    """The template, whose parameters default to the plan."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Sparkify warehouse: Amazon Redshift Serverless with a staging bucket",
        "Parameters": _parameters(plan),
        "Rules": {
            "PublicSaysToWhom": {
                "RuleCondition": {"Fn::Equals": [{"Ref": "PubliclyAccessible"}, "true"]},
                "Assertions": [
                    {
                        "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AllowedCidr"}, ""]}]},
                        "AssertDescription": "With public access, AllowedCidr must say who may connect",
                    }
                ],
            }
        },
        "Conditions": {
            "InNamedVpc": _given("VpcId"),
            "InNamedSubnets": _given_list("SubnetIds"),
            "OwnSecurityGroup": {"Fn::Not": [_given_list("SecurityGroupIds")]},
            "ForRange": {"Fn::And": [{"Condition": "OwnSecurityGroup"}, _given("AllowedCidr")]},
            "ForGroup": {"Fn::And": [{"Condition": "OwnSecurityGroup"}, _given("AllowedSecurityGroup")]},
        },
        "Resources": _resources(plan),
        "Outputs": {
            "Workgroup": {"Value": {"Ref": "Workgroup"}},
            "Namespace": {"Value": {"Ref": "Namespace"}},
            "Host": {"Value": {"Fn::GetAtt": ["Workgroup", "Workgroup.Endpoint.Address"]}},
            "Port": {"Value": str(PORT)},
            "Database": {"Value": DATABASE},
            "RoleArn": {"Value": {"Fn::GetAtt": ["CopyRole", "Arn"]}},
            "Staging": {"Value": {"Fn::Sub": f"s3://${{StagingBucket}}/{STAGING_FOLDER}/"}},
            # The secret of the admin password has no attribute to read here: `status` asks Redshift for its ARN.
        },
    }


def parameter_values(plan: Plan) -> dict[str, str]:
    """The template's parameters by name, as the plan sets them."""
    network = plan.network
    return {
        "Name": plan.name,
        "BaseCapacity": str(plan.base_capacity),
        "MaxCapacity": str(plan.most),
        "QuerySeconds": str(plan.query_seconds),
        "VpcId": network.vpc,
        "SubnetIds": ",".join(network.subnets),
        "SecurityGroupIds": ",".join(network.security_groups),
        "PubliclyAccessible": _yes_no(network.public),
        "AllowedCidr": network.cidr,
        "AllowedSecurityGroup": network.peer_group,
        "EnhancedVpcRouting": _yes_no(network.enhanced_routing),
    }


def _parameters(plan: Plan) -> Json:
    default = parameter_values(plan)
    capacities = [4, *range(8, 513, 8)]
    yes_no = {"Type": "String", "AllowedValues": ["true", "false"]}
    described: dict[str, Json] = {
        "Name": {
            "Type": "String",
            "AllowedPattern": "^[a-z][a-z0-9-]{2,63}$",
            "Description": "Namespace and workgroup",
        },
        "BaseCapacity": {"Type": "Number", "AllowedValues": capacities, "Description": "RPU that queries start with"},
        "MaxCapacity": {"Type": "Number", "AllowedValues": capacities, "Description": "RPU at most"},
        "QuerySeconds": {
            "Type": "Number",
            "MinValue": 1,
            "MaxValue": 86_399,
            "Description": "Seconds after which a query is ended",
        },
        "VpcId": {"Type": "String", "AllowedPattern": "^(vpc-[0-9a-f]{8,17})?$", "Description": "Empty: the default"},
        "SubnetIds": {"Type": "CommaDelimitedList", "Description": "Empty: those of the default VPC"},
        "SecurityGroupIds": {"Type": "CommaDelimitedList", "Description": "Empty: one is made"},
        "PubliclyAccessible": {**yes_no, "Description": "Give the workgroup a public address"},
        "AllowedCidr": {
            "Type": "String",
            "AllowedPattern": r"^([0-9]{1,3}(\.[0-9]{1,3}){3}/([89]|[12][0-9]|3[0-2]))?$",
            "Description": "IPv4 range that may connect, at the widest /8",
        },
        "AllowedSecurityGroup": {
            "Type": "String",
            "AllowedPattern": "^(sg-[0-9a-f]{8,17})?$",
            "Description": "Security group whose members may connect",
        },
        "EnhancedVpcRouting": {**yes_no, "Description": "Let COPY and UNLOAD go through the VPC"},
    }
    for name, parameter in described.items():
        parameter["Default"] = int(default[name]) if parameter["Type"] == "Number" else default[name]
    return described


def _resources(plan: Plan) -> Json:
    tags = [{"Key": key, "Value": value} for key, value in plan.all_tags.items()]
    return {
        "Namespace": {
            "Type": "AWS::RedshiftServerless::Namespace",
            "Properties": {
                "NamespaceName": {"Ref": "Name"},
                "DbName": DATABASE,
                "ManageAdminPassword": True,
                "IamRoles": [{"Fn::GetAtt": ["CopyRole", "Arn"]}],
                "DefaultIamRoleArn": {"Fn::GetAtt": ["CopyRole", "Arn"]},
                "LogExports": LOG_EXPORTS,
                "Tags": tags,
            },
        },
        "Workgroup": {
            "Type": "AWS::RedshiftServerless::Workgroup",
            "Properties": {
                "WorkgroupName": {"Ref": "Name"},
                "NamespaceName": {"Ref": "Namespace"},
                "BaseCapacity": {"Ref": "BaseCapacity"},
                "MaxCapacity": {"Ref": "MaxCapacity"},
                "Port": PORT,
                "PubliclyAccessible": {"Ref": "PubliclyAccessible"},
                "EnhancedVpcRouting": {"Ref": "EnhancedVpcRouting"},
                "SubnetIds": {"Fn::If": ["InNamedSubnets", {"Ref": "SubnetIds"}, {"Ref": "AWS::NoValue"}]},
                "SecurityGroupIds": {
                    "Fn::If": [
                        "OwnSecurityGroup",
                        [{"Fn::GetAtt": ["SecurityGroup", "GroupId"]}],
                        {"Ref": "SecurityGroupIds"},
                    ]
                },
                "ConfigParameters": [
                    {"ParameterKey": "require_ssl", "ParameterValue": "true"},
                    {"ParameterKey": "max_query_execution_time", "ParameterValue": {"Ref": "QuerySeconds"}},
                    # Without it the exported log of user activity stays empty.
                    {"ParameterKey": "enable_user_activity_logging", "ParameterValue": "true"},
                ],
                "Tags": tags,
            },
        },
        "CopyRole": _role(plan.data, tags),
        **_staging(tags),
        **_security_group(tags),
    }


def _role(data: tuple[Place, ...], tags: list[Json]) -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": {"Fn::Sub": "Lets Redshift read the data of ${Name} and use its staging folder"},
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
                    for service in _TRUSTED
                ],
            },
            "Policies": [
                {
                    "PolicyName": "copy",
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [*_staging_access(), *_data_access(data)]},
                }
            ],
            "Tags": tags,
        },
    }


def _staging_access() -> list[Json]:
    bucket = {"Fn::GetAtt": ["StagingBucket", "Arn"]}
    return [
        {
            "Sid": "StagingObjects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": {"Fn::Sub": f"${{StagingBucket.Arn}}/{STAGING_FOLDER}/*"},
        },
        _listing("StagingList", bucket, [f"{STAGING_FOLDER}/*"]),
        _locating("StagingLocation", [bucket]),
    ]


def _data_access(data: tuple[Place, ...]) -> list[Json]:
    """Statements that let the role read the places, and list each bucket beneath them only."""
    places = sorted(set(data))
    if not places:
        return []
    buckets = sorted({place.bucket for place in places})
    objects = [_arn(f"{place.bucket}/{place.objects}") for place in places]
    listings = [
        _listing(f"DataList{number}", _arn(bucket), [place.objects for place in inside])
        for number, (bucket, inside) in enumerate(groupby(places, key=lambda place: place.bucket), start=1)
    ]
    return [
        {"Sid": "DataObjects", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects},
        *listings,
        _locating("DataLocation", [_arn(bucket) for bucket in buckets]),
    ]


def _listing(sid: str, bucket: Json, patterns: list[str]) -> Json:
    """Leave to list what matches; a whole bucket is listed without a prefix, which no condition would let pass."""
    condition = {} if "*" in patterns else {"Condition": {"StringLike": {"s3:prefix": patterns}}}
    return {"Sid": sid, "Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": bucket, **condition}


def _locating(sid: str, buckets: list[Json]) -> Json:
    return {"Sid": sid, "Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": buckets}


def _arn(path: str) -> Json:
    return {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::{path}"}


def _staging(tags: list[Json]) -> Json:
    bucket = {"Fn::GetAtt": ["StagingBucket", "Arn"]}
    return {
        "StagingBucket": {
            "Type": "AWS::S3::Bucket",
            # Said although it is what happens anyway: `destroy` empties the bucket so that it can go with the stack.
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Id": "expire-staging",
                            "Status": "Enabled",
                            "Prefix": f"{STAGING_FOLDER}/",
                            "ExpirationInDays": STAGING_DAYS,
                        },
                        {
                            "Id": "abort-uploads",
                            "Status": "Enabled",
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        },
                    ]
                },
                "Tags": tags,
            },
        },
        "StagingPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "StagingBucket"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            # Stars belong here: it denies everything to everybody who comes without TLS.
                            "Sid": "OnlyTls",
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [bucket, {"Fn::Sub": "${StagingBucket.Arn}/*"}],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
    }


def _security_group(tags: list[Json]) -> Json:
    group = {"Fn::GetAtt": ["SecurityGroup", "GroupId"]}

    def rule(condition: str, description: str, source: Json) -> Json:
        port = {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT}
        return {
            "Type": "AWS::EC2::SecurityGroupIngress",
            "Condition": condition,
            "Properties": {"GroupId": group, "Description": description, **port, **source},
        }

    return {
        "SecurityGroup": {
            "Type": "AWS::EC2::SecurityGroup",
            "Condition": "OwnSecurityGroup",
            "Properties": {
                "GroupDescription": "Who may connect to the Sparkify warehouse",
                "VpcId": {"Fn::If": ["InNamedVpc", {"Ref": "VpcId"}, {"Ref": "AWS::NoValue"}]},
                "Tags": tags,
            },
        },
        "AllowMembers": rule("OwnSecurityGroup", "Members of this group", {"SourceSecurityGroupId": group}),
        "AllowRange": rule("ForRange", "Address range of the user", {"CidrIp": {"Ref": "AllowedCidr"}}),
        "AllowGroup": rule(
            "ForGroup", "Members of that group", {"SourceSecurityGroupId": {"Ref": "AllowedSecurityGroup"}}
        ),
    }


def _given(parameter: str) -> Json:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


def _given_list(parameter: str) -> Json:
    return {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": [",", {"Ref": parameter}]}, ""]}]}


def _yes_no(value: bool) -> str:
    return "true" if value else "false"
