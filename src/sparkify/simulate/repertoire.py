"""What plays name: tracks of the catalogue, nearly so, of its artists only, or of nobody's."""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from sparkify.simulate import words
from sparkify.simulate.catalogue import Catalogue, outside
from sparkify.simulate.company import Company

_WIDTH: Final = 8192
"""Tracks that match by title, by artist, and not at all: this many of each, at most."""

Track = tuple[str, str, float]
"""Title, artist name, seconds."""


class Repertoire:
    """Tracks in four groups, each from the most to the least popular: exact, title, artist, none."""

    def __init__(self, company: Company, catalogue: Catalogue, rng: np.random.Generator) -> None:
        self._catalogue = catalogue
        self._dirty = company.dirty
        sizes = [company.songs, min(company.songs, _WIDTH), _WIDTH, _WIDTH]
        self._size = np.array(sizes)
        self._first = np.cumsum(self._size) - self._size
        self._bounds = np.cumsum([company.exact, company.title, company.artist])
        odd = np.clip(rng.lognormal(np.log(232), 0.36, 2 * _WIDTH), 15, 1500).round(5).tolist()

        def by_artist(number: int) -> Track:
            return (
                outside(words.title, number),
                catalogue.artist_name(number % catalogue.artists),
                odd[number],
            )

        def by_nobody(number: int) -> Track:
            return outside(words.title, number), outside(words.artist, number), odd[_WIDTH + number]

        makers: tuple[Callable[[int], Track], ...] = (self._song, self._variant, by_artist, by_nobody)
        self.artist: list[bytes] = []
        """JSON of each track's artist name."""
        self.title: list[bytes] = []
        """JSON of each track's title."""
        self.length: list[bytes] = []
        """JSON of each track's seconds."""
        self.milliseconds = np.empty(sum(sizes), dtype=np.int64)
        """What a play takes, whole seconds as in the public logs, shape (tracks,)."""
        for group, (make, size) in enumerate(zip(makers, sizes, strict=True)):
            for number in range(size):
                title, artist, seconds = make(number)
                self.milliseconds[len(self.title)] = int(seconds) * 1000
                self.title.append(self._json(title, mangle=group > 0))
                self.artist.append(self._json(artist, mangle=group > 0))
                self.length.append(repr(seconds).encode("ascii"))

    def __len__(self) -> int:
        return len(self.title)

    def draw(self, rng: np.random.Generator, count: int) -> npt.NDArray[np.int64]:
        """Tracks of `count` plays: the group by the company's shares, within it a long tail."""
        group = np.searchsorted(self._bounds, rng.random(count), side="right")
        # Squaring a uniform number makes the track of rank r as popular as 1 / sqrt(r).
        rank = self._size[group] * rng.random(count) ** 2
        tracks: npt.NDArray[np.int64] = self._first[group] + rank.astype(np.int64)
        return tracks

    def _song(self, song: int) -> Track:
        catalogue = self._catalogue
        return (
            catalogue.title(song),
            catalogue.artist_name(int(catalogue.artist[song])),
            float(catalogue.seconds[song]),
        )

    def _variant(self, song: int) -> Track:
        """A song as another source would name it: case, white space, or another recording's length."""
        title, artist, seconds = self._song(song)
        variants = (
            (title.upper(), artist),
            (title, artist.lower()),
            (f" {title.replace(' ', '  ')}", artist + " "),
        )
        changed = (*variants, (title, artist))[song % 4]
        if changed == (title, artist):
            seconds = round(seconds + 1.5 + song % 7, 5)
        return *changed, seconds

    def _json(self, text: str, *, mangle: bool) -> bytes:
        # Tracks that are to match exactly stay whole, or the share of them could not be set.
        if self._dirty and text.isdigit():
            return text.encode("ascii")
        return words.log_json(words.encode_twice(text) if self._dirty and mangle else text)
