"""Warehouses on the stand-in for Amazon Redshift, a source for them, and what they hold as plain values.

A test gets a `Cluster`: the stand-in and the object server of `tests.engines`. Each `House` on it is a database.

    pytest_plugins = ("tests.engines",)
    cluster = redshift_house.cluster
"""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sparkify import audit, etl
from sparkify.config import Settings, load_settings
from sparkify.errors import Violation
from sparkify.run_report import Report
from sparkify.sql_queries import STAR
from sparkify.warehouse import Warehouse, open_warehouse, redshift_staging
from tests import command
from tests.command import Result, event, song
from tests.engines import STAGE, Local
from tests.objects import ObjectServer
from tests.redshift.standin import Rule, StandIn, Statement
from tests.redshift.wire import Row as Texts

TIMEOUT = 60
"""Seconds after which something is stuck rather than slow."""

PASSWORD = "c0rrect-horse"
"""Of the stand-in: nothing else that is printed looks like it."""

FIRST_TIME = 1541106106796000
"""When the source's first file was changed, in microseconds."""

COPIES = itertools.count(1)
"""Numbers of databases that are copies of others."""

State = dict[str, list[Texts]]

_TRACKED_PLAYS = (
    "select songplays.start_time, songplays.user_id, level, songplays.song_id, songplays.artist_id, "
    "songplays.session_id, location, user_agent, etl_plays.item_in_session, etl_tracks.song, etl_tracks.artist, "
    "etl_tracks.length, etl_tracks.match "
    "from songplays left join etl_plays using (songplay_id) left join etl_tracks using (track_id)"
)
_TABLES = {
    **{table: f"select * from {table}" for table in (*STAR, "staging_songs", "etl_users", "etl_songs")},
    "songplays": _TRACKED_PLAYS,
    "etl_files": "select url, etag, size, modified, kind, rows, rejected from etl_files",
    "etl_tracks": "select song, artist, length, match, song_id, artist_id from etl_tracks",
    "etl_rejects": "select url, line, reason, record from etl_rejects",
    "etl_settings": "select * from etl_settings",
}
"""What loads must agree on, whatever happened on the way; as `tests.command.contents` for DuckDB."""

_SCHEMAS = "select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^standin' order by nspname"


def source_files() -> dict[str, bytes]:
    """A small source in the order of its batches: songs, a log file in place with a compressed one, one with rejects."""
    plain = [event(ts=1541200000000 + 1000 * n, itemInSession=n, userId=str(n % 3), level="paid") for n in range(12)]
    packed = [event(ts=1541300000000 + 1000 * n, sessionId=2, page=("Home", "NextSong")[n % 2]) for n in range(3)]
    mixed = [event(ts=1541400000000 + 1000 * n, song=("The Song", "Other", None)[n % 3]) for n in range(6)]
    return {
        "song_data/one.json": _lines([song(), song(song_id="SO2", title="Other", artist_id="AR2", artist_name="B")]),
        "log_data/01-big.json": _lines(plain),
        "log_data/02-small.json": _lines(packed) + b"\nno record",
        "song_data/two.json": _lines([song(song_id="SO3", title="Third", year=0), song(song_id="SO1", year=2002)]),
        "log_data/03-more.json": _lines([*mixed, plain[0]]) + b'\n{"page": "NextSong"}',
    }


