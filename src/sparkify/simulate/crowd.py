"""The users: who they are, how much they listen, and how they hold with paying."""

from typing import Final

import numpy as np
import numpy.typing as npt

from sparkify.simulate import words
from sparkify.simulate.clock import DAY, Clock
from sparkify.simulate.company import Company
from sparkify.simulate.pages import Kind, Stock

_RESTLESS: Final = 0.05
"""How readily tiers change: a free user upgrades in a session with this chance times `faith`."""

_LATER: Final = 0.5
"""Share of the users who register while the company is being simulated."""

_BUSY: Final = 0.6
"""Share of the busiest hour that one user may be listening."""

_MEAN_GAP: Final = 230.0
"""Seconds from one event to the next, about."""


class Crowd:
    """Users 0 to `users - 1`, in the order in which they registered; `users` itself stands for nobody."""

    def __init__(self, company: Company, clock: Clock, stock: Stock, rng: np.random.Generator) -> None:
        self.users = users = company.users
        sessions = rng.lognormal(0, 0.8, users)
        self.reach = np.cumsum(sessions)
        """Running total of how often users come by: draw below `reach[n - 1]` to pick among the first n."""

        later = min(int(users * _LATER), users - 1)
        self.joined = np.concatenate([np.zeros(users - later), np.sort(rng.random(later)) * 0.8])
        """Share of all events that has happened when a user registers, shape (users,), ascending."""
        registered = clock.at(self.joined)
        founders = users - later
        registered[:founders] -= np.sort((1 + rng.random(founders) * 120 * DAY).astype(np.int64))[::-1]
        self.registered = np.append(registered, 0)
        """Epoch milliseconds, shape (users + 1,)."""

        # A bit over a fifth pay, nearly all the time. Every ninth by activity, twice, rather than by
        # chance: the share of paid events then hardly depends on the seed, even for few users.
        rank = np.empty(users, dtype=np.int64)
        rank[np.argsort(-sessions, kind="stable")] = np.arange(users)
        faith = np.where(np.isin(rank % 9, (1, 6)), 0.92, 0.06)
        self.upgrades = _RESTLESS * faith
        """Chance that a session of the user, on the free tier, upgrades. Shape (users,)."""
        self.downgrades = _RESTLESS * (1 - faith)
        """Chance that a session of the user, on the paid tier, downgrades. Shape (users,)."""
        self.paid = rng.random(users) < faith
        """Tier at the beginning, shape (users,)."""

        per_session = faith * stock.mean(Kind.PAID) + (1 - faith) * stock.mean(Kind.FREE)
        events = sessions * per_session
        self.mean_session = float(events.sum() / sessions.sum())
        """Events of a session, about: what comes out depends on the tiers."""
        self.pace = self._pace(company, clock, events / events.sum())

        half = len(FIRST) // 2
        male = rng.random(users) < 0.3
        self.first = np.append(rng.integers(half, size=users) + half * male, len(FIRST))
        self.last = np.append(rng.integers(len(words.LAST_NAMES), size=users), len(words.LAST_NAMES))
        self.home = np.append(rng.integers(len(HOMES), size=users), len(HOMES))
        self.agent = np.append(rng.integers(len(AGENTS), size=users), len(AGENTS))
        """Index into FIRST, words.LAST_NAMES, HOMES, AGENTS; one beyond for nobody. Shape (users + 1,)."""

    def _pace(self, company: Company, clock: Clock, share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How many times faster than songs play each user goes through them, shape (users,), 1 or more.

        Whoever is given more events than the days have hours for skips through them: sessions of
        a user never overlap, and the company makes as many events as it was asked for.
        """
        busy = share * company.events * _MEAN_GAP * 1000 * clock.peak / (clock.end - clock.start)
        return np.maximum(1.0, busy / _BUSY)


FIRST: Final = [(name, gender) for gender in ("F", "M") for name in words.FIRST_NAMES[gender]]
HOMES: Final = [
    f"{town}-{words.TOWNS[(i * 29 + 7) % len(words.TOWNS)]}, {state}" if i % 3 else f"{town}, {state}"
    for i, town in enumerate(words.TOWNS)
    for state in (words.STATES[i % len(words.STATES)],)
]
AGENTS: Final = words.agents()
