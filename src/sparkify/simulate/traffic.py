"""Events of the whole company in order of time, made block by block.

A session begins when as many events have begun before it as the clock says for that instant. So
the number of events is exact, and the rhythm comes out right whatever sessions are drawn. A block
draws sessions for tens of thousands of events; events that lie after the next block's beginning wait.
Memory holds one block and the sessions that are open at one instant, however long the logs.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from sparkify.simulate.clock import HOUR, Clock
from sparkify.simulate.company import Company
from sparkify.simulate.crowd import Crowd
from sparkify.simulate.pages import NEXT, Kind, Stock
from sparkify.simulate.repertoire import Repertoire

IntArray = npt.NDArray[np.int64]
Events = npt.NDArray[np.void]
"""Events, one row each, of type EVENT."""

EVENT: Final = np.dtype(
    [
        ("ts", "i8"),  # epoch milliseconds
        ("session", "i8"),
        ("user", "i4"),  # also of those who are logged out
        ("track", "i4"),  # of the repertoire; len(repertoire) + page when no song plays
        ("item", "i2"),
        ("page", "i1"),
        ("paid", "?"),
    ]
)

BLOCK: Final = 65_536
"""Events drawn at a time, about."""

_REST: Final = 300_000.0
"""Milliseconds between two sessions of a user, at least, at pace 1."""


class Traffic:
    """The events of a company; iterate once."""

    def __init__(
        self,
        *,
        company: Company,
        clock: Clock,
        crowd: Crowd,
        stock: Stock,
        repertoire: Repertoire,
        rng: np.random.Generator,
    ) -> None:
        self._events = company.events
        self._clock, self._crowd, self._stock, self._repertoire = clock, crowd, stock, repertoire
        self._rng = rng
        self._done = 0
        self._sessions = 0
        self._paid = crowd.paid.copy()
        self._free_at = crowd.registered[:-1].copy()
        """When each user can begin another session, epoch milliseconds, shape (users,)."""

    def __iter__(self) -> Iterator[Events]:
        """Yield runs of events in order of time, across runs too, `company.events` in all."""
        pending = np.empty(0, dtype=EVENT)
        boundary = self._clock.start
        while self._done < self._events:
            # With many sessions open at once, blocks grow with them: what waits is then sorted out
            # once for as many new events, and the cost of an event stays what it is.
            pending = np.concatenate([pending, self._block(max(BLOCK, pending.size))])
            left = self._events - self._done
            if left >= BLOCK:
                boundary = self._instant()
                due = pending["ts"] < boundary
                yield _in_order(pending[due])
                pending = pending[~due]
        # The last run covers a block or more, so there is room to draw in what would last too long.
        self._draw_in(pending, boundary)
        yield _in_order(pending)

    def _instant(self) -> int:
        """When the next session begins, at the earliest."""
        return int(self._clock.at(np.array([self._done / self._events]))[0])

    def _block(self, size: int) -> Events:
        """Draw sessions for about `size` events, at most what is left; events in no order."""
        left = self._events - self._done
        count = int(min(size, left) / self._crowd.mean_session) + 16
        user = self._draw_users(count)
        order = np.argsort(user, kind="stable")
        template = self._draw_templates(user, order)
        length = self._stock.length[template]
        ends = np.cumsum(length)
        if ends[-1] > left:
            # The last session is cut short to make the number of events what it was asked to be.
            count = int(np.searchsorted(ends, left)) + 1
            user, template, length, ends = user[:count], template[:count], length[:count], ends[:count]
            length[-1] -= ends[-1] - left
            ends[-1] = left
            order = order[order < count]
        begins = ends - length

        row = np.arange(ends[-1])
        item = row - np.repeat(begins, length)
        source = np.repeat(self._stock.offset[template], length) + item
        events = np.empty(row.size, dtype=EVENT)
        events["item"] = item
        events["page"] = page = self._stock.page[source]
        events["paid"] = self._stock.paid[source]
        events["user"] = np.repeat(user, length)
        events["session"] = np.repeat(self._sessions + 1 + np.arange(count), length)

        playing = np.flatnonzero(page == NEXT)
        track = len(self._repertoire) + page.astype(np.int64)
        track[playing] = self._repertoire.draw(self._rng, playing.size)
        events["track"] = track
        gap = self._stock.pause[source]
        gap[playing] = self._repertoire.milliseconds[track[playing]]
        pace = self._crowd.pace[user]
        gap = np.maximum(1, (gap / np.repeat(pace, length)).astype(np.int64))

        elapsed = np.cumsum(gap) - gap
        elapsed -= np.repeat(elapsed[begins], length)
        lasts = np.add.reduceat(gap, begins) + (_REST / pace).astype(np.int64)
        nominal = self._clock.at((self._done + begins) / self._events)
        events["ts"] = np.repeat(self._wait(nominal, lasts, user, order), length) + elapsed

        self._done += events.size
        self._sessions += count
        return events

    def _draw_users(self, count: int) -> IntArray:
        """Users of the next sessions, among those who have registered by then."""
        crowd = self._crowd
        share = (self._done + np.arange(count) * crowd.mean_session) / self._events
        registered = np.searchsorted(crowd.joined, share, side="right")
        below = self._rng.random(count) * crowd.reach[registered - 1]
        users: IntArray = np.searchsorted(crowd.reach, below, side="right")
        return users

    def _draw_templates(self, user: IntArray, order: IntArray) -> IntArray:
        """Sessions of the stock for these users; carries every user's tier from one to the next.

        A draw says "be paid", "be free" or nothing, without looking at the tier: then the tier before
        a session is what the last draw that said anything made it, which needs no loop.
        """
        crowd, stock = self._crowd, self._stock
        who = user[order]
        draw = self._rng.random(who.size)
        to_paid = draw < crowd.upgrades[who]
        to_free = draw >= 1 - crowd.downgrades[who]

        place = np.arange(who.size)
        first = _firsts(who)
        last_said = np.maximum.accumulate(np.where(to_paid | to_free, place, -1))
        said_before = np.concatenate([[-1], last_said[:-1]])
        begins = np.maximum.accumulate(np.where(first, place, 0))
        paid = np.where(said_before >= begins, to_paid[said_before], self._paid[who])

        kind = np.where(paid, int(Kind.PAID), int(Kind.FREE))
        kind[to_paid & ~paid] = Kind.UPGRADE
        kind[to_free & paid] = Kind.DOWNGRADE
        last = np.append(first[1:], True)
        self._paid[who[last]] = ((paid | to_paid) & ~to_free)[last]

        template = np.empty(who.size, dtype=np.int64)
        template[order] = stock.first[kind] + (stock.count[kind] * self._rng.random(who.size)).astype(np.int64)
        return template

    def _wait(self, nominal: IntArray, lasts: IntArray, user: IntArray, order: IntArray) -> IntArray:
        """When sessions begin: as planned, or when the user's one before is over.

        begin[k] = max(nominal[k], begin[k-1] + lasts[k-1]) for each user. Minus what the user's
        sessions before k last, both sides are a running maximum.
        """
        who = user[order]
        first = _firsts(who)
        group = np.cumsum(first) - 1
        plan = nominal[order]
        plan[first] = np.maximum(plan[first], self._free_at[who[first]])
        spent = lasts[order]
        before = np.cumsum(spent) - spent
        before -= before[first][group]
        slack = plan - before
        # Lift each user above all users before, so that one running maximum serves them all.
        lift = group * (slack.max() - slack.min() + 1)
        begin = np.maximum.accumulate(slack + lift) - lift + before
        last = np.append(first[1:], True)
        self._free_at[who[last]] = (begin + spent)[last]
        starts = np.empty(begin.size, dtype=np.int64)
        starts[order] = begin
        return starts

    def _draw_in(self, events: Events, boundary: int) -> None:
        """Hurry on the users whose sessions run past the end of the last day, in place.

        Each such user's last events are moved closer together, keeping order and distinct instants.
        """
        end = self._clock.end
        over = np.unique(events["user"][events["ts"] >= end])
        if over.size == 0:
            return
        rows = np.flatnonzero(np.isin(events["user"], over))
        rows = rows[np.lexsort((events["ts"][rows], events["user"][rows]))]
        first = np.flatnonzero(_firsts(events["user"][rows]))
        for user, mine in zip(over, np.split(rows, first[1:]), strict=True):
            ts = events["ts"][mine]
            excess = ts[-1] - (end - 1)
            pivot = max(boundary, end - 3 * excess - HOUR, self._crowd.registered[user])
            moved = mine[ts >= pivot]
            # Instants less their rank never fall, so shrinking those and adding the rank keeps all distinct.
            rank = np.arange(moved.size)
            after = events["ts"][moved] - pivot - rank
            room = end - 1 - pivot - rank[-1]
            events["ts"][moved] = pivot + rank + after * room // after[-1]


def _firsts(values: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Which of these sorted values differ from the one before, the first included."""
    return np.append(True, values[1:] != values[:-1])


def _in_order(events: Events) -> Events:
    return events[np.argsort(events["ts"], kind="stable")]
