"""What a load into Amazon Redshift would take, from a million plays a day to a hundred billion: on paper.

    python -m benchmarks.scale_model                                 the tables, for five sizes
    python -m benchmarks.scale_model --plays-per-day 250000000       the same for one size
    python -m benchmarks.scale_model --json                          the figures behind them
    python -m benchmarks.scale_model --update docs/scale.md          write the tables into the page

Nothing here was measured on Redshift. Every assumption is a field of `Parameters`, with its unit and where it comes
from; every figure is a function of them. A MB, GB or TB is a power of ten.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

SCALES = (1e6, 1e8, 1e9, 1e10, 1e11)
GOAL = 1e9
"""Plays a day that the page plans for."""

MB, GB, TB = 1e6, 1e9, 1e12
HOURS = 24
MS_OF_A_DAY = 86_400_000
INT_MAX = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Parameters:
    """What the figures rest on: measured here, public, or assumed."""

    # Measured on 2,000,000 simulated events of two days (100,000 users, 20,000 songs); the 8,056 public events in
    # brackets.
    raw_bytes_per_event: float = 469.3
    """Bytes of one line of a log file (466.2)."""
    stored_bytes_per_event: float = 58.6
    """The same after gzip -6, a day a file (46.6)."""
    events_per_play: float = 1.184
    """Events of any page to one NextSong (1.181)."""
    event_text_bytes: float = 238.0
    """Bytes of an event's 18 values as text, without names and quotes (237)."""
    play_source_bytes: float = 200.0
    """Bytes of the ten columns of staging that become a play."""
    songplay_bytes: float = 180.0
    """Bytes of a row of load_plays: nine columns of songplays, the track, the item."""
    track_bytes: float = 95.0
    """Bytes of a row of etl_tracks."""
    plays_per_session: float = 8.6
    """Plays to one session."""
    parquet_songplay: float = 16.8
    """Bytes of a row of songplays as Parquet with zstd, sorted by time: stands in for Redshift's encodings."""
    parquet_etl_play: float = 2.8
    """The same of etl_plays."""
    parquet_instant: float = 2.8
    """The same of time."""
    parquet_song: float = 106.0
    """The same of a song in songs, staging_songs and etl_songs together."""
    parquet_track: float = 44.2
    """The same of a track in etl_tracks and etl_track_keys together."""
    parquet_user: float = 15.4
    """The same of a user in users and etl_users together."""
    url_bytes: float = 54.0
    """Bytes of a file's address."""
    fetched_objects_per_s: float = 2000.0
    """Small objects that the loader fetches a second, 64 at a time, behind 20 ms (docs/performance.md)."""
    parsed_events_per_core_s: float = 200_000.0
    """Events that the loader checks and types in a second of one core (docs/performance.md, rounded down)."""
    exact_events_per_s: float = 50_000.0
    """Events a second through the exact reader, which takes a file with a bad line (docs/performance.md)."""

    # Public: see the sources of the page.
    slices_per_node: int = 4
    """Slices of one ra3.4xlarge (AWS, node types)."""
    rpu_per_node: float = 6.0
    """RPUs that have the memory of one ra3.4xlarge: 96 GB, 16 GB each (AWS)."""
    most_nodes: int = 512
    """The largest cluster, 128 ra3.16xlarge, in ra3.4xlarge of a quarter the size (AWS)."""
    most_rpu: int = 1024
    """The largest Serverless base capacity, in some Regions (AWS)."""
    usd_per_node_hour: float = 3.26
    """ra3.4xlarge on demand, us-east-1, September 2026."""
    usd_per_rpu_hour: float = 0.375
    """Serverless, us-east-1, September 2026."""
    usd_per_rms_gb_month: float = 0.024
    """Managed storage, us-east-1, September 2026."""
    usd_per_s3_gb_month: float = 0.023
    """S3 Standard, first 50 TB, us-east-1."""
    usd_per_1000_put: float = 0.005
    """PUT and LIST requests, us-east-1."""
    usd_per_1000_get: float = 0.0004
    """GET requests, us-east-1."""

    # Assumed.
    copy_mb_per_slice_s: float = 20.0
    """MB of raw JSON that COPY reads a second on one slice; see `public_figures`, of CSV on older nodes."""
    sql_rows_per_slice_s: float = 1_000_000.0
    """Rows that one step of SQL joins or writes a second on one slice; see `public_figures`."""
    scan_rows_per_slice_s: float = 100_000_000.0
    """Values of one narrow column read a second on one slice; a third of the public figure for count(*)."""
    one_slice_rows_per_s: float = 1_000_000.0
    """Rows a second through a step that only one slice can do."""
    network_mb_per_node_s: float = 500.0
    """MB a second that one node sends to the others."""
    statement_s: float = 0.5
    """Seconds that a statement costs however little it does: plan, segments, queue."""
    redshift_to_parquet: float = 2.0
    """Redshift's bytes to Parquet's: weaker encodings, three hidden columns, more users than were simulated."""
    history_days: int = 365
    """Days kept in songplays, and as raw files in S3."""
    window_s: float = 3600.0
    """Seconds in which a cluster sized for it does the parallel work of a whole day."""
    target_file_mb: float = 64.0
    """MB of a log file as stored that shippers aim at; at least 1, at most 1,000 (AWS)."""
    small_file_kb: float = 100.0
    """kB of a log file as stored where shippers do not aim at anything."""
    plays_per_listener: float = 20.0
    """Plays a day of one who listens on that day."""
    users_per_listener: float = 3.0
    """Users known to one who listens today; at most 5,000,000,000."""
    plays_per_song: float = 10.0
    """Plays a day to a song of the catalogue; at most 100,000,000 songs, about what the large services name."""
    new_share: float = 0.001
    """Share of the songs, and of the tracks, that a day adds."""
    days_per_month: float = 30.4
    """Days of a month."""

    # Counted in this program; a test counts again.
    transform_statements: int = 44
    """Statements of one batch in sql/transform."""
    audit_statements: int = 25
    """Statements of one batch in sql/audit."""
    other_statements: int = 18
    """Lock, COPY, typing, counts, ledger, commit of one batch; about."""
    batch_bytes: float = float(256 << 20)
    """Default of --batch-bytes."""
    batch_files: int = 50_000
    """Files of one batch at most."""
    event_passes: int = 6
    """Times that a batch's events are read or written by SQL: typing 2, range, counts, users 2."""
    play_passes: int = 22
    """The same of its plays: transform 8, audits 14."""
    track_passes: int = 9
    """Times that a batch goes through every known track: transform 4, audits 5."""
    range_statements: int = 12
    """Statements of a batch that read every play between its first and its last instant: transform 2, audits 10."""
    song_passes: int = 12
    """The same of every song: transform 3, audits 9."""
    user_passes: int = 5
    """The same of every user: audits."""


