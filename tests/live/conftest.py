"""The cluster of the live tests, in the place of the stand-in."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex
from urllib.parse import quote

import pytest

from sparkify.config import load_settings
from sparkify.source.access import Access
from sparkify.source.target import BucketTarget
from sparkify.warehouse.redshift_address import parse_address
from sparkify.warehouse.redshift_session import RedshiftSession
from tests.house import KINDS
from tests.reference import Version

pytest.register_assert_rewrite("tests.engines")
from tests.engines import SECOND, Cluster  # noqa: E402

VARIABLES = ("TEST_LIVE_WAREHOUSE", "TEST_LIVE_STAGING", "TEST_LIVE_DATA")
_MARKS = tuple(f"{kind}/_here" for kind in KINDS)


class Prefix:
    """A prefix of S3, which keeps its own time of change."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._target = BucketTarget(url, Access())
        self._laid: dict[str, tuple[Version, Version]] = {}
        """By name: what was asked for, and what lies there."""
        self._last = 0
        for name in _MARKS:
            self._target.write(name, b"")

    def put(self, version: Version) -> Version:
        """Write a file, unless it is as it lies there; later versions get a later second."""
        asked, laid = self._laid.get(version.name, (None, None))
        if laid is not None and asked == version:
            return laid
        while time.time() < self._last + 1:
            time.sleep(0.05)
        self._target.write(version.name, version.data)
        laid = replace(version, modified=self._modified(version.name))
        self._last = laid.modified // SECOND
        self._laid[version.name] = version, laid
        return laid

    def _modified(self, name: str) -> int:
        import boto3  # type: ignore[import-untyped]

        bucket, _, prefix = self.url.removeprefix("s3://").partition("/")
        told: datetime = boto3.client("s3").head_object(Bucket=bucket, Key=f"{prefix}/{name}")["LastModified"]
        return int(told.astimezone(UTC).timestamp()) * SECOND

    def names(self) -> list[str]:
        return [name for name in self._target.names() if name not in _MARKS]

    def remove(self, name: str) -> None:
        self._target.delete([name])
        self._laid.pop(name, None)

    def same(self, one: Version, other: Version) -> bool:
        """The ETag is that of the content."""
        return one.data == other.data

    def clear(self) -> None:
        self._target.delete(list(self._target.names()))
        self._target.close()


class Live(Cluster):
    """A cluster that somebody pays for."""

    def __init__(self, warehouse: str, staging: str, data: str) -> None:
        super().__init__()
        self._warehouse, self._staging = warehouse, staging.rstrip("/")
        self._mark = token_hex(4)
        self._data = f"{data.rstrip('/')}/sparkify-live-{self._mark}"
        self._address = parse_address(warehouse)
        self._places: dict[int, Prefix] = {}

    def place(self, number: int) -> Prefix:
        self._places[number] = Prefix(f"{self._data}/{number}")
        return self._places[number]

    @contextmanager
    def database(self, number: int) -> Iterator[Mapping[str, object]]:
        name = f"sparkify_live_{self._mark}_{number}"
        self._administer(f"create database {name}")
        try:
            address = re.sub(rf"/{re.escape(quote(self._address.database))}(?=$|\?)", f"/{name}", self._warehouse)
            yield {"warehouse": address, "staging": f"{self._staging}/{name}"}
        finally:
            self._administer(f"drop database {name}")
            if place := self._places.pop(number, None):
                place.clear()

    def pointed(self) -> AbstractContextManager[None]:
        return nullcontext()

    def _administer(self, sql: str) -> None:
        password = load_settings(warehouse=self._warehouse).redshift_password
        session = RedshiftSession(
            self._address,
            password=password.get_secret_value() if password else None,
            connect_timeout=60,
            statement_timeout=600,
        )
        try:
            session.execute(sql)
        finally:
            session.close()


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The cluster of the environment."""
    given = [os.environ.get(name, "") for name in VARIABLES]
    if not all(given):
        missing = ", ".join(name for name, value in zip(VARIABLES, given, strict=True) if not value)
        pytest.skip(
            f"no cluster to test against: {missing} not set; tests/live/README.md tells what it takes and costs"
        )
    return Live(*given)
