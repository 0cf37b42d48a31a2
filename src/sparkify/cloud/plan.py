"""What the stack shall be: the options of a deployment, checked before AWS is asked anything."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from sparkify.errors import UsageError

PROJECT = "sparkify"
"""Value of the tag `Project`, by which the commands know their own stacks."""
DATABASE = "sparkify"
PORT = 5439

_NAME = re.compile(r"[a-z][a-z0-9-]{2,63}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_WIDEST = 8
"""Fewest leading bits of an address range that may connect."""


def check_name(name: str, option: str = "--name") -> str:
    """The name, if CloudFormation, Redshift and S3 all take it; raises UsageError."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"{option} {name}: take 3 to 64 of a-z, 0-9 and -, the first a letter, such as {PROJECT}")
    return name


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What the role may read: a folder of a bucket, or one object."""

    bucket: str
    key: str
    """Without a slash at either end; empty for a whole bucket."""
    single: bool
    """One object, such as a JSONPaths file, instead of a folder."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """The place that an address names; an address that ends in `.json` is one object. Raises UsageError."""
        bucket, _, key = url.removeprefix("s3://").partition("/")
        if not url.startswith("s3://") or not _BUCKET.fullmatch(bucket):
            raise UsageError(f"--data {url}: name a folder of a bucket, such as s3://my-bucket/song_data")
        if set(key) & set("*?$") or "//" in key:
            # A policy would read them as wildcards and variables, and let the role read more than was meant.
            raise UsageError(f"--data {url}: write the folder's name itself, without * ? $ or //")
        return cls(bucket, key.strip("/"), key.endswith(".json"))

    @property
    def url(self) -> str:
        """The address again, without a slash at its end."""
        return f"s3://{self.bucket}/{self.key}".rstrip("/")

    @property
    def objects(self) -> str:
        """Pattern of the keys that belong to it, as policies write it."""
        if self.single:
            return self.key
        return f"{self.key}/*" if self.key else "*"


@dataclass(frozen=True, slots=True)
class Network:
    """Where the workgroup lives and who may connect."""

    vpc: str = ""
    """Empty: the region's default VPC, or the VPC of the subnets."""
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    """Empty: the stack makes a group of its own."""
    public: bool = False
    cidr: str = ""
    """IPv4 range that may connect; empty: none."""
    peer_group: str = ""
    """Security group whose members may connect; empty: none."""
    enhanced_routing: bool = False
    """Let COPY and UNLOAD go through the VPC."""

    def checked(self) -> Self:
        """Itself, if it can be made and opens to nobody by accident; raises UsageError."""
        for option, kind, given in (
            ("--vpc", "vpc", [self.vpc]),
            ("--subnet", "subnet", self.subnets),
            ("--security-group", "sg", self.security_groups),
            ("--allow-group", "sg", [self.peer_group]),
        ):
            for each in given:
                if each and not re.fullmatch(rf"{kind}-[0-9a-f]{{8,17}}", each):
                    raise UsageError(f"{option} {each}: write an id such as {kind}-0123456789abcdef0")
        if self.cidr:
            _check_range(self.cidr)
        if self.public and not self.cidr:
            raise UsageError("--public: say who may connect, such as --allow-cidr 203.0.113.7/32")
        if self.security_groups and (self.cidr or self.peer_group):
            raise UsageError(
                "--security-group: the rules are those of the groups you name; leave out --allow-cidr and --allow-group"
            )
        return self


def _check_range(cidr: str) -> None:
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise UsageError(f"--allow-cidr {cidr}: {error}; write a range such as 203.0.113.7/32") from error
    if network.prefixlen < _WIDEST:
        raise UsageError(
            f"--allow-cidr {cidr}: that opens the warehouse to the internet; name your own addresses, "
            f"such as 203.0.113.7/32 (at the widest /{_WIDEST})"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the stack is made from."""

    name: str = PROJECT
    """Of the stack, the namespace and the workgroup; begins the name of everything else."""
    base_capacity: int = 8
    """RPUs that queries start with."""
    max_capacity: int = 0
    """RPUs at most; 0: twice the base capacity, as far as there is."""
    limit_hours: int = 24
    """RPU-hours a day before `limit_action`; 0: no limit."""
    limit_action: str = "deactivate"
    """What happens then: `deactivate` turns queries off until the day ends, `log` only records it."""
    query_seconds: int = 4 * 3600
    """Seconds after which a query is ended."""
    data: tuple[Place, ...] = ()
    """What the role may read besides the staging bucket."""
    network: Network = field(default_factory=Network)
    tags: tuple[tuple[str, str], ...] = ()
    """Of the user, besides `Project` and `Stack`."""

    def checked(self) -> Self:
        """Itself, if everything in it can be made; raises UsageError naming the option."""
        check_name(self.name)
        for option, value in (("--base-capacity", self.base_capacity), ("--max-capacity", self.most)):
            if value != 4 and not (8 <= value <= 512 and value % 8 == 0):
                raise UsageError(f"{option} {value}: take 8 to 512 RPU in steps of 8 (some regions offer 4)")
        if self.most < self.base_capacity:
            raise UsageError(f"--max-capacity {self.most}: less than the base capacity of {self.base_capacity} RPU")
        if self.limit_hours < 0:
            raise UsageError(f"--limit-rpu-hours {self.limit_hours}: give whole hours a day, or 0 for no limit")
        if self.limit_action not in ("log", "deactivate"):
            raise UsageError(f"--limit-action {self.limit_action}: there are log and deactivate")
        if not 1 <= self.query_seconds <= 86_399:
            raise UsageError(f"--query-seconds {self.query_seconds}: give 1 to 86399 seconds")
        self.network.checked()
        return self

    @property
    def most(self) -> int:
        """RPUs at most, as they are asked for."""
        return self.max_capacity or min(2 * self.base_capacity, 512)

    @property
    def all_tags(self) -> dict[str, str]:
        """Tags of every resource."""
        return {"Project": PROJECT, "Stack": self.name, **dict(self.tags)}


def parse_tags(given: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Pairs of `key=value`; raises UsageError for what AWS or these commands cannot take."""
    tags: dict[str, str] = {}
    for pair in given:
        key, sign, value = pair.partition("=")
        if not sign or not 1 <= len(key) <= 128 or len(value) > 256:
            raise UsageError(f"--tag {pair}: write key=value")
        if key.lower().startswith("aws:") or key in ("Project", "Stack"):
            raise UsageError(f"--tag {pair}: the key {key} is taken; choose another")
        tags[key] = value
    return tuple(sorted(tags.items()))
