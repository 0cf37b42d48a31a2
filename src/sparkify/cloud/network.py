"""Where the workgroup can live: subnets and VPC are found where the plan does not name them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sparkify.cloud.access import Client
from sparkify.cloud.plan import Network
from sparkify.errors import UsageError


def located(ec2: Client, network: Network) -> Network:
    """The network with its VPC and subnets; both stay empty where the region's default VPC serves.

    Raises UsageError when there is no default VPC, or the subnets lie in too few availability zones or several VPCs.
    """
    if network.subnets:
        found = ec2.describe_subnets(SubnetIds=list(network.subnets))["Subnets"]
        vpcs = sorted({str(each["VpcId"]) for each in found})
        if len(vpcs) > 1 or (network.vpc and vpcs != [network.vpc]):
            raise UsageError(f"--subnet: the subnets lie in {', '.join(vpcs)}; name those of one VPC")
        _enough_zones(found, network, "--subnet")
        return replace(network, vpc=vpcs[0])
    if network.vpc:
        found = _pages(ec2, network.vpc)
        _enough_zones(found, network, f"--vpc {network.vpc}")
        # The same choice each time, or a second deployment would move the workgroup.
        first = {each["AvailabilityZone"]: str(each["SubnetId"]) for each in reversed(found)}
        return replace(network, subnets=tuple(sorted(first.values())))
    if not ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]:
        raise UsageError("this region has no default VPC; name one with --vpc, or its subnets with --subnet")
    return network


def _pages(ec2: Client, vpc: str) -> list[dict[str, Any]]:
    pages = ec2.get_paginator("describe_subnets").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    return sorted((each for page in pages for each in page["Subnets"]), key=lambda each: str(each["SubnetId"]))


def _enough_zones(subnets: list[dict[str, Any]], network: Network, option: str) -> None:
    needed = 3 if network.enhanced_routing else 2
    zones = sorted({str(each["AvailabilityZone"]) for each in subnets})
    if len(zones) < needed:
        raise UsageError(
            f"{option}: subnets in {len(zones)} availability zones ({', '.join(zones) or 'none'}); "
            f"Redshift Serverless wants {needed}"
        )
