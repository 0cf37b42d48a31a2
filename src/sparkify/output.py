"""Answers on paper: tables that fit the terminal, CSV, JSON, Parquet."""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from sparkify import spelling
from sparkify.errors import SparkifyError, UsageError, remedy
from sparkify.parquet import write_parquet
from sparkify.source.writing import fits
from sparkify.spelling import unique
from sparkify.terminal import printable as clean
from sparkify.warehouse import Answer, Row, check_not_warehouse

if TYPE_CHECKING:
    from rich.table import Table


def check_form(form: str, output: Path | None, warehouse: str) -> None:
    """Raise UsageError for a form that there is not, or that cannot go where it is to go.

    `warehouse` is the address of the one that is asked: no answer may take its place.
    """
    if form not in ("table", "csv", "json", "parquet"):
        raise UsageError(f"--format {form}: choose table, csv, json or parquet")
    if form == "parquet" and output is None:
        raise UsageError("--format parquet: name a file with --output")
    if output is not None and not fits(output):
        raise UsageError(f"--output {output}: name a file in a folder that exists")
    if output is not None:
        check_not_warehouse("--output", output, warehouse)


def write_answer(answer: Answer, form: str, output: Path | None, *, bar: str = "") -> None:
    """Write an answer to a file, or to standard output; `check_form` has looked at where it goes.

    A table of a named query has a bar in each row, as long as the value in the column named.
    """
    answer = replace(answer, columns=tuple(unique(answer.columns)))
    if form == "parquet" and output is not None:
        write_parquet(answer, output)
        return
    width = shutil.get_terminal_size().columns if output is None and sys.stdout.isatty() else None
    text = (
        as_plan(answer)
        if form == "table" and answer.columns in _PLANS
        else as_table(answer, bar=bar, width=width)
        if form == "table"
        else as_csv(answer)
        if form == "csv"
        else as_json(answer)
    )
    if output is None:
        sys.stdout.write(text if _takes_all(sys.stdout) else _in_ascii(text, form))
        return
    try:
        output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SparkifyError(f"{output}: cannot be written ({error.strerror}); {remedy(error)}") from error


def _takes_all(stream: TextIO) -> bool:
    """Whether a stream takes every character: one that somebody set to ASCII does not."""
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def _in_ascii(text: str, form: str) -> str:
    """The same with ASCII characters only, as far as the form allows; JSON spells the others itself."""
    if form == "json":
        return re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
    return text.translate(_LINES) if form == "table" else text


_LINES = str.maketrans({"─": "-", "█": "#", "…": "~"})


def as_json(answer: Answer) -> str:
    """A list of objects, one a line; see `spelling`."""
    names = [json.dumps(name, ensure_ascii=False) for name in unique(answer.columns)]

    def one(row: Row) -> str:
        values = map(spelling.as_json, row, answer.types)
        return "{" + ", ".join(f"{name}: {value}" for name, value in zip(names, values, strict=True)) + "}"

    return "[\n" + ",\n".join(map(one, answer.rows)) + "\n]\n" if answer.rows else "[]\n"


def as_csv(answer: Answer) -> str:
    """A header and a row each. NULL is empty, an empty text is `""`; all else is spelled as `spelling` does."""
    lines = [",".join(map(_cell, unique(answer.columns)))]
    lines += [",".join(map(_cell, row)) or '""' for row in answer.rows]  # who reads CSV passes over empty lines
    return "".join(f"{line}\n" for line in lines)


_QUOTED = re.compile(r'[",\r\n]')


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = spelling.as_text(value)
    return '"' + text.replace('"', '""') + '"' if not text or _QUOTED.search(text) else text


_PLANS = (("explain_key", "explain_value"), ("QUERY PLAN",))
"""The columns of an EXPLAIN, on DuckDB and on Redshift."""


def as_plan(answer: Answer) -> str:
    """What an EXPLAIN draws, line by line as it is: cut or folded it could not be read."""
    lines = [line for row in answer.rows for line in str(row[-1]).splitlines()]
    return "".join(f"{clean(line).rstrip()}\n" for line in lines)


