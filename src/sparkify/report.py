"""The report: charts and numbers of a range of days as one HTML file that needs nothing else, network included.

What the warehouse holds is text to it: tables are escaped for HTML, specifications of charts for the script elements
that hold them, and the page's policy runs no script but the two that are written here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Protocol

from sparkify import __version__, queries, views
from sparkify.errors import UsageError
from sparkify.source.writing import fits, put

if TYPE_CHECKING:
    from sparkify.warehouse import Answer

ROWS = 1000
"""Rows of a table; `sparkify query` gives all."""
SQL = 20_000
"""Characters of a statement; one by device names every user agent that there is."""

_WIDE = ("line", "area", "heat", "map")
"""Forms that need the whole width of a page."""


class Source(queries.Asked, Protocol):
    """What a report asks of a warehouse."""

    @property
    def url(self) -> str:
        """Its address, without secrets."""


@dataclass(frozen=True, slots=True)
class Range:
    """The first and the last day of a report, last included; None where it is open."""

    first: date | None
    last: date | None

    @property
    def before(self) -> Range | None:
        """As many days, directly before; None of an open range, or where the calendar begins."""
        if self.first is None or self.last is None:
            return None
        found = views.days_before(self.first, self.last)
        return Range(*found) if found else None

    def __str__(self) -> str:
        first, last = self.first, self.last
        if first and last:
            return f"{first}" if first == last else f"{first} to {last}"
        return f"from {first}" if first else f"until {last}" if last else "all days"


def write_report(source: Source, path: Path, given: Mapping[str, str], *, now: datetime | None = None) -> None:
    """Write the report of a warehouse to a file, which appears whole or not at all.

    `given` are values of the filters that all queries take: start, end, level, place. Raises UsageError for a value
    or a path that does not fit or when the packages that draw are missing, SparkifyError when writing fails.
    """
    check_path(path)
    text = report(source, given, now=now)
    put(path, lambda made: made.write_text(text, encoding="utf-8", newline=""))


def check_path(path: Path) -> None:
    """Raise UsageError when there can be no report at a path."""
    if not fits(path):
        raise UsageError(f"{path}: name a file in a folder that exists")


def report(source: Source, given: Mapping[str, str], *, now: datetime | None = None) -> str:
    """The report as HTML; see `write_report`."""
    bundle, charts = _drawing()
    values = queries.checked(queries.named_query(views.OVERVIEW), given)
    days = Range(_bound(values["start"], date.min), _bound(values["end"], date.max))
    names = [name for section in views.SECTIONS for name in section.queries]
    played = [_date(day) for day, *_ in queries.answer(source, "plays-over-time", values).rows]
    asked = {name: values | periods(queries.named_query(name), played) for name in names}
    answers = {name: queries.answer(source, name, asked[name]) for name in names}
    statements = {name: queries.statement(source, name, asked[name]) for name in names}
    overview = _overview(source, values, days)
    script = _template("report.js")
    return Template(_template("report.html")).substitute(
        title=escape(f"Listening report, {days}"),
        style=_template("report.css"),
        facts="".join(
            _fact(name, value)
            for name, value in _facts(source.url, values, _told(days, played), now or datetime.now(UTC))
        ),
        links="".join(f'<li><a href="#{_id(each.name)}">{escape(each.name)}</a></li>\n' for each in views.SECTIONS),
        sections="".join(
            _section(
                section,
                overview if section == views.SECTIONS[0] else "",
                "".join(
                    _card(name, answers[name], statements[name], asked[name].get("by", "")) for name in section.queries
                ),
            )
            for section in views.SECTIONS
        ),
        version=escape(__version__),
        configurations=_json({"light": charts.config("light"), "dark": charts.config("dark")}),
        bundle=bundle,
        bundle_hash=_hash(bundle),
        script=script,
        script_hash=_hash(script),
    )


def _drawing() -> tuple[str, Any]:
    """The script that draws in the browser, and our module of charts; raises UsageError when packages are missing."""
    try:
        from sparkify import charts

        return _bundle(), charts
    except ImportError as error:
        raise UsageError(
            f"a report needs the package {error.name}, which is not installed: pip install 'sparkify[dashboard]'"
        ) from error


@cache
def _bundle() -> str:
    import vl_convert

    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")


@cache
def _template(name: str) -> str:
    return (resources.files("sparkify") / "templates" / name).read_text(encoding="utf-8")


def _bound(text: str, open_end: date) -> date | None:
    day = date.fromisoformat(text)
    return None if day == open_end else day


# -- the head ---------------------------------------------------------------------------------------


def periods(query: queries.NamedQuery, played: Sequence[date]) -> dict[str, str]:
    """The length of a query's periods, so that about a hundred make a chart: of days that have plays, in order."""
    return views.period(query, played[0], played[-1]) if played else views.period(query, date.min, date.min)


def _date(value: object) -> date:
    assert isinstance(value, date)
    return value


def _told(days: Range, played: Sequence[date]) -> str:
    """The days that a report is of; of an open range also those that have plays."""
    if not played or (days.first and days.last):
        return str(days)
    return f"{days}, with plays on {played[0]} to {played[-1]}"


def _facts(url: str, values: Mapping[str, str], days: str, now: datetime) -> Iterator[tuple[str, str]]:
    """What a reader must know to trust the numbers."""
    yield "Days", days
    if values["level"] != "all":
        yield "Tier", values["level"]
    if values["place"]:
        yield "Place", values["place"]
    yield "Warehouse", url
    yield "Made", f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _fact(name: str, value: str) -> str:
    return f"<div><dt>{escape(name)}</dt><dd>{_shown(value)}</dd></div>\n"