HISTORY = (
    ("transform/load_plays: max(songplay_id)", "songplays", 1),
    ("transform/load_moved_plays", "etl_plays", 2),
    ("transform/load_moved_plays", "songplays", 3),
    ("transform/move_plays", "songplays", 1),
    ("audit/r2_play_follows_its_track", "etl_plays", 2),
    ("audit/r8_plays_are_counted", "songplays", 1),
    ("audit/r8_plays_are_counted", "etl_plays", 1),
    ("run/count_time", "time", 2),
)
"""What reads all that was ever loaded, with every batch, and how many columns of it."""


def history_columns(*, of_time: bool) -> int:
    """Columns that a batch reads of every play ever loaded, or of every instant."""
    return sum(columns for _, name, columns in HISTORY if (name == "time") == of_time)


TUTORIAL_MB, TUTORIAL_SLICES = 1200.0, 8
"""What AWS's loading tutorial copies, on four dc1.large: CSV, 14,996,734 rows."""
POST_ROWS, POST_CORES = 2_046_706_417, 4
"""What a post on billions of rows counts and updates, on one node."""
CORES_PER_SLICE = 3
"""Of an ra3.4xlarge: 12 vCPUs, 4 slices."""


def public_figures() -> dict[str, float]:
    """What the public figures come to on one slice, in a second."""
    return {
        "COPY of one gzip file by one slice, 51.56 s: MB": TUTORIAL_MB / 51.56,
        "COPY of several gzip files by 8 slices, 17.7 s: MB": TUTORIAL_MB / 17.7 / TUTORIAL_SLICES,
        "an UPDATE with a join, 1.4 million rows a second on 4 cores: rows": 1.4e6 / POST_CORES * CORES_PER_SLICE,
        "count(*) of 2,046,706,417 rows on 4 cores, 5.3 s: rows": POST_ROWS / 5.3 / POST_CORES * CORES_PER_SLICE,
    }


# What comes in


def events(p: Parameters, plays: float) -> float:
    """Events a day."""
    return plays * p.events_per_play


def raw_bytes(p: Parameters, plays: float) -> float:
    """Bytes of JSON a day."""
    return events(p, plays) * p.raw_bytes_per_event


def stored_bytes(p: Parameters, plays: float) -> float:
    """The same as they lie in S3."""
    return events(p, plays) * p.stored_bytes_per_event


def songs(p: Parameters, plays: float) -> float:
    """Songs of the catalogue; as many tracks are known."""
    return min(plays / p.plays_per_song, 1e8)


