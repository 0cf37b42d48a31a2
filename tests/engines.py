"""Houses on Redshift: on the stand-in of this machine, or on a cluster that somebody pays for (`tests.live`).

The fixture `cluster` is the stand-in with an object server beside it, one for each process of pytest. Tests that
take it name this module:

    pytest_plugins = ("tests.engines",)

    def test_something(cluster: Cluster, tmp_path: Path) -> None:
        with cluster.twins(tmp_path) as twins:
            twins.lay({"log_data/d.json": version})
            twins.load()
            twins.whole()
"""

from __future__ import annotations

import itertools
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bucket import pointed
from tests.house import KINDS, MARK, House, Place, Twins
from tests.objects import ObjectServer
from tests.redshift.standin import StandIn
from tests.reference import Version

SECOND = 1_000_000
"""Microseconds: object storage tells the time of change in seconds."""
STAGE = "stage"
"""The bucket of what COPY reads and UNLOAD writes in passing."""
_MARKS = tuple(f"{kind}/{MARK}" for kind in KINDS)


class Bucket:
    """A bucket of the object server."""

    def __init__(self, server: ObjectServer, name: str) -> None:
        self.server, self.bucket = server, name
        server.make(name)
        for key in _MARKS:
            server.put(name, key, b"")

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}"

    def put(self, version: Version) -> Version:
        """Microseconds beyond the second, by which small tests tell versions apart, become seconds."""
        seconds, rest = divmod(version.modified, SECOND)
        kept = replace(version, modified=(seconds + rest) * SECOND)
        self.server.put(self.bucket, kept.name, kept.data, kept.modified)
        return kept

    def names(self) -> list[str]:
        return [key for key in self.server.keys(self.bucket) if key not in _MARKS]

    def remove(self, name: str) -> None:
        self.server.delete(self.bucket, name)

    def same(self, one: Version, other: Version) -> bool:
        """The ETag is that of the content."""
        return one.data == other.data


class Cluster(ABC):
    """Where warehouses of Redshift and their sources are made, one for each house, and removed afterwards."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    @abstractmethod
    def place(self, number: int) -> Place:
        """A new and empty place for source files."""

    @abstractmethod
    def database(self, number: int) -> AbstractContextManager[Mapping[str, object]]:
        """A new and empty database while the context lasts, as the settings that lead there."""

    @abstractmethod
    def pointed(self) -> AbstractContextManager[None]:
        """Whatever looks for object storage finds that of the cluster."""

    @contextmanager
    def house(self, root: Path, place: Place | None = None) -> Iterator[House]:
        """A house on Redshift, with the source in a bucket."""
        number = next(self._numbers)
        folder = root / f"redshift-{number}"
        folder.mkdir()
        with self.pointed(), self.database(number) as given:
            house = House(folder, place=place or self.place(number), given={"spool_dir": folder, **given})
            try:
                yield house
            finally:
                if place is None:
                    house.lay({})
        assert list(folder.iterdir()) == [], "a load left something behind"
        folder.rmdir()

    @contextmanager
    def twins(self, root: Path) -> Iterator[Twins]:
        """A house on Redshift and one on DuckDB, before the same bucket."""
        with self.house(root) as house:
            folder = root / f"duckdb-{house.root.name}"
            folder.mkdir()
            try:
                yield Twins(house, House(folder, place=house.place))
            finally:
                shutil.rmtree(folder)


class Local(Cluster):
    """The stand-in and an object server."""

    def __init__(self, standin: StandIn, objects: ObjectServer) -> None:
        super().__init__()
        self.standin, self.objects = standin, objects
        self._databases: set[str] = set()

    def place(self, number: int) -> Bucket:
        return Bucket(self.objects, f"house-{number}")

    @contextmanager
    def database(self, number: int) -> Iterator[Mapping[str, object]]:
        standin = self.standin
        name = standin.database()
        self._databases.add(name)
        try:
            yield {
                "warehouse": f"redshift://{standin.user}@{standin.host}:{standin.port}/{name}?sslmode=disable",
                "redshift_password": standin.password,
                "staging": f"s3://{STAGE}/{number}",
            }
        finally:
            standin.drop(name)
        left = [key for key in self.objects.keys(STAGE) if key.startswith(f"{number}/")]
        assert left == [], "a load left something at the staging prefix"

    def pointed(self) -> AbstractContextManager[None]:
        return pointed(self.objects)

    def sent(self) -> set[str]:
        """Every statement that houses here have sent."""
        return set().union(*map(self.standin.sent, self._databases))


@pytest.fixture(scope="session")
def local() -> Iterator[Local]:
    """The stand-in and what it alone shows, for every test of this process."""
    with ObjectServer(buckets=[STAGE]) as objects, StandIn(objects.endpoint) as standin:
        yield Local(standin, objects)


@pytest.fixture(scope="session")
def cluster(local: Local) -> Cluster:
    """The same, as any cluster."""
    return local
