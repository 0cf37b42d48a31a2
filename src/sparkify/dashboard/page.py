"""The page: filters, and sections of named queries, each with its chart, its numbers and its SQL."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Literal

import streamlit as st

from sparkify import charts, output, queries, views
from sparkify.dashboard.filters import PLACES, Values, choose, days_of, told
from sparkify.dashboard.reader import serving
from sparkify.dashboard.waiting import failed, note, plain, waited
from sparkify.errors import SparkifyError
from sparkify.progress import megabytes
from sparkify.warehouse import Answer

if TYPE_CHECKING:
    from sparkify.dashboard.reader import Reader
    from sparkify.status import Status

HEALTH = "Load health"
PAGES = (*(section.name for section in views.SECTIONS), HEALTH)
LOOK = 5
"""Seconds after which an open page looks whether there are new numbers."""


def show() -> None:
    """Draw the page for one visitor."""
    st.set_page_config(page_title="Sparkify: what people listen to", layout="wide", initial_sidebar_state="auto")
    st.title("What people listen to")
    chosen = _choose_page()
    version = serving().version()  # before anything is asked: what changes meanwhile is found to be newer
    try:
        found = waited("Opening the warehouse", serving().days)
    except SparkifyError as error:
        failed(error)
        _watch(version, troubled=True)
        return
    note(found)
    values = choose(*found.value) if found.value is not None else None  # on every page: the address keeps them
    if chosen == HEALTH:
        _health()
    elif found.value is None or values is None:
        st.info("No play is loaded yet. `sparkify etl` loads the logs; this page then shows them.")
    else:
        section = next(section for section in views.SECTIONS if section.name == chosen)
        st.header(section.name)
        st.write(f"{section.about}. {told(values)}")
        with serving().expecting(_asked(section, values, found.value[0])):
            if section is views.SECTIONS[0]:
                _overview(values, found.value[0])
            for name in section.queries:
                _question(name, values)
    _watch(version, troubled=bool(found.problem))


def warm(reader: Reader) -> None:
    """Ask what the first visitor will, before he comes: the first page, then the same of each tier."""
    with suppress(SparkifyError):
        found = reader.days().value
        if found is None:
            return
        first, last = found
        reader.answer("top-places", {"limit": PLACES})
        for level in ("all", "paid", "free"):
            values = {"start": first.isoformat(), "end": last.isoformat(), "level": level, "place": ""}
            for name, own in _asked(views.SECTIONS[0], values, first):
                reader.answer(name, own)


# -- what is asked ------------------------------------------------------------------------------------


def _asked(section: views.Section, values: Values, first: date) -> list[tuple[str, Values]]:
    """What a section asks, in order."""
    asked = [(name, _own(name, values)) for name in section.queries]
    if section is views.SECTIONS[0]:
        before = _before(values, first)
        asked = [(views.OVERVIEW, values), *([(views.OVERVIEW, before)] if before else []), *asked]
    return asked


def _before(values: Values, first: date) -> Values | None:
    """The filters with as many days directly before; None unless all of these are loaded."""
    found = views.days_before(*days_of(values))
    if found is None or found[0] < first:
        return None
    return values | {"start": found[0].isoformat(), "end": found[1].isoformat()}


def _choose_page() -> str:
    return str(st.sidebar.radio("Page", PAGES, key="page", bind="query-params"))


def _own(name: str, values: Values) -> Values:
    """The values of one query: those of the page, and a length of periods that suits the range."""
    return values | views.period(queries.named_query(name), *days_of(values))


# -- what is shown ------------------------------------------------------------------------------------


def _overview(values: Values, first: date) -> None:
    """Four numbers, each with its change against as many days directly before."""
    start, end = days_of(values)
    days = (end - start).days + 1
    period = _before(values, first)
    try:
        now = _numbers(values)
        before = _numbers(period) if period else {}
    except SparkifyError as error:
        failed(error)
        return
    labels = {"plays": "Plays", "listeners": "Listeners", "sessions": "Sessions", "paid_share": "Paid share"}
    for column, (name, label) in zip(st.columns(4), labels.items(), strict=True):
        value, earlier = now[name], before.get(name)
        share = name == "paid_share"
        shown = "–" if value is None else f"{value:.1%}" if share else f"{value:,.0f}"
        delta = None
        if value is not None and earlier:
            delta = f"{(value - earlier) * 100:+.1f} points" if share else f"{value / earlier - 1:+.1%}"
        about = f"Change against the {days} days before" if delta else "As many days before are not all loaded"
        column.metric(label, shown, delta, help=about, border=True)


def _numbers(values: Values) -> dict[str, float | None]:
    found = waited("Counting", lambda heed: serving().answer(views.OVERVIEW, values, heed))
    note(found)
    [row] = found.value.rows
    return {
        name: None if value is None else float(str(value)) for name, value in zip(found.value.columns, row, strict=True)
    }


@st.fragment
def _question(name: str, values: Values) -> None:
    """One named query: its chart, and beneath it what the chart is made of. What is clicked in it redraws it alone."""
    query = queries.named_query(name)
    with st.container(border=True, key=name):
        st.subheader(query.title)
        st.write(query.question)
        own = _own(name, values) | _chosen(query)
        try:
            found = waited("Asking", lambda heed: serving().answer(name, own, heed))
        except SparkifyError as error:
            failed(error)
            return
        note(found)
        answer = found.value
        theme: Literal["light", "dark"] = "dark" if st.context.theme.type == "dark" else "light"
        drawn = charts.chart(query, answer, theme=theme)
        if drawn is None:
            st.info(
                "No artist that was played has coordinates in the catalogue."
                if query.drawing.form == "map"
                else "No play fits these filters. Choose more days, or another tier or place."
            )
        else:
            # Streamlit would fit the axes, too, into the height that is meant for the bars.
            fitted = drawn.properties(autosize={"type": "fit-x", "contains": "padding"})
            st.altair_chart(fitted, theme=None, key=f"chart-{name}")
        beneath = st.expander("Numbers, downloads and SQL", key=f"beneath-{name}", on_change="rerun")
        if beneath.open:  # else nothing of it is made
            with beneath:
                _beneath(query, own, answer)


def _chosen(query: queries.NamedQuery) -> Values:
    """What the visitor sets for one chart: the length of its periods, or how many rows."""
    for parameter in query.parameters:
        if parameter.name == "by":
            label, options = "Period", ("auto", *parameter.choices)
        elif parameter.name == "limit":
            least = int(parameter.default)
            label, options = "Rows", tuple(str(each) for each in (least, 5 * least, 1000) if each <= parameter.high)
        else:
            continue
        taken = st.segmented_control(
            label, options, default=options[0], required=True, key=f"{query.name}.{parameter.name}", bind="query-params"
        )
        return {} if taken == "auto" else {parameter.name: str(taken)}
    return {}


def _beneath(query: queries.NamedQuery, own: Values, answer: Answer) -> None:
    place = re.sub(r"[^a-z0-9]+", "-", own["place"].lower()).strip("-")[:40]
    level = "" if own["level"] == "all" else own["level"]
    stem = "-".join([query.name, own["start"], own["end"], *filter(None, (level, place))])
    if answer.rows:
        st.dataframe(
            [dict(zip(answer.columns, map(_cell, row), strict=True)) for row in answer.rows],
            hide_index=True,
            key=f"table-{query.name}",
            alt=f"{query.title}, as numbers",
        )
    csv, png = st.columns(2)
    csv.download_button(
        "CSV", output.as_csv(answer), f"{stem}.csv", "text/csv", key=f"csv-{query.name}", on_click="ignore"
    )
    if answer.rows:
        png.download_button(
            "PNG",
            lambda: charts.png(query, answer) or b"",  # drawn when somebody wants it
            f"{stem}.png",
            "image/png",
            key=f"png-{query.name}",
            on_click="ignore",
        )
    if st.toggle("Show the SQL", key=f"sql-{query.name}"):
        try:
            st.code(waited("Asking", lambda heed: serving().statement(query.name, own, heed)) + ";", "sql")
        except SparkifyError as error:
            failed(error)


def _health() -> None:
    """How the loads went, and how old the numbers are."""
    st.header(HEALTH)
    try:
        found = waited("Looking at the loads", serving().health)
    except SparkifyError as error:
        failed(error)
        return
    note(found)
    state = found.value
    tell = st.success if state.health.startswith("healthy") else st.warning
    tell(plain(state.health[:1].upper() + state.health[1:]))
    _freshness(state)
    st.subheader("Files")
    _table("files", ("kind", "files", "bytes", "records", "rejected", "newest file"), [
        (kind, files, megabytes(int(str(size))), rows, rejected, str(newest)[:19])
        for kind, files, size, rows, rejected, newest in state.files
    ])  # fmt: skip
    st.subheader("Last runs")
    _table(
        "runs",
        ("run", "started", "finished", "status", "files", "records", "rejected", "plays added", "message"),
        [tuple(map(_cell, run)) for run in state.runs],
    )
    st.subheader("Tables")
    _table("tables", ("table", "rows"), list(state.tables.items()))


def _freshness(state: Status) -> None:
    ended = state.runs[0][2] if state.runs else None
    rejected = sum(int(str(rejected)) for _, _, _, _, rejected, _ in state.files)
    st.write(
        f"Last play loaded: **{_minute(state.last_play)}**  \n"
        f"Last run ended: **{_minute(ended)}**  \n"
        f"Records set aside: **{rejected:,}**" + (" (`sparkify rejects` lists them)" if rejected else "")
    )


def _minute(moment: object) -> str:
    """A moment in UTC, as the engines give it."""
    return f"{_cell(moment)[:16]} UTC" if isinstance(moment, datetime) else "never"


def _table(name: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        st.dataframe(
            [dict(zip(columns, row, strict=True)) for row in rows], hide_index=True, key=f"table-{name}", alt=name
        )
    else:
        st.write("None yet.")


# -- loading, old and failing ---------------------------------------------------------------------------


def _watch(version: object, *, troubled: bool) -> None:
    """Look now and then whether there are new numbers, and show them; try again when there were none."""
    if not troubled and not serving().tells_changes:
        return
    drawn = time.monotonic()

    @st.fragment(run_every=LOOK)
    def look() -> None:
        if serving().version() != version or (troubled and time.monotonic() - drawn > LOOK / 2):
            st.rerun()

    look()


def _cell(value: object) -> Any:
    """A value that the table of the page knows how to show."""
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(sep=" ", timespec="seconds")[:19]
    if value is None or isinstance(value, int | float | str | bool):
        return value
    return str(value)
