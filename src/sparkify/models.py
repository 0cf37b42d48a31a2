"""The models: each is one SELECT in `sql/models/`, and a header that says how its rows get into their table.

    -- table: songs            the table that it fills; a table of the batch when the warehouse has none of that name
    -- key: song_id            its columns that tell rows apart
    -- strategy: upsert        one of the five below
    -- rule: R4                what it carries out

A table of the batch is temporary: it goes with the next batch. `MODELS` is their one order.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sparkify import sql_queries
from sparkify.sql_queries import Engine

Strategy = Literal["replace", "append", "upsert", "update", "delete"]
"""How the rows of a SELECT get into the table:

replace   the table is made of them, anew with each batch
append    they are added
upsert    they take the place of those with the same key, or are added
update    those with the same key take the columns that the header calls `sets`
delete    those with the same key go
"""

When = Literal["", "songs", "events"]

# The catalogue comes before what resolves plays against it; what a model reads comes before it.
MODELS = (
    "load_songs",
    "load_tracks",
    "load_new_texts",
    "load_range",
    "load_decoded",
    "load_texts",
    "load_song_keys",
    "load_artist_keys",
    "load_artist_ids",
    "songs",
    "staging_songs",
    "etl_songs",
    "etl_tracks",
    "etl_track_keys",
    "load_unresolved",
    "load_resolved",
    "resolved_tracks",
    "moved_plays",
    "artists",
    "unnamed_artists",
    "load_repeated",
    "load_kept",
    "load_plays",
    "songplays",
    "etl_plays",
    "load_instants",
    "time",
    "load_users",
    "users",
    "etl_users",
)
"""Every model, in the order in which a batch is transformed."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, as its file tells it."""

    name: str
    table: str
    strategy: Strategy
    select: str
    """In the Redshift dialect."""
    key: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    """Of an update: the columns that it changes."""
    changes: str = ""
    """The table of the run that keeps the keys of the rows changed."""
    distkey: str = ""
    """Redshift: the column by which rows of the batch lie with those of the table."""
    when: When = ""
    """What the batch must bring for the model to have anything to do; empty: it always has."""
    rule: str = ""

    @property
    def batch_table(self) -> str:
        """The temporary table that holds its rows; empty when it needs none."""
        if self.strategy == "replace":
            return self.table
        if self.strategy in ("append", "delete"):
            return ""
        return f"changed_{self.table}" if self.name == self.table else self.name

    def statements(self, engine: Engine) -> list[str]:
        """What carries it out, in order."""
        match self.strategy:
            case "replace":
                written = [self._create(engine)]
            case "append":
                written = [
                    _insert(self.table, f"(\n{textwrap.indent(self.select, '    ')}\n) as {self.name}", self.name)
                ]
            case "upsert":
                written = [
                    self._create(engine),
                    f"delete from {self.table}\nusing {self.batch_table}\nwhere {self._same_key()}",
                    _insert(self.table, self.batch_table, self.batch_table),
                ]
            case "update":
                sets = ",\n".join(f"    {column} = {self.batch_table}.{column}" for column in self.sets)
                written = [
                    self._create(engine),
                    f"update {self.table}\nset\n{sets}\nfrom {self.batch_table}\nwhere {self._same_key()}",
                ]
            case "delete":
                [key] = self.key
                chosen = textwrap.indent(self.select, "    ")
                written = [f"delete from {self.table}\nwhere {self.table}.{key} in (\n{chosen}\n)"]
        if self.changes:
            key = self.key[0]
            written.append(
                f"insert into {self.changes} ({key})\nselect {self.batch_table}.{key} from {self.batch_table}"
            )
        return [sql_queries.for_duckdb(sql) for sql in written] if engine == "duckdb" else written

    def _create(self, engine: Engine) -> str:
        physical = f" distkey ({self.distkey})" if self.distkey and engine == "redshift" else ""
        return f"create temp table {self.batch_table}{physical} as\n{self.select}"

    def _same_key(self) -> str:
        return " and ".join(f"{self.table}.{column} = {self.batch_table}.{column}" for column in self.key)


def _insert(table: str, rows: str, alias: str) -> str:
    names = columns(table)
    given = ",\n".join(f"    {alias}.{name}" for name in names)
    return f"insert into {table} ({', '.join(names)})\nselect\n{given}\nfrom {rows}"


@cache
def columns(table: str) -> tuple[str, ...]:
    """The columns of a table of the warehouse, as its file in `sql/schema/` lists them."""
    return tuple(re.findall(r"(?m)^    (\w+) ", sql_queries.source(f"schema/{table}")))


@cache
def model(name: str) -> Model:
    """A model by its name; raises UsageError for an unknown one."""
    text = sql_queries.source(f"models/{name}")
    found = dict(re.findall(r"(?m)^-- (\w+): (.*)$", text))
    return Model(
        name=name,
        table=found["table"],
        strategy=found["strategy"],  # a test holds each header against the names
        select=sql_queries.body(text),
        key=tuple(found.get("key", "").split()),
        sets=tuple(found.get("sets", "").split()),
        changes=found.get("changes", ""),
        distkey=found.get("distkey", ""),
        when=found.get("when", ""),
        rule=found.get("rule", ""),
    )


def models() -> tuple[Model, ...]:
    """Every model, in the order in which a batch is transformed."""
    return tuple(model(name) for name in MODELS)
