"""Staging on DuckDB: what COPY does on Redshift, with `read_json` over a list of parts.

Fields are read as text and made into their types here, because the reader bends what design section 4.1
rejects. Each row says whether something in it needs the exact reader (`suspect`) and how many fields the
engine found NULL (`absent`), for the proof in `source/shape.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from sparkify.source.fields import EPOCH_MAX, EPOCH_MIN, FIELDS, Field, Kind, Type
from sparkify.source.files import SourceFile
from sparkify.source.parts import Part
from sparkify.source.shape import names_are_exact
from sparkify.sql_queries import file_literal, literal

_TABLES: dict[Kind, str] = {"log": "staging_events", "song": "batch_songs"}
_TYPES = {Type.TEXT: "varchar", Type.INT: "integer", Type.DOUBLE: "double", Type.EPOCH: "timestamp"}

# The JSON number grammar, and of whole numbers what comes as it is: the engine makes 7.00000000000000000001 7.0.
_DOUBLE = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_WHOLE = r"-?(0|[1-9][0-9]{0,9})"
_EPOCH = r"-?(0|[1-9][0-9]{0,14})"
# A number in a text field comes as the engine writes it, `1.10` as 1.1; whole numbers come as they are.
_REWRITTEN = r"-?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?"
_INSTANTS = f"between {EPOCH_MIN} and {EPOCH_MAX}"
_KEPT = r"-?[0-9]+"


def stage(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> list[Part]:
    """Fill temp.staging_events and temp.batch_songs; returns the parts that were not read exactly."""
    failed: list[Part] = []
    for kind in ("log", "song"):
        failed += _stage_kind(connection, kind, [part for part in parts if part.kind == kind])
    return failed


def _stage_kind(connection: duckdb.DuckDBPyConnection, kind: Kind, parts: Sequence[Part]) -> list[Part]:
    table = _TABLES[kind] if kind == "log" else "raw_songs"
    _create(connection, kind, table)
    read = [part for part in parts if part.shape.lines]
    groups: dict[tuple[tuple[str, ...], bool], list[int]] = {}
    for number, part in enumerate(read):
        groups.setdefault((part.names, part.trusted), []).append(number)
    for (names, trusted), numbers in groups.items():
        sql = _insert(kind, table, names, [read[number].path for number in numbers], numbers, trusted=trusted)
        try:
            connection.execute(sql)
        except Exception as error:
            # Whatever it says of a file's bytes, and however the driver puts that, is that file's matter alone.
            _heed_interrupt(error)
            broken = [read[number] for number in numbers if not _readable(connection, read[number])]
            if not broken:
                raise
            return broken
    failed = _failed(connection, table, read)
    if kind == "song" and not failed:
        _add_sources(connection, read)
    return failed


def _create(connection: duckdb.DuckDBPyConnection, kind: Kind, table: str) -> None:
    columns = ", ".join(f"{field.column} {_TYPES[field.type]}" for field in FIELDS[kind])
    connection.execute(
        f"create or replace temp table {table} ({columns}, part integer, absent utinyint, suspect boolean)"
    )
    if kind == "song":
        connection.execute(
            f"create or replace temp table batch_songs ({columns}, modified timestamp, url varchar, record bigint)"
        )


def _insert(
    kind: Kind,
    table: str,
    names: tuple[str, ...],
    paths: Sequence[Path],
    numbers: Sequence[int],
    *,
    trusted: bool,
) -> str:
    fields = FIELDS[kind]
    # Read under names of our own: a JSONPaths file may map a field to the column of another.
    columns = ", ".join(f"{_name(name)}: 'VARCHAR'" for name in names)
    texts = [f"source.{_name(name)}" for name in names]
    values = ", ".join(_value(field, text, trusted=trusted) for field, text in zip(fields, texts, strict=True))
    if trusted:
        absent, suspect = "0", "false"
    else:
        absent = " + ".join(f"({text} is null)::utinyint" for text in texts)
        suspect = " or ".join(_suspect(field, text) for field, text in zip(fields, texts, strict=True))
    part = "[" + ", ".join(map(str, numbers)) + "][file_index::bigint + 1]"
    return (
        f"insert into temp.main.{table} select {values}, {part}, {absent}, coalesce({suspect}, false) "
        f"from read_json([{', '.join(map(file_literal, paths))}], format = 'newline_delimited', "
        f"columns = {{{columns}}}, hive_partitioning = false, compression = 'none') as source"
    )


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _value(field: Field, text: str, *, trusted: bool) -> str:
    if field.type is Type.TEXT:
        return text
    cast = "cast" if trusted else "try_cast"
    if field.type is Type.EPOCH:
        # Beyond TIMESTAMP the engine would stop with an error.
        return f"epoch_ms(case when {cast}({text} as bigint) {_INSTANTS} then {cast}({text} as bigint) end)"
    return f"{cast}(nullif({text}, '') as {_TYPES[field.type]})"


def _suspect(field: Field, text: str) -> str:
    """Whether the exact reader has to look at a value, NULL or false if not."""
    if field.type is Type.TEXT:
        checks = [
            f"strlen({text}) > {field.width}",
            f"({text} >= '-' and {text} < ':' and regexp_full_match({text}, {literal(_REWRITTEN)}) "
            f"and not regexp_full_match({text}, {literal(_KEPT)}))",
        ]
        if field.required:
            checks.append(f"{text} is null or {text} = ''")
        return f"({' or '.join(checks)})"
    pattern = {Type.INT: _WHOLE, Type.DOUBLE: _DOUBLE, Type.EPOCH: _EPOCH}[field.type]
    number = "bigint" if field.type is Type.EPOCH else _TYPES[field.type]
    bad = f"not regexp_full_match({text}, {literal(pattern)}) or try_cast({text} as {number}) is null"
    if field.type is Type.EPOCH:
        bad += f" or not try_cast({text} as bigint) {_INSTANTS}"
    if field.type is Type.DOUBLE:
        bad += f" or not isfinite(try_cast({text} as double) * {field.factor})"
    if field.required:
        return f"({text} is null or {text} = '' or {bad})"
    return f"({text} <> '' and ({bad}))"


def _readable(connection: duckdb.DuckDBPyConnection, part: Part) -> bool:
    # Every field is asked for: the reader looks at no more than it is asked for, so it would miss their faults.
    counts = ", ".join(f"count({_name(name)})" for name in part.names)
    columns = ", ".join(f"{_name(name)}: 'VARCHAR'" for name in part.names)
    try:
        connection.execute(
            f"select {counts} from read_json([{file_literal(part.path)}], "
            f"format = 'newline_delimited', columns = {{{columns}}}, hive_partitioning = false, compression = 'none')"
        ).fetchall()
    except Exception as error:
        _heed_interrupt(error)
        return False
    return True


def _heed_interrupt(error: Exception) -> None:
    """Raise the error again if it says that somebody interrupted the statement."""
    if isinstance(error, duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and "interrupted" in str(error)
    ):
        raise error


def _failed(connection: duckdb.DuckDBPyConnection, table: str, parts: Sequence[Part]) -> list[Part]:
    """The parts in which the engine may have bent something; the proof is in `source/shape.py`."""
    found: dict[int, tuple[int, int, bool]] = {
        part: (rows, absent, suspect)
        for part, rows, absent, suspect in connection.execute(
            f"select part, count(*), sum(absent), bool_or(suspect) from temp.main.{table} group by part"
        ).fetchall()
    }
    return [part for number, part in enumerate(parts) if not _exact(part, *found.get(number, (0, 0, False)))]


def _exact(part: Part, rows: int, absent: int, suspect: bool) -> bool:
    if suspect or rows != part.shape.lines:
        return False
    if part.trusted or not part.by_name:
        return True
    counted = part.shape.keys == rows * len(part.names) and part.shape.nulls == absent
    return counted or names_are_exact(part.path, part.names)


def _add_sources(connection: duckdb.DuckDBPyConnection, parts: Sequence[Part]) -> None:
    """Fill batch_songs: the songs with the file each came from and its place in it.

    Rows come out of a part in the order of its lines, and row ids in the order of insertion, so a row's
    distance from the first of its part tells its file.
    """
    starts: list[tuple[int, int, SourceFile]] = []
    for number, part in enumerate(parts):
        first = 0
        for source in part.sources:
            if source.rows:
                starts.append((number, first, source.file))
            first += source.rows
    connection.execute(
        "create or replace temp table song_files (part integer, first bigint, url varchar, modified timestamp)"
    )
    connection.execute(
        "insert into temp.main.song_files "
        "select part, first, url, make_timestamp(modified) from (select unnest(?::integer[]) as part, "
        "unnest(?::bigint[]) as first, unnest(?::varchar[]) as url, unnest(?::bigint[]) as modified)",
        [
            [part for part, _, _ in starts],
            [first for _, first, _ in starts],
            [file.url for _, _, file in starts],
            [file.modified for _, _, file in starts],
        ],
    )
    columns = ", ".join(f"numbered.{field.column}" for field in FIELDS["song"])
    connection.execute(
        "insert into temp.main.batch_songs "
        "with firsts as (select part, min(rowid) as first from temp.main.raw_songs group by part), "
        "numbered as (select raw_songs.*, raw_songs.rowid - firsts.first as place "
        "from temp.main.raw_songs inner join firsts on raw_songs.part = firsts.part) "
        f"select {columns}, song_files.modified, song_files.url, numbered.place - song_files.first + 1 "
        "from numbered asof inner join temp.main.song_files "
        "on numbered.part = song_files.part and numbered.place >= song_files.first"
    )
