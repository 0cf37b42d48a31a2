"""An answer, made ready to be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import altair as alt

from sparkify.charts.text import is_amount, is_share, safe, text, words
from sparkify.queries import NamedQuery
from sparkify.warehouse import Answer

Kind = Literal["nominal", "ordinal", "quantitative", "temporal"]
Record = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """An answer with all that its chart takes out of it."""

    query: NamedQuery
    answer: Answer

    @property
    def x(self) -> str:
        """The column along the horizontal axis."""
        return self.query.drawing.x

    @property
    def y(self) -> str:
        """The column along the vertical axis, the first of them."""
        return self.query.drawing.y[0]

    @property
    def color(self) -> str:
        """The column that colours or sizes tell; empty when there is none."""
        return self.query.drawing.color

    @property
    def measure(self) -> str:
        """The column whose values are drawn."""
        return self.query.drawing.measure

    @cached_property
    def records(self) -> list[Record]:
        """The rows by column, fit for JSON; texts are never NULL."""
        kinds = [(column, self.kind(column)) for column in self.answer.columns]
        return [
            {
                column: text(value, column) if kind == "nominal" else safe(value)
                for (column, kind), value in zip(kinds, row, strict=True)
            }
            for row in self.answer.rows
        ]

    @cached_property
    def has_values(self) -> bool:
        """Whether any row has something to draw."""
        columns = self.query.drawing.y if self.query.drawing.form == "stack" else (self.measure,)
        return any(safe(value) is not None for column in columns for value in self.values(column))

    @cached_property
    def description(self) -> str:
        """What a reader hears who does not see the chart."""
        form = {"column": "Column", "line": "Line", "area": "Stacked area", "stack": "Stacked column", "heat": "Heat"}
        kind = "Map" if self.query.drawing.form == "map" else f"{form.get(self.query.drawing.form, 'Bar')} chart"
        count = len(self.answer.rows)
        told = f"{self.query.title}. {self.query.question} {kind}, {count:,} {'row' if count == 1 else 'rows'}."
        return f"{told} {self._largest()} The table has all values."

    def _largest(self) -> str:
        """The largest value and where it is."""
        values = [safe(value) for value in self.values(self.measure)]
        numbers = [(value, index) for index, value in enumerate(values) if isinstance(value, int | float)]
        if not numbers:
            return ""
        index = max(numbers, key=lambda each: each[0])[1]
        named = [column for column in (self.x, *self.query.drawing.y) if column and column != self.measure]
        if self.query.drawing.form in ("stack", "map"):
            named = [self.x] if self.query.drawing.form == "stack" else ["name"]
        row = dict(zip(self.answer.columns, self.answer.rows[index], strict=True))
        where = ", ".join(f"{words(column)} {text(row[column], column)}" for column in named if column in row)
        return f"Most {words(self.measure)}: {text(row[self.measure], self.measure)} at {where}."

    def values(self, column: str) -> list[object]:
        """The values of a column."""
        if column not in self.answer.columns:
            return []
        index = self.answer.columns.index(column)
        return [row[index] for row in self.answer.rows]

    def kind(self, column: str) -> Kind:
        """What a column holds, as far as its values tell."""
        values = [value for value in self.values(column) if value is not None]
        if column == "weekday":
            return "nominal"
        if values and all(isinstance(value, date) for value in values):
            return "temporal"
        numbers = all(isinstance(value, int | float | Decimal) and not isinstance(value, bool) for value in values)
        return "quantitative" if values and numbers else "nominal"

    def tooltip(self, *without: str) -> list[alt.Tooltip]:
        """What the pointer shows of a row: every column but ids of songs and artists."""
        columns = [each for each in self.answer.columns if each not in {"song_id", "artist_id", *without}]
        return [self._told(column) for column in columns]

    def _told(self, column: str) -> alt.Tooltip:
        kind = self.kind(column)
        if kind == "temporal":
            day = not any(isinstance(value, datetime) for value in self.values(column))
            unit: Any = "utcyearmonthdate" if day else "utcyearmonthdatehoursminutes"
            shown = "%Y-%m-%d" if day else "%Y-%m-%d %H:%M"
            return alt.Tooltip(field=column, type="temporal", timeUnit=unit, format=shown, title=words(column))
        if kind == "quantitative" and (is_amount(column) or is_share(column)):
            shown = ".1%" if is_share(column) else ","
            return alt.Tooltip(field=column, type="quantitative", format=shown, title=words(column))
        return alt.Tooltip(field=column, type="nominal", title=words(column))

    def amounts(self, *columns: str, room: float = 1) -> dict[str, Any]:
        """Type, title, axis and scale of values that are drawn as lengths from 0, those of several columns stacked.

        Room above 1 is left for what stands behind the largest.
        """
        column = columns[0]
        parts = zip(*(map(safe, self.values(each)) for each in columns), strict=True)
        found = [math.fsum(float(value or 0) for value in row) for row in parts]
        whole = not is_share(column) and all(value.is_integer() for value in found)
        shown = ".0%" if is_share(column) else ",d" if whole else ",~r"
        most = max(found, default=0)
        ticks = max(1, min(5, int(most))) if whole else 5  # else a scale up to 1 has a tick at one half
        axis = alt.Axis(format=shown, tickCount=ticks, labelOverlap="greedy", labelSeparation=8)
        scale = alt.Scale(domain=[0, room * most or 1]) if room > 1 or not most else alt.Scale(zero=True)
        return {"type": "quantitative", "title": words(column), "axis": axis, "scale": scale}
