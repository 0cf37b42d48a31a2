"""The catalogue: songs by popularity, their artists, and one file for each song.

Numbers are kept, names are made when asked for: a million songs take tens of megabytes.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from sparkify.simulate import words
from sparkify.simulate.company import Company

_LETTERS: Final = 26**5

NUMERIC_ARTIST: Final = "515"
NUMERIC_TITLE: Final = "88"
"""Names that a careless exporter writes as JSON numbers; only a dirty company has them."""


class Catalogue:
    """Songs 0 (the most popular) to `songs - 1` and artists 0 to `artists - 1`."""

    def __init__(self, company: Company, rng: np.random.Generator) -> None:
        self.songs = company.songs
        self.artists = max(1, company.songs // 3)
        self._dirty = company.dirty
        # Everybody has one song, a few have many.
        spread = (self.artists * rng.random(self.songs) ** 2).astype(np.int32)
        spread[: self.artists] = rng.permutation(self.artists)
        self.artist = spread
        """Artist of each song, shape (songs,)."""
        self.seconds = np.clip(rng.lognormal(np.log(232), 0.36, self.songs), 15, 1500).round(5)
        """Duration of each song in seconds, shape (songs,)."""
        known = rng.random(self.songs) < 0.4
        self._year = np.where(known, 2011 - (51 * rng.random(self.songs) ** 1.7).astype(np.int64), 0)
        self._song_hex = rng.integers(16**11, size=self.songs)
        self._track_hex = rng.integers(16**11, size=self.songs)
        self._artist_hex = rng.integers(16**11, size=self.artists)
        self._has_place = rng.random(self.artists) < 0.6
        self._has_point = rng.random(self.artists) < 0.44
        self._latitude = rng.uniform(-45, 65, self.artists).round(5)
        self._longitude = rng.uniform(-125, 150, self.artists).round(5)

    def title(self, song: int) -> str:
        """Title of a song."""
        if self._dirty and song == min(5, self.songs - 1):
            return NUMERIC_TITLE
        return words.title(2 * song)

    def artist_name(self, artist: int) -> str:
        """Name of an artist."""
        if self._dirty and artist == min(2, self.artists - 1):
            return NUMERIC_ARTIST
        return words.artist(2 * artist)

    def record(self, song: int) -> str:
        """The JSON of a song's file, in the public field order."""
        artist = int(self.artist[song])
        town = words.TOWNS[artist * 37 % len(words.TOWNS)]
        state = words.STATES[artist * 13 % len(words.STATES)]
        record: dict[str, object] = {
            "num_songs": 1,
            "artist_id": "AR" + _identifier(artist * 5_413_337 + 3_141_592, int(self._artist_hex[artist])),
            "artist_latitude": float(self._latitude[artist]) if self._has_point[artist] else None,
            "artist_longitude": float(self._longitude[artist]) if self._has_point[artist] else None,
            "artist_location": f"{town}, {state}" if self._has_place[artist] else "",
            "artist_name": _value(self.artist_name(artist)),
            "song_id": "SO" + _identifier(song * 7_368_787 + 2_718_281, int(self._song_hex[song])),
            "title": _value(self.title(song)),
            "duration": float(self.seconds[song]),
            "year": int(self._year[song]),
        }
        return json.dumps(record)

    def path(self, song: int) -> str:
        """Where a song's file lies beneath `song_data`; 26 songs share a folder, as long as folders last."""
        folder, letter = divmod(song, 26)
        lap, folder = divmod(folder, 26**3)
        track = "TR" + _identifier((folder * 26 + letter) * 26 + lap, int(self._track_hex[song]))
        return f"{track[2]}/{track[3]}/{track[4]}/{track}.json"

    def write(self, root: Path) -> int:
        """Write every song beneath `root`; returns the bytes written."""
        written = 0
        made: str | None = None
        for song in range(self.songs):
            path = self.path(song)
            folder = path[:5]
            if folder != made:
                (root / folder).mkdir(parents=True, exist_ok=True)
                made = folder
            data = self.record(song).encode("ascii")
            (root / path).write_bytes(data)
            written += len(data)
        return written


def outside(name: Callable[[int], str], number: int) -> str:
    """A title or an artist name (`words.title`, `words.artist`) that no catalogue has: those are even."""
    return name(2 * number + 1)


def _identifier(number: int, tail: int) -> str:
    """Five letters that tell numbers below 26**5 apart, and eleven hexadecimal digits."""
    number %= _LETTERS
    letters = ""
    for _ in range(5):
        number, letter = divmod(number, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{tail:011X}"


def _value(text: str) -> str | int:
    return int(text) if text.isdigit() else text
