"""Write what follows from the SQL: docs/data-dictionary.md and docs/queries.md.

    make derived      (or: python -m scripts.write_derived)

A test fails when either is out of date.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sparkify import queries, sql_queries

ROOT = Path(__file__).parents[1]
DICTIONARY = ROOT / "docs" / "data-dictionary.md"
CATALOGUE = ROOT / "docs" / "queries.md"

_TABLE = re.compile(r"create table if not exists (\w+) \(\n(.*?)\n\)(.*)", re.DOTALL)
_COLUMN = re.compile(r"    (\w+) ([a-z ]+(?:\(\d+\))?(?: not null)?),? -- (.*)")
_GROUPS = (
    ("The star schema", "What people analyse: one fact table and its dimensions.", sql_queries.STAR),
    ("Staging", "Source records, typed, before the transform.", sql_queries.STAGING),
    ("Bookkeeping", "What makes loads incremental, repeatable and explainable.", sql_queries.BOOKKEEPING),
)


@dataclass(frozen=True)
class Column:
    """One column as its line in `sql/schema/` tells it."""

    name: str
    type: str
    nullable: bool
    source: str
    unit: str
    rule: str


@dataclass(frozen=True)
class Table:
    """One table as its file in `sql/schema/` tells it."""

    name: str
    grain: str
    columns: tuple[Column, ...]


def parse_table(name: str) -> Table:
    """Read a table's file; raises ValueError for a column without its comment."""
    text = sql_queries.source(f"schema/{name}")
    header = [line.removeprefix("-- ") for line in text.splitlines() if line.startswith("-- ")]
    match = _TABLE.search(text)
    if match is None:
        raise ValueError(f"schema/{name}: no table")
    columns: list[Column] = []
    for line in match.group(2).splitlines():
        found = _COLUMN.fullmatch(line)
        if found is None:
            raise ValueError(f"schema/{name}: a column needs a comment with its source, unit or rule: {line.strip()}")
        facts: dict[str, str] = {}
        for fact in found.group(3).split("; "):
            key, separator, value = fact.partition(": ")
            if separator and key in ("source", "unit", "rule"):
                facts[key] = value
            else:  # a word more on the fact before
                last = list(facts)[-1]
                facts[last] += f"; {fact}"
        kind = found.group(2)
        columns.append(
            Column(
                found.group(1),
                kind.removesuffix(" not null"),
                not kind.endswith("not null"),
                facts.get("source", ""),
                facts.get("unit", ""),
                facts.get("rule", ""),
            )
        )
    grain = " ".join(header).removeprefix(f"{name}: ")
    return Table(name, grain[:1].upper() + grain[1:], tuple(columns))


def dictionary() -> str:
    """The data dictionary as Markdown."""
    lines = [
        "# Data dictionary",
        "",
        "Every table and column: its grain, type, unit, source field and rule. Generated from "
        "`src/sparkify/sql/schema/` by `make derived`; change the comments there.",
        "",
        "R1 to R8 are the rules of the load; `src/sparkify/sql/models/` carries them out and "
        "`src/sparkify/sql/audit/` holds every batch against them. Types are Redshift's; DuckDB takes the same, "
        "without the widths of text (in bytes), which the loader checks itself. Empty text is NULL in the star schema.",
    ]
    for title, about, names in _GROUPS:
        lines += ["", f"## {title}", "", about]
        for name in names:
            table = parse_table(name)
            lines += [
                "",
                f"### {name}",
                "",
                table.grain,
                "",
                "| column | type | NULL | source | unit | rule |",
                "| --- | --- | --- | --- | --- | --- |",
            ]
            lines += [
                f"| `{c.name}` | {c.type} | {'yes' if c.nullable else 'no'} | {c.source} | {c.unit} | {c.rule} |"
                for c in table.columns
            ]
    return "\n".join(lines) + "\n"


def catalogue() -> str:
    """The query catalogue as Markdown."""
    lines = [
        "# The query catalogue",
        "",
        "Questions that the warehouse answers by name: `sparkify query NAME -p key=value`, on the dashboard and in the "
        "report. Generated from the headers in `src/sparkify/sql/analytics/` by `make derived`; change them there.",
        "",
        "`sparkify query NAME --sql` prints the statement for the engine of the warehouse, to paste into any tool. "
        "Days, weeks (from Monday) and hours are UTC. NULL in an answer is unknown. Counts of plays never multiply: "
        "each answer keeps its invariant, whatever titles songs share and whatever plays lack. Plays before the year 1 "
        "or after 9999, which logs can hold, are in none.",
        "",
        *_FORMATS,
        "",
        "Every query takes:",
        "",
        *(_taken(parameter) for parameter in queries.FILTERS),
    ]
    for query in queries.queries():
        lines += ["", f"## {query.name}", "", f"**{query.question}** {_sentence(query.grain)}", ""]
        lines.append(f"*Invariant:* {query.invariant}.")
        own = [_taken(parameter) for parameter in query.parameters if parameter not in queries.FILTERS]
        lines += ["", *own] if own else []
    return "\n".join(lines) + "\n"


_FORMATS = (
    "With `--format`, of `sparkify sql` too:",
    "",
    "- **csv** spells values as DuckDB does: `true`, `2018-11-01 21:01:46.796001`, `12.50`, `nan`, `inf`, `infinity`, "
    '`1 month 2 days`, `\\x00\\xFF` of bytes. Lists, structs and maps are JSON. NULL is empty, an empty text `""`.',
    "- **json** is a list of objects, one a line. Numbers keep all their digits; days and times are ISO 8601; what "
    'JSON has no form for is text as in CSV, and `"NaN"`, `"Infinity"`, `"-Infinity"`.',
    "- **parquet** keeps the types. A sum of whole numbers is a BIGINT, or DECIMAL(38,0) where it is too large; types "
    "that Parquet lacks (INTERVAL, TIMETZ, BIT, UNION, …) are text as in CSV.",
    "- Columns of the same name, in any case of letters, get a number that no other column has: `a`, `a_2`.",
)


def _taken(parameter: queries.Parameter) -> str:
    default = f"default {parameter.default}" if parameter.default else "by default empty"
    return f"- `-p {parameter.name}=…`: {parameter.about}; {parameter.valid}; {default}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def main() -> None:
    """Write everything anew."""
    DICTIONARY.write_text(dictionary(), encoding="utf-8")
    CATALOGUE.write_text(catalogue(), encoding="utf-8")


if __name__ == "__main__":
    main()