def users(p: Parameters, plays: float) -> float:
    """Users known."""
    return min(plays / p.plays_per_listener * p.users_per_listener, 5e9)


def instants(plays: float) -> float:
    """Distinct milliseconds a day that have a play, if plays are spread evenly; more they cannot be."""
    return MS_OF_A_DAY * -math.expm1(-plays / MS_OF_A_DAY)


def sessions(p: Parameters, plays: float) -> float:
    """Sessions a day."""
    return plays / p.plays_per_session


# The cluster


def copy_slice_seconds(p: Parameters, plays: float) -> float:
    """Seconds of COPY of a day's files, on one slice."""
    return raw_bytes(p, plays) / MB / p.copy_mb_per_slice_s


def day_slice_seconds(p: Parameters, plays: float) -> float:
    """Seconds of SQL that follow what is new on a day, on one slice."""
    rows = p.event_passes * events(p, plays) + p.play_passes * plays
    return rows / p.sql_rows_per_slice_s


def known_slice_seconds(p: Parameters, plays: float) -> float:
    """Seconds of SQL over every track, song and user, on one slice, once a batch."""
    rows = (p.track_passes + p.song_passes) * songs(p, plays) + p.user_passes * users(p, plays)
    return rows / p.sql_rows_per_slice_s


def nodes(p: Parameters, plays: float) -> int:
    """ra3.4xlarge that do the parallel work of a day within the window; two at least."""
    work = copy_slice_seconds(p, plays) + day_slice_seconds(p, plays) + known_slice_seconds(p, plays)
    return max(2, math.ceil(work / p.window_s / p.slices_per_node))


def machines(p: Parameters, plays: float) -> int:
    """Nodes of that cluster as they are bought: ra3.16xlarge, four times the size, from 129 on."""
    wanted = nodes(p, plays)
    return wanted if wanted <= 128 else math.ceil(wanted / 4)


def slices(p: Parameters, plays: float) -> int:
    """Slices of that cluster."""
    return nodes(p, plays) * p.slices_per_node


def rpu(p: Parameters, plays: float) -> int:
    """Serverless capacity of the same memory, in steps of 8."""
    return max(8, math.ceil(nodes(p, plays) * p.rpu_per_node / 8) * 8)


# Files


def files_per_hour(p: Parameters, plays: float) -> int:
    """Files that shippers write an hour: near the target size, a multiple of the slices, none below 1 MB."""
    hour = stored_bytes(p, plays) / HOURS
    wanted = max(1, math.ceil(hour / (p.target_file_mb * MB)))
    level = math.ceil(wanted / slices(p, plays)) * slices(p, plays)
    return level if hour / level >= MB else max(1, min(wanted, int(hour / MB)))


def file_bytes(p: Parameters, plays: float) -> float:
    """Bytes of one of them, as stored."""
    return stored_bytes(p, plays) / HOURS / files_per_hour(p, plays)


def manifest_bytes(p: Parameters, files: float) -> float:
    """Bytes of a manifest: `{"url":"…","mandatory":true},` a file."""
    return files * (p.url_bytes + 28)


def small_files(p: Parameters, plays: float) -> float:
    """Files a day if nobody aims at a size."""
    return stored_bytes(p, plays) / (p.small_file_kb * 1e3)


def small_file_hours(p: Parameters, plays: float, cores: int = 2) -> tuple[float, float]:
    """Hours a day that the loader machine fetches such files, and that its cores check and type them."""
    fetch = small_files(p, plays) / p.fetched_objects_per_s
    parse = events(p, plays) / p.parsed_events_per_core_s / cores
    return fetch / 3600, parse / 3600


def bad_line_seconds(p: Parameters, stored: float) -> float:
    """What one bad line in a file costs: all of it goes through the exact reader."""
    return stored / p.stored_bytes_per_event / p.exact_events_per_s


# What moves between nodes


@dataclass(frozen=True, slots=True)
class Move:
    """A statement that sends rows from node to node."""

    statement: str
    how: str
    bytes: float
    every_batch: bool = False
    """Whether it moves as much again with every batch, however little is new."""


