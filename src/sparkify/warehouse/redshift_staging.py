"""Staging on Amazon Redshift: the statements that COPY files, and those that hold what came against the rules.

Two kinds of files are copied. What this machine has read and typed is written as *parts* to the staging prefix,
and goes straight into its table. Big log files are copied *in place*, through a manifest, into a table of text:
COPY bends what design section 4.1 rejects (`1.5` in an INT column is an error or not by its release, `NaN` is a
number, an object in a text field is written anew), so every value is looked at here before it is typed, and what
is in doubt is fetched and read exactly instead.

Source of COPY's behaviour: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html and the pages below it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sparkify.source.fields import EPOCH_MAX, EPOCH_MIN, FIELDS, INT_MAX, INT_MIN, Field, Kind, Type
from sparkify.source.jsonpaths import JsonPaths

RAW = "load_raw_events"
"""The table of text that big log files are copied into."""

DIRECT_BYTES = 1 << 20
"""Bytes from which a log file is copied where it lies; AWS names 1 MB, compressed, as the least worth a file."""

COPY_OPTIONS = {"": "", ".gz": "gzip"}
"""COPY's word for each way in which files that it may read in place are compressed: one statement reads one of them.

Not zstandard: shippers write files of many frames, and nothing says that COPY reads more than the first.
"""

_NUMBER_WIDTH = 64
_SONG_SOURCES = (("modified", "timestamp"), ("url", "varchar(4096)"), ("record", "bigint"))
_TYPES = {Type.INT: "int", Type.DOUBLE: "double precision", Type.EPOCH: "timestamp"}

# Every number in these forms is read the same by each engine, and fits its type; others are looked at exactly. Whole
# ones without a fraction: COPY may have made 7.00000000000000000001 7.0.
_WHOLE = "^-?(0|[1-9][0-9]{0,9})$"
_EPOCH = "^-?(0|[1-9][0-9]{0,14})$"
_DOUBLE = "^-?(0|[1-9][0-9]{0,14})([.][0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$"
# COPY may write a number in a text field anew, `1.10` as 1.1 and `-0` as 0; other whole ones can only come as they are.
_REWRITTEN = "^-?((0|[1-9][0-9]*)([.][0-9]*)?|[.][0-9]+)([eE][-+]?[0-9]+)?$"
_KEPT = "^-?[1-9][0-9]{0,14}$"
# An object or array in a text field comes as COPY writes it, not as the source does; titles such as [Intro] are none.
_NESTED = '^([{]["}]|[[]([]"[{]|-?[0-9]|true|false|null))'


@dataclass(frozen=True, slots=True)
class Copy:
    """One COPY statement, but for the role and the region, which are the warehouse's."""

    table: str
    columns: tuple[str, ...]
    manifest: str
    """Address of the manifest."""
    mapping: str = "auto"
    """Address of the JSONPaths object, `auto` or `auto ignorecase`."""
    compression: str = ""
    """`gzip`, `zstd` or none."""
    time_format: str = "auto"
    scan: bool = False
    """Load nothing, only find what cannot be loaded."""

    def sql(self, role: str, region: str | None) -> str:
        """The statement. COPY takes no bind parameters, so every text in it goes through `literal`."""
        lines = [
            f"copy {self.table} ({', '.join(self.columns)})",
            f"from {literal(self.manifest)}",
            f"iam_role {'default' if role == 'default' else literal(role)}",
            "manifest",
            f"format as json {literal(self.mapping)}",
        ]
        if self.compression:
            lines.append(self.compression)
        if region:
            lines.append(f"region as {literal(region)}")
        lines.append(f"timeformat as {literal(self.time_format)}")
        # Not a tolerance: the scan is to find every bad file at once.
        lines += ["maxerror as 100000", "noload"] if self.scan else ["maxerror as 0"]
        lines += ["compupdate off", "statupdate off"]
        return "\n".join(lines)


def literal(text: str) -> str:
    """A text as a literal of Redshift, which takes a backslash for an escape as PostgreSQL once did."""
    if "\0" in text:
        raise ValueError("U+0000 in an SQL literal")
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def manifest(entries: Iterable[str]) -> bytes:
    """A manifest of these objects, each of which must be there: COPY passes over a missing one unless told so."""
    return json.dumps({"entries": [{"url": url, "mandatory": True} for url in entries]}, indent=1).encode()


