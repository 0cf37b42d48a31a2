"""The options that the commands of the stack share."""

from __future__ import annotations

from typing import Annotated

import typer

Name = Annotated[str, typer.Option("--name", help="Of the stack, its namespace and its workgroup")]
Region = Annotated[str | None, typer.Option("--region", help="AWS region (default: as AWS is configured)")]
Profile = Annotated[str | None, typer.Option("--profile", help="AWS profile (default: as AWS is configured)")]
Tag = Annotated[list[str] | None, typer.Option("--tag", metavar="KEY=VALUE", help="On every resource; may repeat")]
RpuPrice = Annotated[
    float | None, typer.Option(metavar="USD", min=0.0, help="Price of an RPU-hour, where you know better")
]
Data = Annotated[
    list[str] | None,
    typer.Option("--data", metavar="S3URL", help="Folder, or .json file, that Redshift may read; may repeat"),
]
BaseCapacity = Annotated[int, typer.Option(metavar="RPU", help="What queries start with: 8 to 512 in steps of 8")]
MaxCapacity = Annotated[int, typer.Option(metavar="RPU", help="At most (0: twice the base capacity)")]
LimitHours = Annotated[int, typer.Option("--limit-rpu-hours", metavar="N", help="RPU-hours a day (0: no limit)")]
LimitAction = Annotated[str, typer.Option(metavar="deactivate|log", help="When they are used up")]
QuerySeconds = Annotated[int, typer.Option(metavar="N", help="End a query after so many seconds")]
Vpc = Annotated[str, typer.Option("--vpc", metavar="ID", help="(default: that of the subnets, or the default VPC)")]
Subnets = Annotated[
    list[str] | None, typer.Option("--subnet", metavar="ID", help="In two availability zones; may repeat")
]
SecurityGroups = Annotated[
    list[str] | None, typer.Option("--security-group", metavar="ID", help="Instead of one of its own; may repeat")
]
Public = Annotated[bool, typer.Option("--public", help="Give it a public address, for --allow-cidr only")]
AllowCidr = Annotated[str, typer.Option(metavar="CIDR", help="IPv4 range that may connect, such as 203.0.113.7/32")]
AllowGroup = Annotated[str, typer.Option(metavar="ID", help="Security group whose members may connect")]
EnhancedRouting = Annotated[
    bool, typer.Option("--enhanced-vpc-routing", help="COPY goes through the VPC: needs an S3 endpoint there")
]