def moves(p: Parameters, plays: float) -> list[Move]:
    """What one nightly batch moves, most first; statements that move less than a thousandth are left out."""
    night, tracks, size = plays, songs(p, plays), nodes(p, plays)
    new = songs(p, plays) * p.new_share
    found = [
        Move("typing into staging_events", "to the slice of ts", events(p, plays) * p.event_text_bytes),
        Move("load_plays: plays with etl_tracks", "both sides by title, artist, length", night * p.play_source_bytes),
        Move(
            "load_plays: etl_tracks with plays",
            "both sides by title, artist, length",
            tracks * p.track_bytes,
            every_batch=True,
        ),
        Move("load_plays: row_number() over ()", "all to one slice", night * p.songplay_bytes),
        Move("add_plays", "from there to the slice of start_time", night * (p.songplay_bytes - 12)),
        Move("add_play_tracks", "to the slice of songplay_id", night * 20),
        Move("load_tracks", "both sides by title, artist, length", (min(night, tracks * size) + tracks) * 60),
        Move("load_users", "events to the slice of user_id", events(p, plays) * 60),
        Move("load_changed_tracks: except", "every track, by the whole row", tracks * 50, every_batch=True),
        Move("songs, artists: add_changed_…", "new rows to every node", new * 120 * size),
        Move("r2_one_row_per_track", "every track, by title, artist, length", tracks * 60, every_batch=True),
        Move("r2_play_follows_its_track", "plays to songplay_id, then to track_id", night * (52 + 60)),
        Move("r3_user_of_play_exists", "plays to the slice of user_id", night * 12),
        Move("songplay_id_is_unique", "plays to the slice of songplay_id", night * 8),
        Move("r4_songs_are_the_catalogue", "every song, to join in full", songs(p, plays) * 160, every_batch=True),
        Move("run/resolution", "plays to the slice of track_id", night * 16),
    ]
    total = sum(move.bytes for move in found)
    return sorted((move for move in found if move.bytes >= total / 1000), key=lambda move: -move.bytes)


def moved_bytes(p: Parameters, plays: float, batches: float = 1) -> float:
    """Bytes that the batches of a day send between nodes."""
    return sum(move.bytes * (batches if move.every_batch else 1) for move in moves(p, plays))


# Time


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds of all loads of one day, by cause."""

    copy: float
    day: float
    known: float
    network: float
    numbering: float
    statements: float
    history: float

    @property
    def total(self) -> float:
        """All of it; no step is taken to overlap another."""
        return self.copy + self.day + self.known + self.network + self.numbering + self.statements + self.history


def statements(p: Parameters) -> int:
    """Statements of one batch."""
    return p.transform_statements + p.audit_statements + p.other_statements


def load(p: Parameters, plays: float, batches: float = 1, history_days: float = 0, *, mended: bool = False) -> Load:
    """The loads of one day in so many batches, with so many days loaded before.

    Mended: as the page proposes, nothing reads what is older than the batch, and ids are given on every slice.
    """
    size = slices(p, plays)
    past = plays * history_columns(of_time=False) + instants(plays) * history_columns(of_time=True)
    return Load(
        copy=copy_slice_seconds(p, plays) / size,
        day=day_slice_seconds(p, plays) / size,
        known=batches * known_slice_seconds(p, plays) / size,
        network=moved_bytes(p, plays, batches) / MB / p.network_mb_per_node_s / nodes(p, plays),
        numbering=0 if mended else plays / p.one_slice_rows_per_s,
        statements=batches * statements(p) * p.statement_s,
        history=0 if mended else batches * history_days * past / p.scan_rows_per_slice_s / size,
    )


def stray_seconds(p: Parameters, plays: float) -> float:
    """Seconds that one event adds which is as late as the days kept: the batch's range then spans them all."""
    return plays * p.history_days * p.range_statements / p.sql_rows_per_slice_s / slices(p, plays)


def rpu_hours(p: Parameters, plays: float) -> float:
    """RPU-hours of a night after a year, mended."""
    return rpu(p, plays) * load(p, plays, 1, p.history_days, mended=True).total / 3600


