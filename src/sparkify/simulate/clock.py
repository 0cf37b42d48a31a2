"""When things happen: hours of the day, days of the week, and a company that doubles over its time."""

from datetime import date
from typing import Final

import numpy as np
import numpy.typing as npt

DAY: Final = 86_400_000
"""Milliseconds of a day."""

HOUR: Final = DAY // 24

# Relative to each other, UTC; the shape of the public logs.
_HOURS: Final = np.array(
    [18, 19, 16, 14, 16, 20, 23, 22, 25, 31, 36, 39, 37, 42, 50, 58, 62, 58, 57, 43, 40, 33, 25, 22],
    dtype=float,
)
_WEEK: Final = np.array([1.0, 1.05, 1.3, 0.85, 1.0, 0.6, 0.42])
"""Monday first."""

_GROWTH: Final = 2.0
"""Events per day at the end, against the beginning."""


class Clock:
    """Maps how much of all events has happened, from 0 to 1, to an instant."""

    def __init__(self, start: date, days: int) -> None:
        first = (start - date(1970, 1, 1)).days
        self.start = first * DAY
        """Epoch milliseconds of the first instant."""
        self.end = (first + days) * DAY
        """Epoch milliseconds of the first instant after the last day."""
        day = np.arange(days)
        busy = _WEEK[(day + start.weekday()) % 7] * (1 + (_GROWTH - 1) * (day + 0.5) / days)
        rate = np.outer(busy, _HOURS).ravel()
        self._edges = self.start + np.arange(rate.size + 1) * float(HOUR)
        self._share = np.concatenate([[0.0], np.cumsum(rate / rate.sum())])
        self.peak = float(rate.max() / rate.mean())
        """The busiest hour against the mean one."""

    def at(self, share: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Epoch milliseconds at which each share of all events has happened; never earlier for more."""
        instants = np.interp(share, self._share, self._edges)
        whole: npt.NDArray[np.int64] = np.minimum(instants, self.end - 1).astype(np.int64)
        return whole