def jsonpaths(keys: Sequence[str]) -> bytes:
    """A JSONPaths object of top-level keys."""
    return json.dumps({"jsonpaths": [f"$['{key}']" for key in keys]}, indent=1).encode()


def can_map(paths: JsonPaths | None) -> bool:
    """Whether COPY finds the fields of log files in place as the exact reader does."""
    if paths is None:
        return True
    return paths.names is not None and not any({"'", "\\"} & set(name) for name in paths.names)


# -- tables ---------------------------------------------------------------------------------------------


def part_columns(kind: Kind) -> tuple[str, ...]:
    """The columns of the parts of a kind."""
    columns = tuple(field.column for field in FIELDS[kind])
    return columns if kind == "log" else (*columns, *(name for name, _ in _SONG_SOURCES))


def create_batch_songs() -> str:
    """The table of the batch's songs, with the file of each and its place in it."""
    columns = [f"{field.column} {_type(field)}" for field in FIELDS["song"]]
    columns += [f"{name} {data_type}" for name, data_type in _SONG_SOURCES]
    return f"create temp table batch_songs ({', '.join(columns)}) distkey (song_id)"


def create_raw() -> str:
    """The table of text; its columns are the public names, which COPY matches ignoring case."""
    columns = []
    for field in FIELDS["log"]:
        width = field.width or _NUMBER_WIDTH
        columns.append(f"{raw_column(field)} varchar({width}){' not null' if field.required else ''}")
    return f"create temp table {RAW} ({', '.join(columns)})"


def raw_column(field: Field) -> str:
    """The column of the table of text that a field fills."""
    return field.name.lower()


def _type(field: Field) -> str:
    return f"varchar({field.width})" if field.type is Type.TEXT else _TYPES[field.type]


# -- what was copied in place -----------------------------------------------------------------------------


def count_doubtful() -> str:
    """How many of the copied rows hold a value that only the exact reader can judge."""
    return f"select count(*) from {RAW} where {' or '.join(_doubt(field) for field in FIELDS['log'])}"


def type_raw() -> str:
    """Fill `staging_events` from the table of text."""
    fields = FIELDS["log"]
    columns = ", ".join(field.column for field in fields)
    return f"insert into staging_events ({columns}) select {', '.join(_typed(field) for field in fields)} from {RAW}"


def _doubt(field: Field) -> str:
    text = f"{RAW}.{raw_column(field)}"
    if field.type is Type.TEXT:
        doubts = [
            f"({text} ~ {literal(_REWRITTEN)} and {text} !~ {literal(_KEPT)})",
            f"{text} ~ {literal(_NESTED)}",
            f"{text} in ('true', 'false', 't', 'f')",
        ]
        if field.required:
            doubts.append(f"octet_length({text}) = 0")
        return f"({' or '.join(doubts)})"
    if field.type is Type.DOUBLE:
        return f"(octet_length({text}) > 0 and {text} !~ {literal(_DOUBLE)})"
    pattern, low, high = (_WHOLE, INT_MIN, INT_MAX) if field.type is Type.INT else (_EPOCH, EPOCH_MIN, EPOCH_MAX)
    # CASE, because the engine may look at the parts of an OR in any order, and a cast of what is no number stops it.
    out = f"case when {text} ~ {literal(pattern)} then {_whole(text)} < {low} or {_whole(text)} > {high} else true end"
    return f"({out})" if field.required else f"(octet_length({text}) > 0 and {out})"


def _typed(field: Field) -> str:
    text = f"{RAW}.{raw_column(field)}"
    if field.type is Type.TEXT:
        return text
    if field.type is Type.DOUBLE:
        return f"cast(nullif({text}, '') as double precision)"
    if field.type is Type.INT:
        number = _whole(f"nullif({text}, '')")
        return f"cast({number} as int)"
    # Whole days, then the milliseconds left, both INT as DATEADD wants: no step has a fraction that could be rounded.
    whole = _whole(text)
    return (
        f"dateadd(millisecond, cast({whole} % 86400000 as int), "
        f"dateadd(day, cast({whole} / 86400000 as int), timestamp '1970-01-01 00:00:00'))"
    )


def _whole(text: str) -> str:
    return f"cast({text} as bigint)"