def default_batches(p: Parameters, plays: float) -> int:
    """Batches a day with the default --batch-bytes."""
    files = files_per_hour(p, plays) * HOURS
    per_batch = max(1, int(p.batch_bytes // file_bytes(p, plays)))
    return math.ceil(files / per_batch)


def days_until_full(p: Parameters, plays: float, batches: float) -> float:
    """Days of history after which the loads of a day no longer fit into a day."""
    one = load(p, plays, batches, 1)
    spare = 86_400 - (one.total - one.history)
    return max(0.0, spare / one.history)


# Storage and money


def stored_tables(p: Parameters, plays: float) -> dict[str, float]:
    """Bytes in Redshift after the days kept."""
    factor, kept, size = p.redshift_to_parquet, p.history_days, machines(p, plays)
    copied = 52.6 * songs(p, plays) * (size - 1)  # songs and artists, DISTSTYLE ALL, on each further node
    return {
        "songplays": plays * kept * p.parquet_songplay * factor,
        "etl_plays": plays * kept * p.parquet_etl_play * factor,
        "time": instants(plays) * kept * p.parquet_instant * factor,
        "songs, artists and their sources": (songs(p, plays) * p.parquet_song + copied) * factor,
        "tracks": songs(p, plays) * p.parquet_track * factor,
        "users": users(p, plays) * p.parquet_user * factor,
        "etl_files": files_per_hour(p, plays) * HOURS * kept * (p.url_bytes + 40),
    }


def monthly(p: Parameters, plays: float) -> dict[str, float]:
    """Dollars a month at the end of the days kept; what people ask of the warehouse is not in it."""
    month, files = p.days_per_month, files_per_hour(p, plays) * HOURS
    lists = files * p.history_days / 1000
    return {
        "Serverless, nightly loads only": rpu_hours(p, plays) * month * p.usd_per_rpu_hour,
        "ra3 nodes, always on": nodes(p, plays) * HOURS * month * p.usd_per_node_hour,
        "managed storage": sum(stored_tables(p, plays).values()) / GB * p.usd_per_rms_gb_month,
        "S3, raw files": stored_bytes(p, plays) * p.history_days / GB * p.usd_per_s3_gb_month,
        "S3, requests": month * ((files + lists) * p.usd_per_1000_put + files * p.usd_per_1000_get) / 1000,
    }


def figures(p: Parameters, plays: float) -> dict[str, float]:
    """Every figure of one size, for machines."""
    night, full = load(p, plays), load(p, plays, 1, p.history_days)
    fetch, parse = small_file_hours(p, plays)
    return {
        "plays_per_day": plays,
        "events_per_day": events(p, plays),
        "raw_bytes_per_day": raw_bytes(p, plays),
        "stored_bytes_per_day": stored_bytes(p, plays),
        "nodes": nodes(p, plays),
        "slices": slices(p, plays),
        "rpu": rpu(p, plays),
        "files_per_hour": files_per_hour(p, plays),
        "file_bytes": file_bytes(p, plays),
        "moved_bytes": moved_bytes(p, plays),
        **{f"seconds_{name}": value for name, value in asdict(full).items()},
        "seconds_stray_event": stray_seconds(p, plays),
        "seconds_first_night": night.total,
        "seconds_night_after_history": full.total,
        "seconds_night_mended": load(p, plays, 1, p.history_days, mended=True).total,
        "seconds_hour_after_history": load(p, plays, HOURS, p.history_days).total / HOURS,
        "seconds_hour_mended": load(p, plays, HOURS, p.history_days, mended=True).total / HOURS,
        "default_batches_per_day": default_batches(p, plays),
        "seconds_default_batches": load(p, plays, default_batches(p, plays), p.history_days).total,
        "days_until_default_batches_fill_the_day": days_until_full(p, plays, default_batches(p, plays)),
        "days_until_hourly_loads_fill_the_day": days_until_full(p, plays, HOURS),
        "small_files_per_day": small_files(p, plays),
        "small_file_fetch_hours": fetch,
        "small_file_parse_hours": parse,
        "days_of_session_ids": INT_MAX / sessions(p, plays),
        "stored_table_bytes": sum(stored_tables(p, plays).values()),
        **{f"usd_{name}": value for name, value in monthly(p, plays).items()},
    }


# Words


def amount(value: float) -> str:
    """Three digits, with a comma at the thousands."""
    if value == 0:
        return "0"
    digits = 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, min(digits, 2))}f}"


def count(value: float) -> str:
    """How many, in words where there are many."""
    for unit, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if value >= unit:
            return f"{float(f'{value / unit:.3g}'):g} {word}"
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"


def volume(value: float) -> str:
    """Bytes, in a unit that suits."""
    for unit, word in ((1e15, "PB"), (TB, "TB"), (GB, "GB"), (MB, "MB")):
        if value >= unit:
            return f"{amount(value / unit)} {word}"
    return f"{amount(value / 1e3)} kB"


def span(seconds: float) -> str:
    """Seconds, in a unit that suits."""
    for unit, least, word in ((86_400, 172_800, "days"), (3600, 5400, "h"), (60, 90, "min")):
        if seconds >= least:
            return f"{amount(seconds / unit)} {word}"
    return f"{amount(seconds)} s"


def days(value: float) -> str:
    """Days, in words."""
    if value < 1:
        return "at once"
    return "ten years or more" if value >= 3650 else f"{amount(value)} days"


def cluster(p: Parameters, plays: float) -> str:
    """The cluster in words."""
    size = machines(p, plays)
    return f"{size} ra3.4xlarge" if size == nodes(p, plays) else f"{size} ra3.16xlarge"


