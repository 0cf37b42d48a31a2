"""Loads from the object server of the tests: a bucket for one test, with a folder for its warehouse beside it."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sparkify.simulate import Company, simulate
from tests.command import Result, Row, ask, contents, event, inside, leftovers, start
from tests.objects import ObjectServer

KINDS = ("song_data", "log_data")
SECRETS = {"AWS_SECRET_ACCESS_KEY": "TheSecretOfThisTest", "AWS_SESSION_TOKEN": "TheTokenOfThisTest"}
WHEN = 1_541_030_400_000_000
"""Midnight of 2018-11-01 in microseconds, for objects whose order matters."""


@contextmanager
def pointed(server: ObjectServer) -> Iterator[None]:
    """This process and those it starts find the server, and nothing else that is configured."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("AWS_")}
    with patch.dict(os.environ, kept | server.environment(), clear=True):
        yield


@dataclass(frozen=True)
class Place:
    """A bucket, and the folder of the warehouse that it is loaded into."""

    server: ObjectServer
    name: str
    folder: Path

    @property
    def root(self) -> str:
        """Address of the bucket."""
        return f"s3://{self.name}"

    @property
    def locations(self) -> tuple[str, ...]:
        """The options that name both locations."""
        return ("--song-data", f"{self.root}/song_data", "--log-data", f"{self.root}/log_data")

    def put(self, key: str, records: Sequence[dict[str, object]], modified: int | None = None) -> str:
        """Store records, one a line; the ETag."""
        return self.server.put(self.name, key, "\n".join(map(json.dumps, records)) + "\n", modified)

    def put_plays(self, count: int, *, bytes_each: int = 0, below: str = "log_data", start: int = 0) -> list[str]:
        """Store log files of one play each, an hour apart, padded to a size; their keys."""
        keys = []
        for number in range(start, start + count):
            keys.append(f"{below}/2018/11/{number:05d}.json")
            play = event(ts=1541106106796 + number * 3_600_000, sessionId=number, userAgent="Mozilla")
            text = json.dumps(play | {"padding": "x" * max(0, bytes_each - 400)})
            self.server.put(self.name, keys[-1], text + "\n", WHEN + number * 1_000_000)
        return keys

    def etl(self, *more: str | Path, **settings: str) -> Result:
        """Load both locations within this process."""
        return inside(self.folder, "etl", *self.locations, *more, **settings)

    def start(self, *more: str | Path, **settings: str) -> subprocess.Popen[str]:
        """Start a load of both locations in a process of its own."""
        return start(self.folder, "etl", *self.locations, *more, **settings)

    def ask(self, sql: str) -> list[Row]:
        """What the warehouse holds."""
        return ask(self.folder, sql)

    @property
    def plays(self) -> int:
        """Rows of the fact table."""
        return int(self.ask("select count(*) from songplays")[0][0])

    def sound(self) -> None:
        """Every audit finds the warehouse in order, and nothing lies beside it."""
        inside(self.folder, "check").ok()
        assert leftovers(self.folder) == []

    def fetched(self) -> dict[str, int]:
        """How often each object was asked for."""
        gets: dict[str, int] = self.server.stats()["gets"]
        return {url.removeprefix(f"{self.name}/"): count for url, count in gets.items()}

    def requests(self, op: str) -> list[list[Any]]:
        """The log's requests of a kind: op, path, query, Range, If-Match, status."""
        return [request for request in self.server.log() if request[0] == op]


@dataclass(frozen=True)
class Simulation:
    """Raw files of a company in a folder, and what a load of that folder makes of them."""

    folder: Path
    files: int
    """Data files that a load reads."""
    bad_records: int
    expected: dict[str, list[Row]]

    def put(self, place: Place) -> None:
        """Store all of it in a bucket."""
        place.server.put_folder(place.name, self.folder)

    @property
    def options(self) -> tuple[str, str]:
        """Let the bad records be set aside."""
        return ("--max-errors", str(self.bad_records))


def simulated(folder: Path, company: Company, add: Callable[[Path], None] = lambda _: None) -> Simulation:
    """Simulate a company, add files to it, every file changed at another second, and load it from the folder."""
    source, warehouse = folder / "source", folder / "warehouse"
    source.mkdir()
    warehouse.mkdir()
    written = simulate(source, company)
    add(source)
    for number, path in enumerate(sorted(path for path in source.rglob("*") if path.is_file())):
        os.utime(path, (WHEN // 10**6 + number, WHEN // 10**6 + number))
    places = [option for kind in KINDS for option in (f"--{kind.replace('_', '-')}", str(source / kind))]
    inside(warehouse, "etl", *places, "--max-errors", str(written.bad_records)).ok()
    expected = comparable(warehouse, source)
    return Simulation(source, len(expected["etl_files"]), written.bad_records, expected)


def comparable(folder: Path, *roots: object) -> dict[str, list[Row]]:
    """What a warehouse holds, wherever it was loaded from: addresses are told below their roots, and no etags."""

    def told(cell: object) -> object:
        for root in roots:
            if isinstance(cell, str) and cell.startswith(f"{root}/"):
                return cell.removeprefix(f"{root}/")
        return cell

    tables = contents(folder)
    tables["etl_files"] = [(row[0], *row[2:]) for row in tables["etl_files"]]
    return {name: sorted((tuple(map(told, row)) for row in rows), key=repr) for name, rows in tables.items()}


def differences(found: dict[str, list[Row]], expected: dict[str, list[Row]]) -> dict[str, tuple[list[Row], list[Row]]]:
    """For each table that differs some rows too many and some that are missing; empty when all is equal."""
    differing = {}
    for name, rows in expected.items():
        more, less = Counter(found[name]) - Counter(rows), Counter(rows) - Counter(found[name])
        if more or less:
            differing[name] = (list(more.elements())[:3], list(less.elements())[:3])
    return differing
