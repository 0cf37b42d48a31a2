"""The filters of the page: days, tier and place; its address keeps them, so that a view can be shared."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import streamlit as st

from sparkify.dashboard.reader import serving
from sparkify.dashboard.waiting import plain, waited
from sparkify.errors import SparkifyError

EVERYWHERE = "everywhere"
PLACES = "1000"

Values = dict[str, str]


def choose(first: date, last: date) -> Values:
    """The filters, in the sidebar; the address of the page keeps what differs from the defaults."""
    _follow(first, last)
    for name, valid in _addressed(first, last).items():
        if not valid:
            st.warning(f"The address of this page asks for a `{name}` that there is not; all is shown instead.")
    with st.sidebar:
        st.subheader("Filters")
        begin = st.date_input(
            "First day (UTC)", first, first, last, key="start", format="YYYY-MM-DD", bind="query-params"
        )
        end = st.date_input("Last day (UTC)", last, first, last, key="end", format="YYYY-MM-DD", bind="query-params")
        level = st.radio("Tier at the time of the play", ("all", "free", "paid"), key="level", bind="query-params")
        place = st.selectbox("Place", (EVERYWHERE, *_places()), key="place", bind="query-params")
        if st.button("Refresh", help="Ask for the numbers of now"):
            serving().renew()
            st.rerun()
    start, finish = begin, end
    if start > finish:
        st.warning("The first day is after the last: both were taken the other way round.")
        start, finish = finish, start
    return {
        "start": start.isoformat(),
        "end": finish.isoformat(),
        "level": str(level),
        "place": "" if place in (None, EVERYWHERE) else str(place),
    }


def _follow(first: date, last: date) -> None:
    """Let a range that reaches to where plays began or ended reach on, when a load has moved that."""
    began, ended = st.session_state.get("loaded", (first, last))
    for key, before, now in (("start", began, first), ("end", ended, last)):
        if before != now and st.session_state.get(key) == before:
            st.session_state[key] = now
    st.session_state["loaded"] = (first, last)


def _addressed(first: date, last: date) -> dict[str, bool]:
    """Whether the values in the address are any that there are; Streamlit drops the others and says nothing."""
    found: dict[str, bool] = {}
    for name in st.query_params:
        texts = st.query_params.get_all(name)
        text = texts[-1] if texts else ""
        if name in ("start", "end"):
            with suppress(ValueError):
                found[name] = first <= date.fromisoformat(text) <= last
            found.setdefault(name, False)
        elif name == "level":
            found[name] = text in ("all", "free", "paid")
        elif name == "place":
            found[name] = text in (EVERYWHERE, *_places())
    return found


def _places() -> list[str]:
    try:
        found = waited("Looking up places", lambda heed: serving().answer("top-places", {"limit": PLACES}, heed))
    except SparkifyError:
        return []
    return [str(row[0]) for row in found.value.rows if row[0] is not None]


def told(values: Values) -> str:
    """The filters as a sentence, in Markdown."""
    tier = "" if values["level"] == "all" else f", {values['level']} tier"
    place = f", {plain(values['place'])}" if values["place"] else ""
    return f"{values['start']} to {values['end']} (UTC){tier}{place}."


def days_of(values: Values) -> tuple[date, date]:
    """The first and the last day of the range."""
    return date.fromisoformat(values["start"]), date.fromisoformat(values["end"])