def _overview(source: Source, values: Mapping[str, str], days: Range) -> str:
    """The numbers that head the report, each with its change against the period before when that is known."""
    now = queries.answer(source, views.OVERVIEW, values)
    before = days.before
    earlier: dict[str, object] = {}
    if before is not None:
        found = queries.answer(source, views.OVERVIEW, {**values, "start": str(before.first), "end": str(before.last)})
        earlier = dict(zip(found.columns, found.rows[0], strict=True))
    cards = "".join(
        f'<div><dt>{_words(column)}</dt><dd class="number">{"–" if value is None else _shown(value, column)}</dd>'
        + (f'<dd class="change">{escape(change(column, value, earlier[column]))}</dd>' if earlier else "")
        + "</div>\n"
        for column, value in zip(now.columns, now.rows[0], strict=True)
    )
    compared = f'<p class="question">Changes are against the {_days(before)} before, {before}.</p>\n' if before else ""
    none = now.rows[0][now.columns.index("plays")] == 0
    return f'<dl class="numbers">\n{cards}</dl>\n{compared}{_nothing("No plays in this report.") if none else ""}'


def change(column: str, now: object, before: object) -> str:
    """How a number has changed, in words: by percent, a share by points."""
    from sparkify import charts

    if not isinstance(now, int | float) or not isinstance(before, int | float):
        return "not comparable" if now is not None or before is not None else ""
    was = f"was {charts.text(before, column)}"
    if charts.is_share(column):
        points = (now - before) * 100
        return f"{_sign(points)}{abs(points):.1f} points, {was}" if round(points, 1) else f"unchanged, {was}"
    if now == before:
        return f"unchanged, {was}"
    if before == 0:
        return f"{_sign(now)}{abs(now):,}, {was}"
    return f"{_sign(now - before)}{abs(now - before) / before:.1%}, {was}"


def _sign(value: float) -> str:
    return "+" if value > 0 else "−"


def _days(period: Range) -> str:
    assert period.first is not None
    assert period.last is not None
    count = (period.last - period.first).days + 1
    return "day" if count == 1 else f"{count:,} days"


# -- sections ---------------------------------------------------------------------------------------


def _section(section: views.Section, head: str, cards: str) -> str:
    name = _id(section.name)
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{escape(section.name)}</h2>\n'
        f'<p class="question">{escape(section.about)}</p>\n{head}<div class="cards">\n{cards}</div>\n</section>\n'
    )


def _card(name: str, answer: Answer, statement: str, by: str) -> str:
    """One query: what it asks, its chart, its table, its statement."""
    from sparkify import charts

    query = queries.named_query(name)
    spec = charts.spec(query, answer)
    if spec is not None:
        spec.pop("config", None)  # the page has it once for all charts
        chart = (
            f'<figure data-chart="chart-{name}">\n<div class="chart screen"></div>\n'
            f'<div class="chart paper" aria-hidden="true"></div>\n</figure>\n'
            f'<script type="application/json" id="chart-{name}">{_json(spec)}</script>\n'
        )
    else:
        chart = _nothing("Nothing to show.")
    table = _table(query, answer) if answer.rows else ""
    question = f"{query.question} Here by {by}." if by else query.question
    wide = ' class="wide"' if query.drawing.form in _WIDE else ""
    return (
        f'<article id="{name}"{wide} aria-labelledby="{name}-title">\n'
        f'<h3 id="{name}-title">{escape(query.title)}</h3>\n<p class="question">{escape(question)}</p>\n'
        f"{chart}{table}{_statement(statement, query)}</article>\n"
    )


def _nothing(what: str) -> str:
    return f'<div class="empty"><strong>{what}</strong> No play within these days and filters belongs here.</div>\n'


def _table(query: queries.NamedQuery, answer: Answer) -> str:
    """The answer as rows, for those who do not see the chart or want the numbers."""
    amounts = [
        any(isinstance(row[index], int | float) for row in answer.rows) and column != "weekday"
        for index, column in enumerate(answer.columns)
    ]
    kinds = [' class="amount"' if amount else "" for amount in amounts]
    heads = "".join(
        f'<th scope="col"{kind}>{_words(column)}</th>' for column, kind in zip(answer.columns, kinds, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f"<td{kind}>{_shown(value, column)}</td>"
            for column, kind, value in zip(answer.columns, kinds, row, strict=True)
        )
        + "</tr>\n"
        for row in answer.rows[:ROWS]
    )
    count = len(answer.rows)
    told = f"{count:,} {'row' if count == 1 else 'rows'}"
    cut = f": the first {ROWS:,} of {told}" if count > ROWS else ""
    return (
        f'<details class="data"><summary>Table, {told}</summary>\n'
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table of {escape(query.title)}">\n'
        f"<table>\n<caption>{escape(query.title)}{cut}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody>\n</table>\n</div></details>\n"
    )


def _statement(statement: str, query: queries.NamedQuery) -> str:
    cut = f"\n-- … all of it: sparkify query {query.name} --sql" if len(statement) > SQL else ";"
    return (
        '<details class="sql"><summary>SQL</summary>\n'
        f'<div class="scroll" role="region" tabindex="0" aria-label="SQL of {escape(query.title)}">'
        f"<pre><code>{escape(statement[:SQL] + cut)}</code></pre></div></details>\n"
    )


# -- text that is safe where it stands --------------------------------------------------------------


def _shown(value: object, column: str = "") -> str:
    """A value for people, as HTML."""
    from sparkify import charts

    return escape(charts.text(value, column))


def _words(column: str) -> str:
    from sparkify import charts

    return escape(charts.words(column))


def _id(name: str) -> str:
    return f"section-{name.lower()}"


def _json(value: object) -> str:
    """JSON that can end no script element: all but ASCII is escaped, and so is what means something to HTML."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hash(script: str) -> str:
    """How the policy of a page names a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
