"""The one place that hands out SQL: statements by name, rendered for an engine.

The statements lie in `sql/`, one a file, in the Redshift dialect; sqlglot renders them for DuckDB, ahead of time: what
`make derived` wrote into `rendered/` spares every run 0.4 s. Names are paths below `sql/` without the ending,
such as `transform/load_plays`.

    python -m sparkify.sql_queries                               list every statement
    python -m sparkify.sql_queries transform/add_time            print it as it is written (Redshift)
    python -m sparkify.sql_queries transform/add_time duckdb     print it as DuckDB gets it
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from sparkify.errors import UsageError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from sqlglot.expressions import Expression

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

# The transform, in order. What needs the catalogue comes before what resolves plays against it.
INCOMING = (
    "transform/load_songs",
    "transform/load_tracks",
    "transform/load_new_texts",
    "transform/load_range",
    "transform/load_decoded",
)
KEYS = (
    "transform/load_texts",
    "transform/load_song_keys",
    "transform/load_artist_keys",
)
SONGS = (
    "transform/load_artist_ids",
    "transform/load_changed_songs",
    "transform/drop_old_songs",
    "transform/add_songs",
    "transform/drop_old_song_sources",
    "transform/add_song_sources",
    "transform/drop_changed_songs",
    "transform/add_changed_songs",
    "transform/note_changed_songs",
)
ARTISTS = (
    "transform/load_changed_artists",
    "transform/drop_changed_artists",
    "transform/add_changed_artists",
    "transform/drop_unnamed_artists",
    "transform/note_changed_artists",
)
TRACKS = (
    "transform/add_tracks",
    "transform/add_track_keys",
    "transform/load_unresolved",
    "transform/load_resolved",
    "transform/load_changed_tracks",
    "transform/resolve_tracks",
)
MOVES = (
    "transform/load_moved_plays",
    "transform/move_plays",
    "transform/note_moved_plays",
)
PLAYS = (
    "transform/load_repeated",
    "transform/load_kept",
    "transform/load_plays",
    "transform/add_plays",
    "transform/add_play_tracks",
    "transform/load_instants",
    "transform/add_time",
)
USERS = (
    "transform/load_users",
    "transform/load_changed_users",
    "transform/drop_changed_users",
    "transform/add_changed_users",
    "transform/drop_latest_events",
    "transform/add_latest_events",
    "transform/note_changed_users",
)


def statement(name: str, engine: Engine = "duckdb") -> str:
    """The SQL of one statement for an engine, without its header; raises UsageError for an unknown name."""
    return _render(name, engine)


@cache
def _render(name: str, engine: Engine) -> str:
    text = source(name)
    return body(text) if engine == "redshift" else _rendered(name, text) or render(text)


def _rendered(name: str, text: str) -> str | None:
    """The DuckDB form that was written ahead, if it is that of this text."""
    try:
        mark, _, found = (
            _folder("rendered").joinpath(*f"{name}.sql".split("/")).read_text(encoding="utf-8").partition("\n")
        )
    except FileNotFoundError:
        return None
    return found.removesuffix("\n") if mark == mark_of(text) else None


def mark_of(text: str) -> str:
    """The first line of what was rendered of a text, so that whoever changes the text gets the change."""
    return f"-- rendered by `make derived`, do not edit; {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def render(text: str) -> str:
    """A statement in the Redshift dialect as DuckDB takes it."""
    import sqlglot
    from sqlglot.errors import ErrorLevel

    tree = sqlglot.parse_one(text, read="redshift").transform(_for_duckdb)
    return tree.sql("duckdb", pretty=True, comments=False, unsupported_level=ErrorLevel.IGNORE)


def _for_duckdb(node: Expression) -> Expression:
    """Mend what sqlglot 30 leaves different between the engines."""
    from sqlglot import exp

    if isinstance(node, exp.RegexpReplace) and not node.args.get("modifiers"):
        # Redshift replaces every match, DuckDB only the first unless told otherwise.
        node.set("modifiers", exp.Literal.string("g"))
    if isinstance(node, exp.ByteLength) or (isinstance(node, exp.Anonymous) and node.name.lower() == "octet_length"):
        # DuckDB counts the bytes of text by strlen; its octet_length takes BLOB only.
        return exp.Anonymous(
            this="strlen",
            expressions=[node.this if isinstance(node, exp.ByteLength) else node.expressions[0]],
        )
    return node


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


def body(text: str) -> str:
    """The text of a statement's file without its header."""
    lines = text.splitlines()
    while lines and (lines[0].startswith("--") or not lines[0].strip()):
        lines.pop(0)
    return "\n".join(lines).strip()


def _folder(name: str = "sql") -> Traversable:
    return files("sparkify") / name


def _walk(folder: Traversable, prefix: str = "") -> Iterator[str]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".sql"):
            yield prefix + entry.name.removesuffix(".sql")


def main(arguments: list[str]) -> int:
    """Print the list of statements, or one of them for an engine."""
    if len(arguments) > 2 or (len(arguments) == 2 and arguments[1] not in ("redshift", "duckdb")):
        sys.stderr.write("usage: python -m sparkify.sql_queries [NAME [redshift|duckdb]]\n")
        return UsageError.exit_code
    try:
        if not arguments:
            sys.stdout.write("\n".join(names()) + "\n")
        elif arguments[1:] == ["duckdb"]:
            sys.stdout.write(statement(arguments[0], "duckdb") + "\n")
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
