"""The pages of the app, and a stock of sessions that walk through them.

Walking a Markov chain one event after the other is slow, so it is done once, for some thousands
of sessions; the traffic then picks from this stock. The weights follow the public logs.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class Page(NamedTuple):
    """A page as the logs show it. Whether somebody is logged in is part of it."""

    name: str
    method: str
    status: int
    logged_in: bool = True


PAGES: Final = (
    Page("NextSong", "PUT", 200),
    Page("Home", "GET", 200),
    Page("Logout", "PUT", 307),
    Page("Home", "GET", 200, logged_in=False),
    Page("Login", "PUT", 307, logged_in=False),
    Page("About", "GET", 200, logged_in=False),
    Page("Help", "GET", 200, logged_in=False),
    Page("Settings", "GET", 200),
    Page("Save Settings", "PUT", 307),
    Page("Help", "GET", 200),
    Page("About", "GET", 200),
    Page("Error", "GET", 404),
    Page("Upgrade", "GET", 200),
    Page("Downgrade", "GET", 200),
    Page("Submit Upgrade", "PUT", 307),
    Page("Submit Downgrade", "PUT", 307),
)
(
    NEXT,
    HOME,
    LOGOUT,
    HOME_OUT,
    LOGIN,
    ABOUT_OUT,
    HELP_OUT,
    SETTINGS,
    SAVE,
    HELP,
    ABOUT,
    ERROR,
    UPGRADE,
    DOWNGRADE,
) = range(14)
SUBMIT_UPGRADE, SUBMIT_DOWNGRADE = 14, 15

# From each page, the weights of the pages that come next.
_ANYWHERE: Final[dict[int, dict[int, float]]] = {
    LOGOUT: {HOME_OUT: 1},
    LOGIN: {HOME: 1},
    SAVE: {HOME: 1},
    HOME_OUT: {LOGIN: 40, HOME_OUT: 22, ABOUT_OUT: 7, HELP_OUT: 4},
    ABOUT_OUT: {LOGIN: 4, HOME_OUT: 2, ABOUT_OUT: 1},
    HELP_OUT: {LOGIN: 2, HELP_OUT: 3},
    SETTINGS: {NEXT: 30, SAVE: 10, HOME: 4, SETTINGS: 4, HELP: 4, LOGOUT: 3},
    HELP: {NEXT: 30, HOME: 2, HELP: 2},
    ABOUT: {NEXT: 4, HOME: 4, ABOUT: 3},
    ERROR: {NEXT: 2, HOME: 1},
    UPGRADE: {HOME: 5, NEXT: 3, UPGRADE: 2},
    DOWNGRADE: {NEXT: 34, HOME: 10, DOWNGRADE: 3},
}
_FREE: Final[dict[int, dict[int, float]]] = {
    **_ANYWHERE,
    NEXT: {NEXT: 769, HOME: 31, LOGOUT: 26, UPGRADE: 14, SETTINGS: 5, HELP: 4, ABOUT: 2, ERROR: 1},
    HOME: {NEXT: 208, SETTINGS: 11, HOME: 5, UPGRADE: 4, LOGOUT: 3, ABOUT: 1},
}
_PAID: Final[dict[int, dict[int, float]]] = {
    **_ANYWHERE,
    NEXT: {NEXT: 5009, HOME: 112, LOGOUT: 52, DOWNGRADE: 48, SETTINGS: 29, HELP: 28, ABOUT: 12, ERROR: 8},
    HOME: {NEXT: 223, SETTINGS: 8, LOGOUT: 6, DOWNGRADE: 5, ABOUT: 1},
}
_FREE_FIRST: Final[dict[int, float]] = {
    NEXT: 570,
    HOME: 400,
    LOGIN: 14,
    HOME_OUT: 11,
    ABOUT: 3,
    HELP: 1,
    ERROR: 1,
}
_PAID_FIRST: Final[dict[int, float]] = {NEXT: 450, HOME: 285, HOME_OUT: 120, LOGIN: 5}

_PASSING: Final = np.array([LOGOUT, LOGIN, SAVE])
"""Pages that lead straight on: no session ends there."""

_LONGEST: Final = 250


class Kind(IntEnum):
    """What a session does to the tier of its user."""

    FREE = 0
    PAID = 1
    UPGRADE = 2
    DOWNGRADE = 3


@dataclass(frozen=True)
class Stock:
    """Sessions to pick from: events of all of them in a row, and where each begins."""

    page: npt.NDArray[np.int8]
    """Index into PAGES, shape (all events,)."""
    paid: npt.NDArray[np.bool_]
    """Tier at each event; a Submit still shows the old one. Shape (all events,)."""
    pause: IntArray
    """Milliseconds until the next event, for all pages but NextSong. Shape (all events,)."""
    offset: IntArray
    """First event of each session, shape (sessions,)."""
    length: IntArray
    """Events of each session, shape (sessions,)."""
    first: IntArray
    """First session of each Kind, shape (4,)."""
    count: IntArray
    """Sessions of each Kind, shape (4,)."""

    @property
    def longest(self) -> int:
        """Events of the longest session."""
        return int(self.length.max())

    def mean(self, kind: Kind) -> float:
        """Mean number of events in sessions of a kind."""
        first = self.first[kind]
        return float(self.length[first : first + self.count[kind]].mean())


def stock_sessions(rng: np.random.Generator) -> Stock:
    """Walk the chains: thousands of ordinary sessions, hundreds that change the tier."""
    free = _walk(rng, _FREE, _FREE_FIRST, _free_lengths(rng, 6144))
    paid = _walk(rng, _PAID, _PAID_FIRST, _paid_lengths(rng, 4096))
    after_upgrade = _walk(rng, _PAID, {HOME: 1}, _paid_lengths(rng, 384))
    after_downgrade = _walk(rng, _FREE, {HOME: 1}, _free_lengths(rng, 384))
    upgrade = [
        np.concatenate([_listen(n), [UPGRADE, SUBMIT_UPGRADE], rest])
        for n, rest in zip(_free_lengths(rng, 384), after_upgrade, strict=True)
    ]
    downgrade = [
        np.concatenate([_listen(n), [DOWNGRADE, SUBMIT_DOWNGRADE], rest])
        for n, rest in zip(_paid_lengths(rng, 384), after_downgrade, strict=True)
    ]
    groups = [free, paid, upgrade, downgrade]
    sessions = [session for group in groups for session in group]
    count = np.array([len(group) for group in groups])
    length = np.array([session.size for session in sessions])
    page = np.concatenate(sessions).astype(np.int8)
    offset = np.cumsum(length) - length

    kind = np.repeat(np.repeat(np.arange(4), count), length)
    # Inside one session: has the Submit gone by already?
    submit = (page == SUBMIT_UPGRADE) | (page == SUBMIT_DOWNGRADE)
    so_far = np.cumsum(submit) - submit
    changed = so_far > np.repeat(so_far[offset], length)
    paid_before = (kind == Kind.PAID) | (kind == Kind.DOWNGRADE)

    # Think time in the public logs: half within 69 s, a quarter within 15 s, a long tail.
    pause = (1 + 127 * rng.weibull(0.6, page.size)).astype(np.int64)
    pause = np.minimum(pause, 3600) * 1000
    return Stock(page, paid_before ^ changed, pause, offset, length, np.cumsum(count) - count, count)


def _free_lengths(rng: np.random.Generator, count: int) -> IntArray:
    return np.ceil(np.minimum(rng.lognormal(np.log(1.5), 0.9, count), _LONGEST)).astype(np.int64)


def _paid_lengths(rng: np.random.Generator, count: int) -> IntArray:
    return np.ceil(np.clip(rng.exponential(26.3, count), 1, _LONGEST)).astype(np.int64)


def _listen(length: np.int64) -> IntArray:
    pages = np.full(length, NEXT)
    pages[0] = HOME
    return pages


def _walk(
    rng: np.random.Generator,
    chain: dict[int, dict[int, float]],
    first: dict[int, float],
    lengths: IntArray,
) -> list[IntArray]:
    """One session for each length, all walked in step; a session that would end in passing goes on."""
    steps = np.array([_cumulate(chain.get(page, {HOME: 1})) for page in range(len(PAGES))])
    state = np.searchsorted(_cumulate(first), rng.random(lengths.size), side="right")
    columns = [state]
    for _ in range(int(lengths.max()) + 1):
        state = (steps[state] <= rng.random(lengths.size)[:, None]).sum(axis=1)
        columns.append(state)
    pages = np.stack(columns, axis=1)
    # After a passing page comes one that is not, so one more event is enough.
    ends = lengths + np.isin(pages[np.arange(lengths.size), lengths - 1], _PASSING)
    return [row[:end] for row, end in zip(pages, ends, strict=True)]


def _cumulate(weights: dict[int, float]) -> npt.NDArray[np.float64]:
    row = np.zeros(len(PAGES))
    for page, weight in weights.items():
        row[page] = weight
    total = np.cumsum(row)
    # The last page with any weight ends at 1 exactly, so that no draw falls beyond it.
    return np.where(total >= total[-1], 1.0, total / total[-1])