def _lines(records: list[dict[str, object]]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


FILES = source_files()
REJECTS = 2
"""Records of the source that cannot be loaded."""
IN_PLACE = 4000
"""Bytes from which these tests have files copied where they lie; the first."""
BATCH = sum(len(data) for data in list(FILES.values())[:3])
"""Source bytes that make two batches of it."""


@dataclass(frozen=True)
class Address:
    """A house as a process is told of it."""

    folder: Path
    settings: dict[str, str]

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        return command.start(self.folder, *arguments, **(self.settings | settings))

    def run(self, *arguments: str, **settings: str) -> Result:
        """The command in a process of its own."""
        return command.finish(self.start(*arguments, **settings))

    def inside(self, *arguments: str, **settings: str) -> Result:
        """The command in this process."""
        return command.inside(self.folder, *arguments, **(self.settings | settings))


class House:
    """A database on the stand-in, with a staging prefix of its own, that loads the cluster's source."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.standin = cluster.standin
        self.name = name
        self.url = f"redshift://{self.standin.user}@{self.standin.host}:{self.standin.port}/{name}"
        self.address = f"{self.url}?sslmode=disable"
        self.staging = f"s3://{STAGE}/{name}"

    def settings(self, **flags: object) -> Settings:
        given: dict[str, object] = {
            "warehouse": self.address,
            "staging": self.staging,
            "song_data": "s3://data/song_data",
            "log_data": "s3://data/log_data",
            "redshift_password": self.standin.password,
            "batch_bytes": BATCH,
            "max_errors": REJECTS,
            "threads": 1,
            "memory": "256MB",
            "wait": 10.0,
            "retry": 20.0,
        }
        return load_settings(**(given | flags))

    def process(self, folder: Path, **settings: str) -> Address:
        """This house for processes of the command, which run in the folder."""
        given = {
            "warehouse": self.address,
            "staging": self.staging,
            "song_data": "s3://data/song_data",
            "log_data": "s3://data/log_data",
            "redshift_password": self.standin.password,
            "batch_bytes": str(BATCH),
            "max_errors": str(REJECTS),
            "threads": "1",
            "memory": "256MB",
        }
        return Address(folder, given | settings)

    @contextlib.contextmanager
    def open(self, **flags: object) -> Iterator[tuple[Warehouse, Settings]]:
        settings = self.settings(**flags)
        warehouse = open_warehouse(settings)
        try:
            yield warehouse, settings
        finally:
            warehouse.close()

    def load(self, *, full_refresh: bool = False, report: Report | None = None, **flags: object) -> Report:
        """One run of the loader in this process."""
        with self.open(**flags) as (warehouse, settings):
            return etl.run(warehouse, settings, full_refresh=full_refresh, report=report)

    def violations(self) -> list[Violation]:
        """What `sparkify check` finds."""
        with self.open() as (warehouse, _), warehouse.session(read_only=True):
            return audit.whole_warehouse(warehouse)

    # -- looked at from outside ---------------------------------------------------------------------------

    def ask(self, *statements: str) -> list[list[Texts]]:
        """What PostgreSQL says to statements, past the stand-in and its log."""
        session = self.standin.server.connect(self.name)
        try:
            return [session.query(sql) for sql in statements]
        finally:
            session.end()

    def state(self) -> State:
        """Everything that loads must agree on; empty when there are no tables."""
        [[[tables]], schemas] = self.ask("select count(*) from pg_tables where schemaname = 'public'", _SCHEMAS)
        names = [str(name) for (name,) in schemas]
        assert set(names) <= {"public", "sparkify_work"}, f"left behind: {names}"
        if tables == "0":
            return {}
        *found, [[plays, ids]] = self.ask(
            *_TABLES.values(), "select count(*), count(distinct songplay_id) from songplays"
        )
        assert plays == ids
        return {table: sorted(rows, key=repr) for table, rows in zip(_TABLES, found, strict=True)}

    def ids(self) -> list[Texts]:
        return self.ask("select songplay_id from songplays order by 1")[0]

    def runs(self) -> list[str]:
        """The status of every run, oldest first; none when there are no tables."""
        if self.ask("select to_regclass('public.etl_runs')") == [[[None]]]:
            return []
        return [str(status) for (status,) in self.ask("select status from etl_runs order by run_id")[0]]

    def staged(self) -> list[str]:
        """What lies below the staging prefix."""
        return [key for key in self.cluster.store.keys(STAGE) if key.startswith(f"{self.name}/")]

    def statements(self) -> list[Statement]:
        """What clients had executed here."""
        return [statement for statement in self.standin.statements if statement.database == self.name]

    # -- disturbed ------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def holding(self, table: str, mode: str = "share") -> Iterator[None]:
        """Somebody holds a table: in share mode against whoever writes to it."""
        session = self.standin.server.connect(self.name)
        try:
            session.query("begin")
            session.query(f"lock table {table} in {mode} mode")
            yield
        finally:
            session.end()

    def wait_for_lock(self, process: subprocess.Popen[str] | None = None) -> None:
        """Until somebody waits for a lock here."""
        waiting = f"select 1 from pg_stat_activity where datname = '{self.name}' and wait_event_type = 'Lock'"
        session = self.standin.server.connect("postgres")
        try:
            until(lambda: bool(session.query(waiting)), process)
        finally:
            session.end()

    def sessions(self) -> int:
        """How many clients are connected here."""
        [[[count]]] = self.ask(
            f"select count(*) from pg_stat_activity where datname = '{self.name}' and pid <> pg_backend_pid()"
        )
        return int(str(count))


def until(seen: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not seen():
        assert process is None or process.poll() is None, "it ended before"
        assert time.monotonic() < deadline, "never seen"
        time.sleep(0.01)


class Cluster:
    """A stand-in, an object server that holds the source, and houses by number."""

    def __init__(self, standin: StandIn, store: ObjectServer) -> None:
        self.standin = standin
        self.store = store
        for bucket in ("data", "out"):
            store.make(bucket)
        for number, (name, data) in enumerate(FILES.items()):
            store.put("data", name, data, modified=FIRST_TIME + number * 1_000_000)

    @contextlib.contextmanager
    def house(self, template: House | None = None) -> Iterator[House]:
        """A new, empty database, or a copy of one that nobody uses."""
        if template is None:
            house = House(self, self.standin.database())
        else:
            house = House(self, f"copy{next(COPIES)}")
            self._administer(f"create database {house.name} template {template.name} owner {self.standin.user}")
        try:
            yield house
        finally:
            self.standin.clear()
            self.standin.drop(house.name)
            for key in house.staged():
                self.store.delete(STAGE, key)

    def _administer(self, sql: str) -> None:
        session = self.standin.server.connect("postgres")
        try:
            session.query(sql)
        finally:
            session.end()

    @property
    def rules(self) -> list[Rule]:
        """Failures that were ordered; those that came have no times left."""
        return self.standin._rules


@pytest.fixture(scope="module")
def cluster(local: Local) -> Iterator[Cluster]:
    """The stand-in of this process, with a source; small log files are copied where they lie."""
    with local.pointed(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(local.standin, "password", PASSWORD)
        patch.setattr(redshift_staging, "DIRECT_BYTES", IN_PLACE)
        yield Cluster(local.standin, local.objects)


@pytest.fixture
def house(cluster: Cluster) -> Iterator[House]:
    with cluster.house() as house:
        yield house
