"""What a load into Amazon Redshift would take, from a million plays a day to a hundred billion: on paper.

    python -m benchmarks.scale_model                                 the tables, for five sizes
    python -m benchmarks.scale_model --plays-per-day 250000000       the same for one size
    python -m benchmarks.scale_model --update docs/scale.md          write the tables into the page

Nothing here was measured on Redshift. Every assumption is a field of `Parameters`; how often a batch reads what is
counted in the program's own SQL; every figure is a function of both. A MB, GB or TB is a power of ten.
"""

from __future__ import annotations

import argparse
import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from sparkify import sql_queries
from sparkify.models import models
from sparkify.warehouse.redshift_loading import NARROWING

SCALES = (1e6, 1e8, 1e9, 1e10, 1e11)
GOAL = 1e9  # plays a day that the page plans for
MB, GB, TB = 1e6, 1e9, 1e12
HOURS = 24
DAY_S = 86_400
MS_OF_A_DAY = 86_400_000
INT_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the figures rest on: measured here, public, or assumed."""

    # Measured on 2,000,000 simulated events of two days (100,000 users, 20,000 songs); the public events in brackets.
    raw_bytes_per_event: float = 469.3  # one line of a log file (466.2)
    stored_bytes_per_event: float = 58.6  # the same after gzip -6, a day a file (46.6)
    events_per_play: float = 1.184  # events of any page to one NextSong (1.181)
    event_text_bytes: float = 238.0  # an event's 18 values as text, without names and quotes (237)
    play_source_bytes: float = 200.0  # the ten columns of staging that become a play
    songplay_bytes: float = 180.0  # a row of load_plays: nine columns of songplays, the track, the item
    track_bytes: float = 95.0  # a row of etl_tracks
    plays_per_session: float = 8.6
    # Bytes of a row as Parquet with zstd, sorted by time: they stand in for Redshift's encodings.
    parquet_songplay: float = 16.8
    parquet_etl_play: float = 9.3
    parquet_instant: float = 2.8
    parquet_song: float = 106.0  # in songs, staging_songs and etl_songs together
    parquet_track: float = 44.2  # in etl_tracks and etl_track_keys together
    parquet_user: float = 15.4  # in users and etl_users together
    url_bytes: float = 54.0  # a file's address
    # The loader's speeds (docs/performance.md).
    fetched_objects_per_s: float = 2000.0  # small objects, 64 at a time, behind 20 ms
    parsed_events_per_core_s: float = 200_000.0  # events checked and typed by the fast reader, rounded down
    exact_events_per_s: float = 50_000.0  # events through the exact reader, on one core

    # Public: see the sources of the page. Prices are those of us-east-1 in September 2026.
    slices_per_node: int = 4  # ra3.4xlarge
    rpu_per_node: float = 6.0  # RPUs that have the memory of one ra3.4xlarge: 96 GB, 16 GB each
    most_nodes: int = 512  # 128 ra3.16xlarge, in ra3.4xlarge of a quarter the size
    most_rpu: int = 1024  # the largest Serverless base capacity, in some Regions
    usd_per_node_hour: float = 3.26  # ra3.4xlarge on demand
    usd_per_rpu_hour: float = 0.375
    usd_per_rms_gb_month: float = 0.024  # managed storage
    usd_per_s3_gb_month: float = 0.023  # S3 Standard, first 50 TB
    usd_per_1000_put: float = 0.005  # PUT and LIST
    usd_per_1000_get: float = 0.0004

    # Assumed.
    copy_mb_per_slice_s: float = 20.0  # raw JSON that COPY reads; the public figures are of CSV on older nodes
    sql_rows_per_slice_s: float = 1_000_000.0  # rows that one step of SQL joins or writes
    scan_rows_per_slice_s: float = 100_000_000.0  # values of a narrow column read; a third of the public count(*)
    one_slice_rows_per_s: float = 1_000_000.0  # rows through a step that only one slice can do
    network_mb_per_node_s: float = 500.0  # that one node sends to the others
    statement_s: float = 0.5  # what a statement costs however little it does: plan, segments, queue
    redshift_to_parquet: float = 2.0  # weaker encodings, three hidden columns, more users than were simulated
    history_days: int = 365  # kept in songplays, and as raw files in S3
    window_s: float = 3600.0  # in which a cluster sized for it does the parallel work of a whole day
    target_file_mb: float = 64.0  # a log file as stored that shippers aim at
    small_file_kb: float = 100.0  # the same where shippers do not aim at anything
    plays_per_listener: float = 20.0  # plays a day of one who listens on that day
    users_per_listener: float = 3.0  # users known to one who listens today; at most 5,000,000,000
    plays_per_song: float = 10.0  # plays a day to a song of the catalogue; at most 100,000,000 songs
    new_share: float = 0.001  # share of the songs that a day brings, all with one batch
    days_per_month: float = 30.4

    # As the program has it; a test holds them against it.
    other_statements: int = 30  # lock, COPY, typing, counts, ledger, commit of one batch; about
    loader_event_reads: int = 3  # of a batch's events outside of sql/: the look for doubt, typing, DELETE afterwards
    batch_bytes: float = float(4 << 30)  # default of --batch-bytes on Redshift
    batch_files: int = 50_000  # files of one batch at most


# What the program reads, counted in its SQL

MODELS = {
    f"models/{each.name}:{place}": (each.when, statement)
    for each in models()
    for place, statement in enumerate(each.statements("redshift"), start=1)
}
"""What each model sends, statement by statement."""
EVERY_BATCH = (*(name for name, (when, _) in MODELS.items() if when != "songs"), "run/count_events")
WITH_SONGS = tuple(name for name, (when, _) in MODELS.items() if when == "songs")
AUDITS = sql_queries.audits()
ALWAYS = (*EVERY_BATCH, *AUDITS)
SONGS, TRACKS, USERS = ("songs", "staging_songs", "etl_songs"), ("etl_tracks", "etl_track_keys"), ("users", "etl_users")

# What reads all that was ever loaded: when, and whether it would go on to with the changes that the page proposes.
HISTORY = (
    ("audit/r8_plays_are_counted", "songplays", "batch", False),
    ("audit/r8_plays_are_counted", "etl_plays", "batch", False),
    ("run/resolution", "etl_plays", "run", False),
    ("models/moved_plays:1", "etl_plays", "day", True),
    ("models/moved_plays:1", "songplays", "day", False),
    ("models/moved_plays:2", "songplays", "day", True),
)


def sql(name: str) -> str:
    return MODELS[name][1] if name in MODELS else sql_queries.statement(name, "redshift")


@cache
def reads(names: Sequence[str], tables: Sequence[str]) -> int:
    """How often these statements name one of these tables after FROM, JOIN or UPDATE."""
    named = re.compile(rf"\b(?:from|join|update) (?:{'|'.join(tables)})\b(?![.])")
    return sum(len(named.findall(sql(name))) for name in names)


@cache
def columns(name: str, table: str) -> int:
    """How many columns of a table a statement names; count(*) takes one."""
    return max(1, len(set(re.findall(rf"\b{table}\.(\w+)", sql(name)))))


def ranged(names: Sequence[str]) -> tuple[str, ...]:
    """Those of the statements that look no further than the batch's first and last instant."""
    return tuple(name for name in names if "from load_range" in sql(name))


