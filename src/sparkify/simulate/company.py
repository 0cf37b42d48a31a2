"""What to simulate, and what came of it."""

from dataclasses import dataclass
from datetime import date, timedelta

MAX_SONGS = 5_000_000
"""Identifiers, titles and artist names are unique up to here."""

MAX_USERS = 10_000_000

MAX_USER_DAY = 50_000
"""Events that one user can make in a day, on average: more would not fit distinct milliseconds."""


@dataclass(frozen=True)
class Company:
    """The settings of a simulation. Raises ValueError, with one line, when they contradict each other."""

    events: int = 10_000
    """Distinct events in the logs; what `dirty` repeats comes on top."""
    songs: int = 500
    """Songs of the catalogue, one file each."""
    users: int = 100
    """Registered users; a user who never comes by leaves no event."""
    start: date = date(2018, 11, 1)
    """First day, UTC."""
    days: int = 30
    seed: int = 0
    """Equal settings and seed give equal bytes."""
    exact: float = 0.30
    """Share of plays whose title, artist and length are those of a song."""
    title: float = 0.10
    """Share of plays that name a song in other case or white space, or with another length."""
    artist: float = 0.35
    """Share of plays of which only the artist is in the catalogue; the rest of the plays match nothing."""
    dirty: bool = False
    """Plant the faults that real data has."""

    def __post_init__(self) -> None:
        self._check_counts()
        self._check_shares()
        if self.start.year < 1970:
            raise ValueError(f"start must not be before 1970, not {self.start}")
        try:
            # The day after the last one needs a date too: late files are named after it.
            self.start + timedelta(days=self.days)
        except OverflowError:
            raise ValueError(f"{self.days:,} days from {self.start} run past the year 9999") from None
        most = self.users * self.days * MAX_USER_DAY
        if self.events > most:
            raise ValueError(
                f"users ({self.users:,}) and days ({self.days:,}) are too few for {self.events:,} events:"
                f" at most {most:,} fit"
            )

    def _check_counts(self) -> None:
        for name, highest in (("events", None), ("songs", MAX_SONGS), ("users", MAX_USERS), ("days", None)):
            number = getattr(self, name)
            if number < 1:
                raise ValueError(f"{name} must be at least 1, not {number:,}")
            if highest is not None and number > highest:
                raise ValueError(f"{name} must be at most {highest:,}, not {number:,}")
        if self.seed < 0:
            raise ValueError(f"seed must not be negative, not {self.seed}")

    def _check_shares(self) -> None:
        for name in ("exact", "title", "artist"):
            share = getattr(self, name)
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share of the plays, from 0 to 1, not {share}")
        total = self.exact + self.title + self.artist
        # Shares that are meant to add up to 1 do so only up to rounding.
        if total > 1 + 1e-9:
            raise ValueError(f"exact, title and artist together must be at most 1, not {total:g}")


@dataclass(frozen=True)
class Simulated:
    """What a simulation wrote."""

    log_files: int
    """Files that a loader lists: with copies, late and empty ones, without hidden ones."""
    song_files: int
    """As `log_files`."""
    events: int
    """Distinct events."""
    songs: int
    """Distinct songs."""
    bytes: int
    """Size of all files, hidden ones too."""
    bad_records: int
    """Malformed and cut records planted, copies counted: what a loader must reject, no more and no less."""