def as_table(answer: Answer, *, bar: str = "", width: int | None = None) -> str:
    """Columns of text, numbers to the right; on a terminal of so many characters, as wide as that.

    With a column to draw a bar of, shares are told in percent.
    """
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=width or _PAPER, no_color=width is None, force_terminal=width is not None)
    widths = _widths(answer, shares=bool(bar))
    drawn = _bars(answer, bar)
    if drawn and sum(widths) + _GAP * len(widths) + _BAR > console.width:  # the numbers matter more
        drawn = []
    if width is not None:
        widths = _fitted(answer, widths, width - (_GAP + _BAR if drawn else 0))
    console.print(_table(answer, drawn, widths, cut=width is not None, shares=bool(bar)))
    if not answer.rows:
        out.write("(no rows)\n")
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


_PAPER = 200
"""Characters of a line where there is no terminal; what is longer goes on in the next."""
_BAR = 20
"""Characters of the longest bar."""
_GAP = 3
"""Characters between two columns."""
_LEAST = 8
"""Characters that a column keeps, however narrow the terminal."""


def _widths(answer: Answer, *, shares: bool) -> list[int]:
    """Characters of the widest cell of each column."""
    from rich.cells import cell_len

    return [
        max(
            cell_len(clean(name)),
            *(cell_len(clean(_shown(row[index], name if shares else ""))) for row in answer.rows),
            len("NULL"),
        )
        for index, name in enumerate(answer.columns)
    ]


def _fitted(answer: Answer, widths: Sequence[int], room: int) -> list[int]:
    """The widths that columns are cut to, the widest first, as far as it takes for all to fit; text before numbers."""
    fitted = list(widths)
    room -= _GAP * (len(widths) - 1)
    text = [index for index in range(len(widths)) if not _is_number(answer.rows, index)]
    for shrinking in (text, range(len(widths))):
        while shrinking and sum(fitted) > room:
            widest = max(shrinking, key=fitted.__getitem__)
            if fitted[widest] <= _LEAST:
                break
            fitted[widest] -= 1
    return fitted


def _table(answer: Answer, bars: Sequence[str], widths: Sequence[int], *, cut: bool, shares: bool) -> Table:
    """The rows as rich draws them; what has no room is cut on a terminal, else told on more lines."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for index, (name, width) in enumerate(zip(answer.columns, widths, strict=True)):
        number = _is_number(answer.rows, index)
        table.add_column(
            Text(clean(name)),
            justify="right" if number else "left",
            overflow="ellipsis" if cut else "fold",
            no_wrap=cut,
            width=width if cut else None,
        )
    if bars:
        table.add_column("", justify="left", no_wrap=True)
    for row, line in zip(answer.rows, bars or [""] * len(answer.rows), strict=True):
        cells = [
            Text("NULL", style="dim") if value is None else Text(clean(_shown(value, name if shares else "")))
            for name, value in zip(answer.columns, row, strict=True)
        ]
        table.add_row(*cells, *([line] if bars else []))
    return table


def _bars(answer: Answer, column: str) -> list[str]:
    """A bar for each row, as long as its value in a column; none when there is nothing to compare."""
    if len(answer.rows) < 3 or column not in answer.columns:
        return []
    index = answer.columns.index(column)
    values = [float(str(row[index] or 0)) for row in answer.rows]
    largest = max(values)
    return ["█" * round(_BAR * value / largest) if largest > 0 else "" for value in values]


def shortened(text: str, characters: int = 60) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= characters else line[: characters - 1] + "…"


def _is_number(rows: Sequence[Sequence[object]], column: int) -> bool:
    values = [row[column] for row in rows if row[column] is not None]
    return bool(values) and all(
        isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values
    )


def _shown(value: object, column: str) -> str:
    if isinstance(value, float) and column.endswith(("share", "stickiness")):
        return f"{value:.1%}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000:
        return f"{value:,}"
    return spelling.as_text(value)