class Move(NamedTuple):
    """A statement that sends rows from node to node: bytes that follow what is new, and those with every batch."""

    statement: str
    how: str
    new: float
    each: float = 0.0


class Load(NamedTuple):
    """Seconds of all loads of one day, by cause; no step is taken to overlap another."""

    copy: float
    day: float
    known: float
    network: float
    numbering: float
    statements: float
    history: float

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self)


class Size:
    """All that follows from the parameters and a number of plays a day."""

    def __init__(self, p: Parameters, n: float) -> None:
        self.p, self.n = p, n
        self.events = n * p.events_per_play
        self.raw = self.events * p.raw_bytes_per_event
        self.stored = self.events * p.stored_bytes_per_event
        self.songs = min(n / p.plays_per_song, 1e8)  # as many tracks are known
        self.users = min(n / p.plays_per_listener * p.users_per_listener, 5e9)
        # Distinct milliseconds a day that have a play, if plays are spread evenly; more they cannot be.
        self.instants = MS_OF_A_DAY * -math.expm1(-n / MS_OF_A_DAY)
        self.session_days = INT_MAX / (n / p.plays_per_session)

        # Rows a day that SQL reads of what is new; that it reads of each day between a batch's first and last instant.
        of_events = p.loader_event_reads + reads(ALWAYS, ("staging_events",))
        of_plays = reads(EVERY_BATCH, ("load_plays", "load_instants"))
        of_plays += reads(ranged(AUDITS), ("songplays", "etl_plays", "time"))
        self.day_reads = of_events * self.events + of_plays * n
        plays, times = (reads(ranged(ALWAYS), names) for names in (("songplays", "etl_plays"), ("time",)))
        self.range_reads = plays * n + times * self.instants

        # The smallest cluster, two nodes at least, that does the parallel work of a day within the window.
        self.copy_seconds = self.raw / MB / p.copy_mb_per_slice_s  # on one slice
        rows = self.day_reads + self.known_reads((*ALWAYS, *WITH_SONGS))
        work = self.copy_seconds + rows / p.sql_rows_per_slice_s
        self.nodes = max(2, math.ceil(work / p.window_s / p.slices_per_node))  # ra3.4xlarge
        large = self.nodes > 128  # than the largest cluster of those: ra3.16xlarge have four times the size
        self.machines = math.ceil(self.nodes / 4) if large else self.nodes
        self.cluster = f"{self.machines} ra3.{'16xlarge' if large else '4xlarge'}"
        self.slices = self.nodes * p.slices_per_node
        self.rpu = max(8, math.ceil(self.nodes * p.rpu_per_node / 8) * 8)  # of the same memory, in steps of 8

        # Files an hour: near the target size, a multiple of the slices, none below 1 MB.
        hour = self.stored / HOURS
        wanted = max(1, math.ceil(hour / (p.target_file_mb * MB)))
        level = math.ceil(wanted / self.slices) * self.slices
        self.files_per_hour = level if hour / level >= MB else max(1, min(wanted, int(hour / MB)))
        self.files = self.files_per_hour * HOURS
        self.file = self.stored / self.files
        self.small_files = self.stored / (p.small_file_kb * 1e3)
        self.default_batches = math.ceil(self.files / max(1, int(p.batch_bytes // self.file)))
        # Seconds of one file through the exact reader; and through the loader's fast reader, on 2 cores.
        self.exact_seconds = self.events / self.files / p.exact_events_per_s
        self.fast_seconds = self.events / self.files / p.parsed_events_per_core_s / 2

        # The first night, and what a day's loads take when the days kept are loaded.
        self.first, self.night = self.load(), self.load(1, p.history_days)
        self.mended = self.load(1, p.history_days, mended=True)
        self.hourly = self.load(HOURS, p.history_days)
        self.in_default_batches = self.load(self.default_batches, p.history_days, 1)
        self.table_bytes = sum(self.tables().values())
        self.rpu_hours = self.rpu * self.night.total / 3600  # a night

    def known_reads(self, names: Sequence[str]) -> float:
        """Rows of every track, song and user that these statements read."""
        return reads(names, (*TRACKS, *SONGS)) * self.songs + reads(names, USERS) * self.users

    def load(self, batches: float = 1, days: float = 0, runs: float = 0, *, mended: bool = False) -> Load:
        """The loads of one day in so many batches of so many runs (0: each its own), with so many days loaded before.

        One of the batches brings the day's songs. Mended: with the changes that the page proposes for what reads
        history and for the numbering; nothing else is taken off.
        """
        p = self.p
        often = {"batch": batches, "run": runs or batches, "day": 1}
        past = sum(self.whole(name, of) * often[at] for name, of, at, stays in HISTORY if stays or not mended)
        known = batches * self.known_reads(ALWAYS) + self.known_reads(WITH_SONGS)
        return Load(
            copy=self.copy_seconds / self.slices,
            day=self.day_reads / p.sql_rows_per_slice_s / self.slices,
            known=known / p.sql_rows_per_slice_s / self.slices,
            network=self.moved(batches) / MB / p.network_mb_per_node_s / self.nodes,
            numbering=0 if mended else self.n / p.one_slice_rows_per_s,
            statements=(batches * (len(ALWAYS) + p.other_statements) + len(WITH_SONGS)) * p.statement_s,
            history=past * days,
        )

    def whole(self, name: str, table: str) -> float:
        """Seconds in which a statement reads all of a table, for each day that is loaded."""
        rows = self.instants if table == "time" else self.n
        return rows * columns(name, table) / self.p.scan_rows_per_slice_s / self.slices

    def range_seconds(self, rows_per_s: float) -> float:
        """Seconds of reading all that is loaded wherever a batch reads between its first and its last instant."""
        return self.range_reads * self.p.history_days / rows_per_s / self.slices

    def doubt_seconds(self, bad: int) -> float:
        """What doubtful values in so many files add to a night: the search, what it fetches, and all of COPY again."""
        rounds, found = narrowing(self.files, bad, self.slices)
        copied = rounds * self.copy_seconds / self.files + self.copy_seconds / self.slices
        return copied + found * self.fast_seconds + bad * self.exact_seconds

    def moves(self) -> list[Move]:
        """What the batches of a day move, most first; what moves less than a thousandth is left out."""
        p, n, songs, size = self.p, self.n, self.songs, self.nodes
        by_track, back = "both sides by title, artist, length", "from there to the slice of start_time"
        found = [
            Move("typing into staging_events", "to the slice of ts", self.events * p.event_text_bytes),
            Move("load_plays: plays with etl_tracks", by_track, n * p.play_source_bytes, songs * p.track_bytes),
            Move("load_plays: row_number() over ()", "all to one slice", n * p.songplay_bytes),
            Move("load_plays: numbered", back, n * p.songplay_bytes),
            Move("load_tracks", by_track, min(n, songs * size) * 60, songs * 60),
            Move("load_users", "events to the slice of user_id", self.events * 60),
            Move("load_changed_tracks: except", "every track, by the whole row", 0, songs * 50),
            Move("songs, artists: add_changed_…", "new rows to every node", songs * p.new_share * 120 * size),
            Move("r2_one_row_per_track", "every track, by title, artist, length", 0, songs * 60),
            Move("r2_play_follows_its_track", "plays to the slice of track_id, and back", n * (24 + 52)),
            Move("r3_user_of_play_exists", "plays to the slice of user_id", n * 12),
            Move("songplay_id_is_unique", "plays to the slice of songplay_id", n * 8),
            Move("r4_songs_are_the_catalogue", "every song, to join in full", 0, songs * 160),
            Move("run/resolution", "plays to the slice of track_id", n * 16),
        ]
        least = sum(move.new + move.each for move in found) / 1000
        return sorted((move for move in found if sum(move[2:]) >= least), key=lambda move: -sum(move[2:]))

    def moved(self, batches: float = 1) -> float:
        """Bytes that so many batches a day send between nodes."""
        return sum(move.new + move.each * batches for move in self.moves())

    def tables(self) -> dict[str, float]:
        """Bytes in Redshift after the days kept."""
        p, factor, kept = self.p, self.p.redshift_to_parquet, self.p.history_days
        copied = 52.6 * self.songs * (self.machines - 1)  # songs and artists, DISTSTYLE ALL, on each further node
        return {
            "songplays": self.n * kept * p.parquet_songplay * factor,
            "etl_plays": self.n * kept * p.parquet_etl_play * factor,
            "time": self.instants * kept * p.parquet_instant * factor,
            "songs, artists and their sources": (self.songs * p.parquet_song + copied) * factor,
            "tracks": self.songs * p.parquet_track * factor,
            "users": self.users * p.parquet_user * factor,
            "etl_files": self.files * kept * (p.url_bytes + 40),
        }

    def monthly(self) -> dict[str, float]:
        """Dollars a month at the end of the days kept; what people ask of the warehouse is not in it."""
        p, month, puts = self.p, self.p.days_per_month, self.files * (1 + self.p.history_days / 1000)
        return {
            "Serverless, nightly loads only": self.rpu_hours * month * p.usd_per_rpu_hour,
            "ra3 nodes, always on": self.nodes * HOURS * month * p.usd_per_node_hour,
            "managed storage": self.table_bytes / GB * p.usd_per_rms_gb_month,
            "S3, raw files": self.stored * p.history_days / GB * p.usd_per_s3_gb_month,
            "S3, requests": month * (puts * p.usd_per_1000_put + self.files * p.usd_per_1000_get) / 1000,
        }


def narrowing(files: int, bad: int, at_once: int) -> tuple[int, int]:
    """Bad files found among others as `Loading.narrow` does: rounds of one file a slice, and files that it fetches."""
    where = {files * (2 * each + 1) // (2 * bad) for each in range(bad)}
    undecided, tried, rounds, found = [(0, files)], 0, 0, 0
    while undecided:
        low, high = undecided.pop(0)
        half = (low + high) // 2
        if tried == NARROWING:
            found += high - low
            continue
        tried += 1
        rounds += math.ceil((high - low) / at_once)
        if any(low <= each < high for each in where):
            found += high - low == 1
            undecided += [(low, half), (half, high)] if high - low > 1 else []
    return rounds, found


# Words


def amount(value: float) -> str:
    """Three digits, with a comma at the thousands."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, min(digits, 2))}f}"


def count(value: float) -> str:
    for unit, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= unit:
            return f"{float(f'{value / unit:.3g}'):g} {word}"
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def volume(value: float) -> str:
    units = ((1e15, "PB"), (TB, "TB"), (GB, "GB"), (MB, "MB"), (0, "kB"))
    unit, word = next(each for each in units if value >= each[0])
    return f"{amount(value / (unit or 1e3))} {word}"


def span(seconds: float) -> str:
    for unit, least, word in ((DAY_S, 2 * DAY_S, "days"), (3600, 5400, "h"), (60, 90, "min")):
        if seconds >= least:
            return f"{amount(seconds / unit)} {word}"
    return f"{amount(seconds)} s"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a row whose name is bold is bold."""
    told = [[f"**{cell}**" if row[0].startswith("**") and i else cell for i, cell in enumerate(row)] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *told))


def grid(head: str, sizes: Sequence[Size], rows: dict[str, Callable[[Size], str]]) -> str:
    """A table with a column for each size."""
    named = [f"10^{math.log10(s.n):.0f}" if math.log10(s.n).is_integer() else count(s.n) for s in sizes]
    return table([head, *named], [[name, *map(cell, sizes)] for name, cell in rows.items()])


# The tables of the page


def grids(p: Parameters, sizes: Sequence[Size], goal: Size) -> dict[str, str]:
    """The tables that have a column for each size."""
    year = "files in the ledger after a year"
    serverless, always, *_ = goal.monthly()
    statements = f"{goal.night.statements / p.statement_s:.0f} statements"
    return {
        "input": grid("plays a day", sizes, {
            "events a day": lambda s: count(s.events),
            "JSON a day": lambda s: volume(s.raw),
            "the same as stored, gzip": lambda s: volume(s.stored),
            "users known": lambda s: count(s.users),
            "songs, and as many tracks": lambda s: count(s.songs),
            "cluster": lambda s: s.cluster,
            "slices": lambda s: f"{s.slices:,}",
            "files an hour": lambda s: f"{s.files_per_hour:,}",
            "one file, as stored": lambda s: volume(s.file),
            year: lambda s: count(s.files * 365),
            "manifest of a night": lambda s: volume(s.files * (p.url_bytes + 28)),
        }),
        "bad": grid("in one batch a night", sizes, {
            "one bad line adds": lambda s: span(s.exact_seconds + 2 * s.night.copy),
            "a doubtful value in one file": lambda s: span(s.doubt_seconds(1)),
            "in 20 files": lambda s: span(s.doubt_seconds(20)),
            "a bad line in every file": lambda s: span(s.files * s.exact_seconds + 2 * s.night.copy),
        }),
        "small files": grid(f"files of {p.small_file_kb:.0f} kB", sizes, {
            "files a day": lambda s: count(s.small_files),
            "fetching them, a day": lambda s: span(s.small_files / p.fetched_objects_per_s),
            "checking and typing on 2 cores, a day": lambda s: span(s.files * s.fast_seconds),
            "batches a day, by number of files alone": lambda s: f"{math.ceil(s.small_files / p.batch_files):,}",
            year: lambda s: count(s.small_files * 365),
            "LIST requests of one run then": lambda s: count(math.ceil(s.small_files * 365 / 1000)),
        }),
        "time": grid("one load a night, in one batch", sizes, {
            "COPY": lambda s: span(s.night.copy),
            "SQL over what is new": lambda s: span(s.night.day),
            "SQL over every track, song and user": lambda s: span(s.night.known),
            "rows sent between nodes": lambda s: span(s.night.network),
            "numbering on one slice": lambda s: span(s.night.numbering),
            statements: lambda s: span(s.night.statements),
            "**first night**": lambda s: span(s.first.total),
            "reading a year of history": lambda s: span(s.night.history),
            "**night after a year**": lambda s: span(s.night.total),
            "**the same, mended**": lambda s: span(s.mended.total),
            "one event that is a year late adds": lambda s: span(s.range_seconds(p.sql_rows_per_slice_s)),
            "if `load_range` spared no reading: more": lambda s: span(s.range_seconds(p.scan_rows_per_slice_s)),
        }),
        "often": grid("after a year", sizes, {
            "one of 24 hourly loads": lambda s: span(s.hourly.total / HOURS),
            "the same, mended": lambda s: span(s.load(HOURS, p.history_days, mended=True).total / HOURS),
            "batches a night at the default `--batch-bytes`": lambda s: f"{s.default_batches:,}",
            "those take": lambda s: span(s.in_default_batches.total),
        }),
        "storage": grid("after a year", sizes, {
            **{name: lambda s, name=name: volume(s.tables()[name]) for name in goal.tables()},  # type: ignore[misc]
            "**together**": lambda s: volume(s.table_bytes),
            "bytes a play": lambda s: amount(s.table_bytes / s.n / p.history_days),
        }),
        "cost": grid("dollars a month, after a year", sizes, {
            **{name: lambda s, name=name: amount(s.monthly()[name]) for name in goal.monthly()},  # type: ignore[misc]
            "**with Serverless**": lambda s: amount(sum(s.monthly().values()) - s.monthly()[always]),
            "**with nodes always on**": lambda s: amount(sum(s.monthly().values()) - s.monthly()[serverless]),
            "RPU": lambda s: f"{s.rpu:,}",
            "RPU-hours a night": lambda s: amount(s.rpu_hours),
        }),
    }  # fmt: skip


def moves_table(s: Size) -> str:
    rows = [[move.statement, move.how, volume(move.new + move.each)] for move in s.moves()]
    rows.append(["**together**", f"{volume(s.moved() / s.machines)} a node", volume(s.moved())])
    return table(["statement", "rows go", "bytes"], rows)


def history_table(s: Size) -> str:
    words = {"batch": "batch", "run": "run", "day": "batch with songs"}
    rows = [
        [f"`{name}`", f"`{of}`", f"{columns(name, of)}", words[when], span(s.whole(name, of) * s.p.history_days)]
        for name, of, when, _ in HISTORY
    ]
    return table(["statement", "reads all of", "columns", "with every", "after a year"], rows)


def limit_table(p: Parameters) -> str:
    """Where a hard limit is met."""
    limits: dict[str, Callable[[Size], bool]] = {
        "`session_id` INT lasts less than a year": lambda s: s.session_days < 365,
        "`session_id` INT lasts less than 30 days": lambda s: s.session_days < 30,
        "more than 100,000 bad events a night, at 1 in 10,000": lambda s: s.events / 1e4 > 1e5,
        "numbering takes an hour a night": lambda s: s.night.numbering > 3600,
        "`user_id` INT": lambda s: s.users > INT_MAX,
        "a night of default batches takes a day, after a year": lambda s: s.in_default_batches.total > DAY_S,
        "24 hourly loads take a day, after a year": lambda s: s.hourly.total > DAY_S,
        "1,024 RPU": lambda s: s.rpu > p.most_rpu,
        "numbering takes the whole day": lambda s: s.night.numbering > DAY_S,
        "128 ra3.16xlarge": lambda s: s.nodes > p.most_nodes,
    }

    def first(broken: Callable[[Size], bool]) -> float:
        low, high = 1.0, 1e15
        while high / low > 1.0001:
            middle = math.sqrt(low * high)
            low, high = (low, middle) if broken(Size(p, middle)) else (middle, high)
        return high

    met = sorted((first(broken), what) for what, broken in limits.items())
    return table(["limit", "met at plays a day"], [[what, count(plays)] for plays, what in met])


# Assumptions with a worse and a better value.
DOUBTS: tuple[tuple[str, str, float, float], ...] = (
    ("copy_mb_per_slice_s", "COPY, MB of JSON a slice and second", 10, 40),
    ("sql_rows_per_slice_s", "SQL, rows a slice and second", 500_000, 2_000_000),
    ("scan_rows_per_slice_s", "scan, values a slice and second", 30_000_000, 300_000_000),
    ("one_slice_rows_per_s", "numbering, rows a second", 300_000, 3_000_000),
    ("network_mb_per_node_s", "network, MB a node and second", 250, 1000),
    ("statement_s", "seconds that a statement costs", 2, 0.1),
    ("redshift_to_parquet", "Redshift's bytes to Parquet's", 4, 1),
)


def doubt_table(p: Parameters, n: float) -> str:
    """What each assumption is worth, on the cluster that the values used call for."""

    def told(name: str, value: float) -> str:
        s = Size(with_value(p, name, value), n)
        if name == "redshift_to_parquet":
            return volume(s.table_bytes)
        fixed = s.night.numbering + s.night.statements
        return span((s.night.total - fixed) * s.slices / Size(p, n).slices + fixed)

    rows = []
    for name, words, worse, better in DOUBTS:
        values = (worse, float(getattr(p, name)), better)
        shown = "; ".join(f"{value:,g}" if value < 10_000 else count(value) for value in values)
        rows.append([words, shown, "; ".join(told(name, value) for value in values)])
    return table(["assumption", "worse; used; better", "night after a year; or bytes of a year"], rows)


def with_value(p: Parameters, name: str, value: float) -> Parameters:
    """The same parameters but one."""
    return Parameters(**{**asdict(p), name: value})


def short(s: Size) -> str:
    """The answer in a few lines."""
    serverless, always, *rest = s.monthly().values()
    hour, stray = s.hourly.total / HOURS, s.range_seconds(s.p.sql_rows_per_slice_s)
    lines = [
        f"{count(s.n)} plays are {count(s.events)} events a day: {volume(s.raw)} of JSON, {volume(s.stored)} as "
        f"stored, {s.files_per_hour} files of {volume(s.file)} an hour.",
        f"{s.cluster} ({s.slices} slices) load a night of it in {span(s.first.total)} at first, in "
        f"{span(s.night.total)} when a year is loaded, and then in {span(s.mended.total)} with the "
        "changes proposed below.",
        f"An hourly load takes {span(hour)} by then. The default of `--batch-bytes` cuts a night into "
        f"{s.default_batches} batches, which take {span(s.in_default_batches.total)}.",
        f"A year is {volume(s.table_bytes)} in Redshift. Storage and requests cost about ${amount(sum(rest))} a "
        f"month, compute ${amount(serverless)} (Serverless, loads only) or ${amount(always)} (nodes always on).",
        f"What breaks first is a type: `session_id` as INT lasts {amount(s.session_days)} days if the app numbers "
        f"sessions one by one. Then one event that is a year late, which adds {span(stray)} to its batch; then "
        f"{len({name for name, *_ in HISTORY})} statements that read every play or instant ever loaded.",
    ]
    return "\n".join(textwrap.fill(f"- {line}", 120, subsequent_indent="  ", break_on_hyphens=False) for line in lines)


def blocks(p: Parameters, sizes: Sequence[float] = SCALES, goal: float = GOAL) -> dict[str, str]:
    """Everything that the page shows, by name."""
    s = Size(p, goal)
    return {
        "short": short(s),
        **grids(p, [Size(p, n) for n in sizes], s),
        "history": history_table(s),
        "moves": moves_table(s),
        "limits": limit_table(p),
        "doubts": doubt_table(p, goal),
    }


def updated(page: str, found: dict[str, str]) -> str:
    """The page with every block between its marks replaced by what the model says now."""

    def put(match: re.Match[str]) -> str:
        return f"<!-- model: {match[1]} -->\n{found[match[1]]}\n<!-- end -->"

    return re.sub(r"<!-- model: ([a-z ]+) -->\n.*?<!-- end -->", put, page, flags=re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What a load into Amazon Redshift would take, on paper.")
    parser.add_argument("--plays-per-day", type=float, metavar="N", help="one size instead of five")
    parser.add_argument("--update", type=Path, metavar="PAGE", help="write the tables into a page")
    given = parser.parse_args(arguments)
    if given.plays_per_day is not None and not 1e3 <= given.plays_per_day <= 1e15:
        parser.error("--plays-per-day: give a number from 1,000 to 10^15")
    p = Parameters()
    sizes = SCALES if given.plays_per_day is None else (given.plays_per_day,)
    if given.update:
        page = given.update.read_text(encoding="utf-8")
        given.update.write_text(updated(page, blocks(p)), encoding="utf-8")
    else:
        for name, text in blocks(p, sizes, given.plays_per_day or GOAL).items():
            print(f"## {name}\n\n{text}\n")


if __name__ == "__main__":
    main()
