"""The one place that hands out SQL: statements by name, for an engine.

The statements lie in `sql/`, one a file, in the Redshift dialect. DuckDB runs the same text, but for the few words
of `_DUCKDB`. Names are paths below `sql/` without the ending, such as `models/songplays`.

    python -m sparkify.sql_queries                               list every statement
    python -m sparkify.sql_queries models/time               print it as it is written (Redshift)
    python -m sparkify.sql_queries models/time duckdb        print what DuckDB gets
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

from sparkify.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Engine = Literal["redshift", "duckdb"]

STAR = ("songplays", "users", "songs", "artists", "time")
"""The star schema: the fact and its dimensions."""

STAGING = ("staging_events", "staging_songs")

BOOKKEEPING = (
    "etl_runs",
    "etl_batches",
    "etl_files",
    "etl_rejects",
    "etl_tracks",
    "etl_track_keys",
    "etl_plays",
    "etl_songs",
    "etl_users",
    "etl_settings",
)

TABLES = STAGING + STAR + BOOKKEEPING
"""Every table of the warehouse, in the order in which they are created."""

RUN_TABLES = ("run_users", "run_songs", "run_artists", "run_plays")
"""Temporary tables of one run: what it added or changed."""


def statement(name: str, engine: Engine = "duckdb") -> str:
    """The SQL of one statement for an engine, without its header; raises UsageError for an unknown name."""
    return _statement(name, engine)


@cache
def _statement(name: str, engine: Engine) -> str:
    text = body(source(name))
    return for_duckdb(text) if engine == "duckdb" else text


_DUCKDB = (
    # Where rows lie, and in which order, is the cluster's business.
    (re.compile(r" (?:diststyle \w+|distkey \(\w+\)|sortkey \(\w+\))"), ""),
    # DuckDB counts the bytes of text by strlen; its octet_length takes BLOB only.
    (re.compile(r"\boctet_length\("), "strlen("),
    (re.compile(r"\bdatediff\((\w+),"), r"datediff('\1',"),
    # Redshift replaces every match, DuckDB the first unless told otherwise.
    (re.compile(r"\b(regexp_replace\([^()]*)\)"), r"\1, 'g')"),
)
"""All that DuckDB takes in another form; a test holds the whole against sqlglot's reading of both dialects."""


def for_duckdb(text: str) -> str:
    """A statement in the Redshift dialect as DuckDB takes it, line by line the same."""
    for pattern, form in _DUCKDB:
        text = pattern.sub(form, text)
    return text


def source(name: str) -> str:
    """The text of a statement's file; raises UsageError for an unknown name."""
    path = _folder().joinpath(*f"{name}.sql".split("/"))
    if not re.fullmatch(r"[a-z]+/[a-z0-9_-]+", name) or not path.is_file():
        raise UsageError(f"no statement '{name}'; `python -m sparkify.sql_queries` lists them")
    return path.read_text(encoding="utf-8")


def names(folder: str = "") -> tuple[str, ...]:
    """Every statement's name, sorted; or those of one folder such as `audit`."""
    return tuple(sorted(name for name in _walk(_folder()) if name.startswith(f"{folder}/" if folder else "")))


def audits() -> tuple[str, ...]:
    """The names of the audits: each gives one row, the count of violations and an example."""
    return names("audit")


def literal(value: str) -> str:
    """A text as an SQL literal, for what cannot be bound: a quote is doubled."""
    if "\0" in value:
        raise ValueError("U+0000 in an SQL literal")
    return "'" + value.replace("'", "''") + "'"


def file_literal(path: Path) -> str:
    """A path as an SQL literal for DuckDB's readers, which take patterns: this file and no other."""
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def body(text: str) -> str:
    """The text of a statement's file without its header."""
    lines = text.splitlines()
    while lines and (lines[0].startswith("--") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines).strip()


def _folder() -> Traversable:
    return files("sparkify") / "sql"


def _walk(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".sql"):
            yield prefix + entry.name.removesuffix(".sql")


def _sent(name: str, engine: Engine) -> list[str]:
    """What is sent to an engine for a file: of a model, the statements that its strategy makes of the SELECT."""
    if name.startswith("models/"):
        from sparkify.models import model

        return model(name.removeprefix("models/")).statements(engine)
    return [statement(name, engine)]


def main(arguments: list[str]) -> int:
    """Print the list of statements, or one of them for an engine."""
    if len(arguments) > 2 or (len(arguments) == 2 and arguments[1] not in ("redshift", "duckdb")):
        sys.stderr.write("usage: python -m sparkify.sql_queries [NAME [redshift|duckdb]]\n")
        return UsageError.exit_code
    try:
        if not arguments:
            sys.stdout.write("\n".join(names()) + "\n")
        elif len(arguments) == 2:
            sys.stdout.write(";\n\n".join(_sent(arguments[0], cast("Engine", arguments[1]))) + "\n")
        else:
            sys.stdout.write(source(arguments[0]))
    except UsageError as error:
        sys.stderr.write(f"sparkify: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    from sparkify import streams
    from sparkify.terminal import delivered

    streams.hold()
    sys.exit(delivered(main(sys.argv[1:]), acts=False))