def size_name(plays: float) -> str:
    """A size as the head of a column."""
    power = math.log10(plays)
    return f"10^{power:.0f}" if power == int(power) else count(plays)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a row whose name is bold is bold."""
    told = [[f"**{cell}**" if row[0].startswith("**") and i else cell for i, cell in enumerate(row)] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, ["---"] * len(head), *told))


def grid(head: str, sizes: Sequence[float], rows: Sequence[tuple[str, Callable[[float], str]]]) -> str:
    """A table with a column for each size."""
    return table([head, *map(size_name, sizes)], [[name, *map(cell, sizes)] for name, cell in rows])


# The tables of the page


def input_table(p: Parameters, sizes: Sequence[float]) -> str:
    """What comes in, and the cluster and files that suit it."""
    return grid(
        "plays a day",
        sizes,
        [
            ("events a day", lambda n: count(events(p, n))),
            ("JSON a day", lambda n: volume(raw_bytes(p, n))),
            ("the same as stored, gzip", lambda n: volume(stored_bytes(p, n))),
            ("users known", lambda n: count(users(p, n))),
            ("songs, and as many tracks", lambda n: count(songs(p, n))),
            ("cluster", lambda n: cluster(p, n)),
            ("slices", lambda n: f"{slices(p, n):,}"),
            ("files an hour", lambda n: f"{files_per_hour(p, n):,}"),
            ("one file, as stored", lambda n: volume(file_bytes(p, n))),
            ("files in the ledger after a year", lambda n: count(files_per_hour(p, n) * HOURS * 365)),
            ("manifest of a night", lambda n: volume(manifest_bytes(p, files_per_hour(p, n) * HOURS))),
            ("one bad line costs, in the exact reader", lambda n: span(bad_line_seconds(p, file_bytes(p, n)))),
            (
                "a bad line in every file, or a doubtful value in a nightly batch",
                lambda n: span(bad_line_seconds(p, stored_bytes(p, n))),
            ),
        ],
    )


def time_table(p: Parameters, sizes: Sequence[float]) -> str:
    """How long one load a night takes."""

    def full(n: float) -> Load:
        return load(p, n, 1, p.history_days)

    return grid(
        "one load a night",
        sizes,
        [
            ("COPY", lambda n: span(full(n).copy)),
            ("SQL over what is new", lambda n: span(full(n).day)),
            ("SQL over every track, song and user", lambda n: span(full(n).known)),
            ("rows sent between nodes", lambda n: span(full(n).network)),
            ("numbering on one slice", lambda n: span(full(n).numbering)),
            (f"{statements(p)} statements", lambda n: span(full(n).statements)),
            ("**first night**", lambda n: span(load(p, n).total)),
            ("reading a year of history", lambda n: span(full(n).history)),
            ("**night after a year**", lambda n: span(full(n).total)),
            ("**the same, mended**", lambda n: span(load(p, n, 1, p.history_days, mended=True).total)),
            ("one event that is a year late adds", lambda n: span(stray_seconds(p, n))),
        ],
    )


def often_table(p: Parameters, sizes: Sequence[float]) -> str:
    """What loading more often costs."""
    return grid(
        "after a year",
        sizes,
        [
            ("one of 24 hourly loads", lambda n: span(load(p, n, HOURS, p.history_days).total / HOURS)),
            ("the same, mended", lambda n: span(load(p, n, HOURS, p.history_days, mended=True).total / HOURS)),
            ("hourly loads fill the day after", lambda n: days(days_until_full(p, n, HOURS))),
            ("batches a day at the default `--batch-bytes`", lambda n: f"{default_batches(p, n):,}"),
            ("those take, a day", lambda n: span(load(p, n, default_batches(p, n), p.history_days).total)),
            ("those fill the day after", lambda n: days(days_until_full(p, n, default_batches(p, n)))),
        ],
    )


def small_table(p: Parameters, sizes: Sequence[float]) -> str:
    """What small files cost."""
    return grid(
        f"files of {p.small_file_kb:.0f} kB",
        sizes,
        [
            ("files a day", lambda n: count(small_files(p, n))),
            ("fetching them, a day", lambda n: span(small_file_hours(p, n)[0] * 3600)),
            ("checking and typing on 2 cores, a day", lambda n: span(small_file_hours(p, n)[1] * 3600)),
            ("batches a day, by number of files alone", lambda n: f"{math.ceil(small_files(p, n) / p.batch_files):,}"),
            ("files in the ledger after a year", lambda n: count(small_files(p, n) * 365)),
            ("LIST requests of one run then", lambda n: count(math.ceil(small_files(p, n) * 365 / 1000))),
        ],
    )


def moves_table(p: Parameters, plays: float) -> str:
    """What a nightly batch moves."""
    rows = [[move.statement, move.how, volume(move.bytes)] for move in moves(p, plays)]
    each = f"{volume(moved_bytes(p, plays) / machines(p, plays))} a node"
    return table(["statement", "rows go", "bytes"], [*rows, ["**together**", each, volume(moved_bytes(p, plays))]])


def history_table(p: Parameters, plays: float) -> str:
    """What reads everything ever loaded."""

    def seconds(name: str, columns: int) -> float:
        rows = (instants(plays) if name == "time" else plays) * p.history_days
        return rows * columns / p.scan_rows_per_slice_s / slices(p, plays)

    head = ["statement", "reads all of", "columns", "a batch, after a year"]
    return table(head, [[f"`{what}`", f"`{of}`", str(many), span(seconds(of, many))] for what, of, many in HISTORY])


def storage_table(p: Parameters, sizes: Sequence[float]) -> str:
    """What a year takes in Redshift."""
    names = list(stored_tables(p, GOAL))
    return grid(
        "after a year",
        sizes,
        [
            *((name, lambda n, name=name: volume(stored_tables(p, n)[name])) for name in names),
            ("**together**", lambda n: volume(sum(stored_tables(p, n).values()))),
            ("bytes a play", lambda n: amount(sum(stored_tables(p, n).values()) / n / p.history_days)),
        ],
    )


def cost_table(p: Parameters, sizes: Sequence[float]) -> str:
    """What a month costs."""
    names = list(monthly(p, GOAL))
    return grid(
        "dollars a month, after a year",
        sizes,
        [
            *((name, lambda n, name=name: amount(monthly(p, n)[name])) for name in names),
            ("**with Serverless**", lambda n: amount(sum(monthly(p, n).values()) - monthly(p, n)[names[1]])),
            ("**with nodes always on**", lambda n: amount(sum(monthly(p, n).values()) - monthly(p, n)[names[0]])),
            ("RPU", lambda n: f"{rpu(p, n):,}"),
            ("RPU-hours a night", lambda n: amount(rpu_hours(p, n))),
            ("node-hours a day, ra3.4xlarge", lambda n: f"{nodes(p, n) * HOURS:,}"),
        ],
    )


DOUBTS: tuple[tuple[str, str, float, float], ...] = (
    ("copy_mb_per_slice_s", "COPY, MB of JSON a slice and second", 10, 40),
    ("sql_rows_per_slice_s", "SQL, rows a slice and second", 500_000, 2_000_000),
    ("scan_rows_per_slice_s", "scan, values a slice and second", 30_000_000, 300_000_000),
    ("one_slice_rows_per_s", "numbering, rows a second", 300_000, 3_000_000),
    ("network_mb_per_node_s", "network, MB a node and second", 250, 1000),
    ("statement_s", "seconds that a statement costs", 2, 0.1),
    ("redshift_to_parquet", "Redshift's bytes to Parquet's", 4, 1),
)
"""Assumptions with a worse and a better value."""


def public_table(p: Parameters) -> str:
    """What public figures come to, beside what is used."""
    used = (p.copy_mb_per_slice_s, p.copy_mb_per_slice_s, p.sql_rows_per_slice_s, p.scan_rows_per_slice_s)
    rows = [[what, count(it), count(of)] for (what, it), of in zip(public_figures().items(), used, strict=True)]
    return table(["public figure", "one slice, a second", "used here"], rows)


def doubt_table(p: Parameters, plays: float) -> str:
    """What each assumption is worth, on the cluster that the values used call for."""

    def night(q: Parameters) -> str:
        spread, one = slices(q, plays) / slices(p, plays), load(q, plays, 1, q.history_days)
        whole = one.copy + one.day + one.known + one.network + one.history
        return span(whole * spread + one.numbering + one.statements)

    def stored(q: Parameters) -> str:
        return volume(sum(stored_tables(q, plays).values()))

    rows = []
    for name, words, worse, better in DOUBTS:
        values = (worse, float(getattr(p, name)), better)
        tried = [with_value(p, name, value) for value in values]
        told = stored if name == "redshift_to_parquet" else night
        rows.append(
            [
                words,
                "; ".join(f"{float(f'{value:g}'):,g}" if value < 1000 else count(value) for value in values),
                "; ".join(map(told, tried)),
            ]
        )
    return table(["assumption", "worse; used; better", "night after a year; or bytes of a year"], rows)


def with_value(p: Parameters, name: str, value: float) -> Parameters:
    """The same parameters but one."""
    return Parameters(**{**asdict(p), name: value})


def first(broken: Callable[[float], bool]) -> str:
    """Plays a day from which on something is broken."""
    low, high = 1.0, 1e15
    for _ in range(200):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if broken(middle) else (middle, high)
    return count(high)


def limit_table(p: Parameters) -> str:
    """Where a hard limit is met."""
    limits: list[tuple[str, Callable[[float], bool]]] = [
        ("`session_id` INT lasts less than a year", lambda n: INT_MAX / sessions(p, n) < 365),
        ("`session_id` INT lasts less than 30 days", lambda n: INT_MAX / sessions(p, n) < 30),
        ("more than 100,000 bad events a night, at 1 in 10,000", lambda n: events(p, n) / 1e4 > 1e5),
        ("default batches fill the day on the first day", lambda n: days_until_full(p, n, default_batches(p, n)) < 1),
        ("numbering takes an hour a night", lambda n: load(p, n).numbering > 3600),
        ("`user_id` INT", lambda n: users(p, n) > INT_MAX),
        ("hourly loads fill the day before a year is loaded", lambda n: days_until_full(p, n, HOURS) < 365),
        ("1,024 RPU", lambda n: rpu(p, n) > p.most_rpu),
        ("numbering takes the whole day", lambda n: load(p, n).numbering > 86_400),
        ("128 ra3.16xlarge", lambda n: nodes(p, n) > p.most_nodes),
    ]
    return table(["limit", "met at plays a day"], [[what, first(broken)] for what, broken in limits])


def short(p: Parameters, n: float = GOAL) -> str:
    """The answer in a few lines."""
    night, mended = load(p, n, 1, p.history_days), load(p, n, 1, p.history_days, mended=True)
    hourly = load(p, n, HOURS, p.history_days).total / HOURS
    batches = default_batches(p, n)
    serverless, always, *rest = monthly(p, n).values()
    readers = len({what for what, _, _ in HISTORY})
    lines = [
        f"{count(n)} plays are {count(events(p, n))} events a day: {volume(raw_bytes(p, n))} of JSON, "
        f"{volume(stored_bytes(p, n))} as stored, {files_per_hour(p, n)} files of {volume(file_bytes(p, n))} an hour.",
        f"{cluster(p, n)} ({slices(p, n)} slices) load a night of it in {span(load(p, n).total)} at first, in "
        f"{span(night.total)} when a year is loaded, and then in {span(mended.total)} with the changes proposed below.",
        f"An hourly load takes {span(hourly)} by then. The default of `--batch-bytes` cuts a day into {batches} "
        f"batches, which would take {span(load(p, n, batches, p.history_days).total)}: raise it.",
        f"A year is {volume(sum(stored_tables(p, n).values()))} in Redshift. Storage and requests cost about "
        f"${amount(sum(rest))} a month, compute ${amount(serverless)} (Serverless, loads only) or ${amount(always)} "
        "(nodes always on).",
        f"What breaks first is in the program and in the types, not in the cluster: {readers} statements read every "
        "play or instant ever loaded, with every batch; and `session_id` as INT lasts "
        f"{amount(INT_MAX / sessions(p, n))} days if the app numbers sessions one by one.",
    ]
    return "\n".join(textwrap.fill(f"- {line}", 120, subsequent_indent="  ", break_on_hyphens=False) for line in lines)


def blocks(p: Parameters, sizes: Sequence[float] = SCALES, goal: float = GOAL) -> dict[str, str]:
    """Everything that the page shows, by name."""
    return {
        "short": short(p, goal),
        "input": input_table(p, sizes),
        "time": time_table(p, sizes),
        "often": often_table(p, sizes),
        "history": history_table(p, goal),
        "moves": moves_table(p, goal),
        "small files": small_table(p, sizes),
        "storage": storage_table(p, sizes),
        "cost": cost_table(p, sizes),
        "limits": limit_table(p),
        "public": public_table(p),
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
    parser.add_argument("--json", action="store_true", help="the parameters and the figures")
    parser.add_argument("--update", type=Path, metavar="PAGE", help="write the tables into a page")
    given = parser.parse_args(arguments)
    if given.plays_per_day is not None and not 1e3 <= given.plays_per_day <= 1e15:
        parser.error("--plays-per-day: give a number from 1,000 to 10^15")
    p = Parameters()
    sizes = SCALES if given.plays_per_day is None else (given.plays_per_day,)
    if given.json:
        print(json.dumps({"parameters": asdict(p), "sizes": [figures(p, n) for n in sizes]}, indent=2))
    elif given.update:
        page = given.update.read_text(encoding="utf-8")
        given.update.write_text(updated(page, blocks(p)), encoding="utf-8")
    else:
        for name, text in blocks(p, sizes, given.plays_per_day or GOAL).items():
            print(f"## {name}\n\n{text}\n")


if __name__ == "__main__":
    main()
