"""What the dashboard and the report show, in which order: sections of named queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sparkify.queries import NamedQuery


@dataclass(frozen=True, slots=True)
class Section:
    """A page of the dashboard, a chapter of the report."""

    name: str
    about: str
    queries: tuple[str, ...]


OVERVIEW = "overview"
"""The query whose one row heads the first section."""

SECTIONS = (
    Section(
        "Overview", "How much is listened to, and when", ("plays-over-time", "plays-by-weekday", "tiers-over-time")
    ),
    Section("Music", "What is played", ("top-songs", "top-artists")),
    Section(
        "Places", "Where people are when they listen, and where the music comes from", ("top-places", "artist-places")
    ),
    Section(
        "Listeners",
        "Who listens, how long, and who comes back",
        (
            "active-users",
            "new-and-returning",
            "retention",
            "tier-changes",
            "time-to-upgrade",
            "session-length",
            "plays-per-session",
            "by-gender",
            "by-device",
            "heavy-users",
        ),
    ),
    Section(
        "Catalogue",
        "How well plays find their songs, and what to buy next",
        ("match-quality", "missing-songs", "catalogue-coverage"),
    ),
)


def days_before(first: date, last: date) -> tuple[date, date] | None:
    """As many days, directly before; None where the calendar begins in between."""
    days = (last - first).days + 1
    if (first - date.min).days < days:
        return None
    return first - timedelta(days=days), first - timedelta(days=1)


def period(query: NamedQuery, first: date, last: date) -> dict[str, str]:
    """The length of a query's periods, so that about a hundred make a chart; nothing for a query that has none."""
    by = next((each for each in query.parameters if each.name == "by"), None)
    if by is None:
        return {}
    days = (last - first).days + 1
    fitting = "day" if days <= 120 else "week" if days <= 730 else "month"
    return {"by": max(fitting, by.default, key=("day", "week", "month").index)}
