"""The forms that answers are drawn in: bars, columns, lines, areas, heat, a map."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeAlias

import altair as alt

from sparkify.charts.picture import Picture, Record
from sparkify.charts.text import LABEL, UNKNOWN, WEEKDAYS, is_share, shortened, text, words

Drawn: TypeAlias = alt.Chart | alt.LayerChart | alt.FacetChart

BARS = 50
"""Bars of one chart; what comes after is in the table."""
SERIES = 8
"""Colours that are told apart; the smallest series beyond share the last one."""
FILLED = 4000
"""Periods up to which those without a row are drawn as 0."""
HEIGHT = 320
"""Pixels."""
STEP = 32
"""Pixels of a bar with its label, so that ten have HEIGHT."""


def _base(records: Sequence[Record]) -> alt.Chart:
    """A chart of records, nothing drawn yet."""
    return alt.Chart(alt.InlineData(values=records))


# -- forms ------------------------------------------------------------------------------------------


def _bar(picture: Picture) -> Drawn:
    """Horizontal bars in the order of the answer; two songs of one title have a bar each, with different labels.

    Where colours tell the rows of a label apart, its bar stacks them, and the largest sum comes first.
    """
    labels = [_label(value, picture.y) for value in picture.values(picture.y)]
    if picture.color:
        totals: dict[str, float] = {}
        for label, record in zip(labels, picture.records, strict=True):
            totals[label] = totals.get(label, 0) + (record[picture.measure] or 0)
        shown = sorted(totals, key=lambda label: -totals[label])
    else:
        shown = labels = _distinct(picture)
    kept = shown[:BARS]
    few = set(kept)
    records = [record | {"label": label} for record, label in zip(picture.records, labels, strict=True) if label in few]
    axis = alt.Axis(labelLimit=_label_limit(), labelPadding=6, ticks=False, domain=False)
    base = _base(_colored(picture, records)).encode(
        y=alt.Y("label:N", sort=kept, title=None, axis=axis),
        x=alt.X(picture.measure, **picture.amounts(picture.measure, room=1 if picture.color else 1.25)),
        tooltip=picture.tooltip(),
    )
    drawn: Drawn
    if picture.color:
        drawn = base.mark_bar(cornerRadius=2).encode(color=_color(picture, records))
    else:
        shown_as = ".1%" if is_share(picture.measure) else ","
        values = base.mark_text(align="left", dx=5, style="value", aria=False).encode(
            text=alt.Text(picture.measure, type="quantitative", format=shown_as)
        )
        drawn = alt.layer(base.mark_bar(cornerRadius=2), values)
    if len(shown) > BARS:
        drawn = drawn.properties(title=f"the first {BARS} of {len(shown):,}")
    drawn = drawn.properties(height=STEP * len(kept))
    return drawn


def _column(picture: Picture) -> Drawn:
    """Vertical columns; whole numbers stand where they belong, so that those that lack leave a gap."""
    numbers = picture.values(picture.x)
    if all(isinstance(value, int) and not isinstance(value, bool) for value in numbers):
        return _columns_at_numbers(picture, [int(str(value)) for value in numbers])
    records = [record | {"label": label} for record, label in zip(picture.records, _distinct(picture), strict=True)]
    axis = alt.Axis(labelAngle=0, labelExpr="split(datum.label, ' ')", labelLimit=90, ticks=False)
    drawn: Drawn = (
        _base(records)
        .mark_bar(cornerRadius=2)
        .encode(
            x=alt.X("label:N", sort=[record["label"] for record in records], title=words(picture.x), axis=axis),
            y=alt.Y(picture.y, **picture.amounts(picture.y)),
            tooltip=picture.tooltip(),
        )
        .properties(height=HEIGHT)
    )
    return drawn


def _columns_at_numbers(picture: Picture, numbers: Sequence[int]) -> Drawn:
    records = [
        record | {"from": number - 0.42, "to": number + 0.42}
        for record, number in zip(picture.records, numbers, strict=True)
    ]
    low, high = (0, 23) if picture.x == "hour" else (min(numbers), max(numbers))
    scale = alt.Scale(domain=[low - 0.5, high + 0.5], nice=False, zero=False)
    axis = alt.Axis(format=",d", tickMinStep=1, grid=False, labelOverlap="greedy")
    drawn: Drawn = (
        _base(records)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("from:Q", title=_title(picture.x), scale=scale, axis=axis),
            x2="to",
            y=alt.Y(picture.y, **picture.amounts(picture.y)),
            y2=alt.datum(0),
            tooltip=picture.tooltip(),
        )
        .properties(height=HEIGHT)
    )
    return drawn


def _line(picture: Picture) -> Drawn:
    """Lines over days; a period without a row is 0, unless the value looks back further than the period."""
    records = picture.records if picture.query.lookback else _filled(picture, picture.records)
    marks = _base(records).mark_line(point=True if len(records) <= 100 else "transparent")
    drawn: Drawn = marks.encode(
        x=_days(picture, records), y=alt.Y(picture.y, **picture.amounts(picture.y)), tooltip=picture.tooltip()
    ).properties(height=HEIGHT)
    return drawn


def _area(picture: Picture) -> Drawn:
    """Stacked areas over days, a colour for each series; of one day columns, for an area of one day has no width."""
    records = _colored(picture, _filled(picture, picture.records, picture.color))
    one = len({record[picture.x] for record in records}) == 1
    records = [record | {"label": record[picture.x]} for record in records]
    axis = alt.Axis(labelAngle=0, ticks=False)
    x = alt.X("label:O", title=_title(picture.x), axis=axis) if one else _days(picture, records)
    base = _base(records)
    marks = base.mark_bar(size=60) if one else base.mark_area(opacity=0.9, line=False)
    drawn: Drawn = marks.encode(
        x=x,
        y=alt.Y(picture.y, stack="zero", **picture.amounts(picture.y)),
        color=_color(picture, records),
        tooltip=picture.tooltip(),
    ).properties(height=HEIGHT)
    return drawn


def _stack(picture: Picture) -> Drawn:
    """Stacked columns, one a period, a colour for each column of values."""
    parts = picture.query.drawing.y
    records = [
        record | {"series": words(part), "value": record[part], "label": record[picture.x]}
        for record in _filled(picture, picture.records)
        for part in parts
    ]
    periods = list(dict.fromkeys(record[picture.x] for record in records))
    axis = alt.Axis(labelAngle=0, values=_spread(periods), labelOverlap="parity", labelPadding=6, ticks=False)
    drawn: Drawn = (
        _base(records)
        .mark_bar()
        .encode(
            x=alt.X("label:O", sort=periods, title=_title(picture.x), axis=axis),
            y=alt.Y("value", **(picture.amounts(*parts) | {"title": None})),
            color=alt.Color(
                "series:N", sort=[words(part) for part in parts], title=None, legend=_legend(map(words, parts))
            ),
            order=alt.Order("series:N", sort="descending"),
            tooltip=picture.tooltip(),
        )
        .properties(height=HEIGHT)
    )
    return drawn


def _heat(picture: Picture) -> Drawn:
    """Cells in rows and columns, the fuller the stronger; rows from above in the order of the answer."""
    across = list(dict.fromkeys(record[picture.x] for record in picture.records))
    if picture.x == "hour":
        across = list(range(24))
    elif all(isinstance(value, int) for value in across) and max(across) - min(across) < FILLED:
        across = list(range(min(across), max(across) + 1))
    # A copy of the rows' values: where the tooltip reads a column as days, the scale would find no texts in it.
    records = [record | {"label": record[picture.y]} for record in picture.records]
    down = list(WEEKDAYS) if picture.y == "weekday" else list(dict.fromkeys(record["label"] for record in records))
    shown = ".0%" if is_share(picture.color) else ",d"
    legend = alt.Legend(format=shown, orient="bottom", gradientLength=180, gradientThickness=10, tickCount=3)
    axis = alt.Axis(labelAngle=0, labelOverlap="parity", labelPadding=6, ticks=False, domain=False)
    drawn: Drawn = (
        _base(records)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X(picture.x, type="ordinal", title=_title(picture.x), scale=_cells(across), axis=axis),
            y=alt.Y("label:O", title=None, scale=_cells(down), axis=axis),
            color=alt.Color(
                picture.color,
                type="quantitative",
                title=words(picture.color),
                scale=alt.Scale(domainMin=0),
                legend=legend,
            ),
            tooltip=picture.tooltip(),
        )
        .properties(height=max(120, min(STEP, 1200 // len(down)) * len(down)))
    )
    return drawn


_CONTINENTS = (
    ("North America", -102, 46),
    ("South America", -60, -14),
    ("Europe", 18, 52),
    ("Africa", 20, 6),
    ("Asia", 92, 46),
    ("Australia", 134, -25),
)
"""Where on the globe a name helps the eye, in degrees east and north: the map has no coasts."""


def _map(picture: Picture) -> Drawn:
    """Points on the globe, larger for more, the largest below; a graticule and names of continents, nothing fetched."""
    measure = picture.measure
    known = [record for record in picture.records if _on_globe(record[picture.x], record[picture.y])]
    most = max((int(record[measure] or 0) for record in known), default=1)
    legend = alt.Legend(orient="bottom", format=",d", values=sorted({1, -(-most // 2), most}))
    size = alt.Scale(domain=[0, most], range=[20, 500])
    names = [{"name": name, "longitude": east, "latitude": north} for name, east, north in _CONTINENTS]
    sphere = alt.Chart(alt.sphere()).mark_geoshape(filled=False, style="sphere", aria=False)
    graticule = alt.Chart(alt.graticule(step=[30, 30])).mark_geoshape(filled=False, style="graticule", aria=False)
    continents = (
        _base(names)
        .mark_text(style="orientation", aria=False)
        .encode(longitude="longitude:Q", latitude="latitude:Q", text="name:N")
    )
    points = (
        _base(known)
        .mark_circle(opacity=0.75)
        .encode(
            longitude=alt.Longitude(picture.x, type="quantitative"),
            latitude=alt.Latitude(picture.y, type="quantitative"),
            size=alt.Size(measure, type="quantitative", scale=size, legend=legend, title=words(measure)),
            tooltip=picture.tooltip(picture.x, picture.y),
        )
    )
    drawn: Drawn = (
        alt.layer(sphere, graticule, continents, points)
        .project(type="equalEarth", precision=0.1)
        .properties(height=HEIGHT + 60)
    )
    return drawn


FORMS = {
    "bar": _bar,
    "column": _column,
    "line": _line,
    "area": _area,
    "stack": _stack,
    "heat": _heat,
    "map": _map,
}


def _label(value: object, column: str) -> str:
    """A value as the label of a bar; a number says what it is."""
    number = isinstance(value, int) and column.endswith(("_id", "hour"))
    return f"{words(column.removesuffix('_id'))} {value}" if number else text(value, column)


def _distinct(picture: Picture) -> list[str]:
    """The labels of an answer, one a row and all different: titles that come twice with the artist, others numbered."""
    column = picture.x if picture.query.drawing.form == "column" else picture.y
    labels = [_label(value, column) for value in picture.values(column)]
    more = picture.values("artist") or picture.values("artist_name")
    if more:
        labels = [
            shortened(f"{label[: LABEL // 2]} – {text(artist)}") if labels.count(label) > 1 else label
            for label, artist in zip(labels, more, strict=True)
        ]
    seen: dict[str, int] = {}
    taken = set(labels)
    found: list[str] = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        one = label
        while seen[label] > 1 and one in taken:
            one = f"{label} ({seen[label]})"
            seen[label] += one in taken
        taken.add(one)
        found.append(one)
    return found


def _label_limit() -> Any:
    """Pixels that labels get beside their bars: less on a phone. Pictures know no container."""
    return alt.ExprRef("isFinite(containerSize()[0]) && containerSize()[0] < 480 ? 120 : 240")


def _colored(picture: Picture, records: Sequence[Record]) -> list[Record]:
    """Records with the series that their colour tells; the smallest beyond SERIES are one."""
    if not picture.color:
        return list(records)
    totals: dict[str, float] = {}
    for record in records:
        totals[record[picture.color]] = totals.get(record[picture.color], 0) + (record[picture.measure] or 0)
    largest = sorted(totals, key=lambda name: -totals[name])
    kept = set(largest if len(largest) <= SERIES else largest[: SERIES - 1])
    return [
        record | {"series": record[picture.color] if record[picture.color] in kept else "other"} for record in records
    ]


def _color(picture: Picture, records: Sequence[Record]) -> alt.Color:
    """The colour of a series: the tiers always have the same ones, others by size."""
    totals: dict[str, float] = {}
    for record in _colored(picture, records):
        totals[record["series"]] = totals.get(record["series"], 0) + (record[picture.measure] or 0)
    names = sorted(totals, key=lambda name: (name in ("other", UNKNOWN), -totals[name], name))
    if picture.color == "level":
        names = ["free", "paid", *(name for name in names if name not in ("free", "paid"))]
    return alt.Color(
        "series:N", scale=alt.Scale(domain=names), sort=names, title=words(picture.color), legend=_legend(names)
    )


def _legend(names: Iterable[str]) -> alt.Legend:
    """A legend above, in as many columns as a phone has room for."""
    widest = max((len(name) for name in names), default=1)
    return alt.Legend(orient="top", columns=max(1, 300 // (30 + 7 * min(widest, 16))), labelLimit=160)


def _cells(values: Sequence[Any]) -> alt.Scale:
    return alt.Scale(domain=list(values), paddingInner=0.06)


def _days(picture: Picture, records: Sequence[Record]) -> alt.X:
    """Days along the horizontal axis, marked at days that have values, and the same ones in every time zone."""
    periods = list(dict.fromkeys(record[picture.x] for record in records))
    days = [date.fromisoformat(period[:10]) for period in _spread(periods)]
    marked = [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True) for day in days]
    axis = alt.Axis(values=marked, format="%Y-%m-%d", labelOverlap="parity", labelFlush=True, grid=False)
    return alt.X(picture.x, type="temporal", title=_title(picture.x), scale=alt.Scale(type="utc"), axis=axis)


def _spread(values: Sequence[Any], most: int = 7) -> list[Any]:
    """Some values, evenly spread from the first on."""
    return list(values[:: max(1, -(-len(values) // most))])


def _filled(picture: Picture, records: Sequence[Record], series: str = "") -> list[Record]:
    """Records with those periods added that have none, or no row of one series: nothing was played, so 0 is true."""
    days = [value for value in picture.values(picture.x) if isinstance(value, date)]
    if not days or len(days) < len(records):
        return list(records)
    periods = [day.isoformat() for day in _periods(days)]
    names = list(dict.fromkeys(record[series] for record in records)) if series else [""]
    found = {(record[picture.x], record[series] if series else ""): record for record in records}
    numbers = {column: 0 for column in picture.answer.columns if picture.kind(column) == "quantitative"}
    shares = {column: None for column in numbers if is_share(column)}
    return [
        found.get((period, name)) or {picture.x: period, **({series: name} if series else {}), **numbers, **shares}
        for period in periods
        for name in names
    ]


def _periods(days: Iterable[date]) -> list[date]:
    """All days, weeks or months from the first to the last; only those given when they would be too many."""
    given = sorted({day.date() if isinstance(day, datetime) else day for day in days})
    first, last = given[0], given[-1]
    if len(given) > 1 and all(day.day == 1 for day in given):
        return list(_months(first, last))
    step = 7 if all((day - first).days % 7 == 0 for day in given) else 1
    count = (last - first).days // step + 1
    return given if count > FILLED else [first + timedelta(days=step * index) for index in range(count)]


def _months(first: date, last: date) -> Iterator[date]:
    for month in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        yield date(month // 12, month % 12 + 1, 1)


def _title(column: str) -> str:
    """The title of an axis; hours and days say which clock they are by."""
    return f"{words(column)} (UTC)" if column in ("hour", "day", "period") else words(column)


def _on_globe(east: object, north: object) -> bool:
    return isinstance(east, int | float) and isinstance(north, int | float) and abs(east) <= 180 and abs(north) <= 90
