"""Events as JSON lines of the public logs.

A line is a row of some dozen pieces. All but numbers are made beforehand, so that rendering is
picking bytes by index, column by column, and one join.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from sparkify.simulate import words
from sparkify.simulate.crowd import AGENTS, FIRST, HOMES, Crowd
from sparkify.simulate.pages import PAGES, Stock
from sparkify.simulate.repertoire import Repertoire
from sparkify.simulate.traffic import Events

Pieces = npt.NDArray[np.object_]

_LOGGED_IN: Final = np.array([page.logged_in for page in PAGES])


class Lines:
    """Renders events; each line begins with a newline, so that whoever writes the first drops one byte."""

    def __init__(self, crowd: Crowd, stock: Stock, repertoire: Repertoire) -> None:
        self._crowd = crowd
        silent = [(f'\n{{"artist":null,"auth":"{_auth(p.logged_in)}","firstName":').encode() for p in PAGES]
        self._artist = _pieces(
            [b'\n{"artist":' + name + b',"auth":"Logged In","firstName":' for name in repertoire.artist] + silent
        )
        self._first = _pieces(
            [f'"{name}","gender":"{gender}","itemInSession":'.encode() for name, gender in FIRST]
            + [b'null,"gender":null,"itemInSession":']
        )
        self._item = _pieces(b"%d" % item for item in range(stock.longest))
        self._last = _pieces(
            [b',"lastName":' + words.log_json(name) + b',"length":' for name in words.LAST_NAMES]
            + [b',"lastName":null,"length":']
        )
        self._length = _pieces(
            [length + b',"level":"' for length in repertoire.length] + [b'null,"level":"'] * len(PAGES)
        )
        # Two for each home: the tier comes just before it.
        self._home = _pieces(
            level + b'","location":' + home + b',"method":"'
            for home in [*map(words.log_json, HOMES), b"null"]
            for level in (b"free", b"paid")
        )
        self._page = _pieces(f'{page.method}","page":"{page.name}","registration":'.encode() for page in PAGES)
        self._song = _pieces(
            [b',"song":' + title + b',"status":200,"ts":' for title in repertoire.title]
            + [f',"song":null,"status":{page.status},"ts":'.encode() for page in PAGES]
        )
        self._agent = _pieces(
            [b',"userAgent":' + words.log_json(agent) + b',"userId":"' for agent in AGENTS]
            + [b',"userAgent":null,"userId":"']
        )

    def render(self, events: Events) -> bytes:
        """The lines of these events, in their order."""
        crowd = self._crowd
        page, track = events["page"], events["track"]
        logged_in = _LOGGED_IN[page]
        user = np.where(logged_in, events["user"], crowd.users)
        nobody = ~logged_in
        row = np.empty((events.size, 13), dtype=object)
        row[:, 0] = self._artist[track]
        row[:, 1] = self._first[crowd.first[user]]
        row[:, 2] = self._item[events["item"]]
        row[:, 3] = self._last[crowd.last[user]]
        row[:, 4] = self._length[track]
        row[:, 5] = self._home[crowd.home[user] * 2 + events["paid"]]
        row[:, 6] = self._page[page]
        row[:, 7] = _numbers(crowd.registered[user], b'.0,"sessionId":')
        row[nobody, 7] = b'null,"sessionId":'
        row[:, 8] = _numbers(events["session"], b"")
        row[:, 9] = self._song[track]
        row[:, 10] = _numbers(events["ts"], b"")
        row[:, 11] = self._agent[crowd.agent[user]]
        row[:, 12] = _numbers(user + 1, b'"}')
        row[nobody, 12] = b'"}'
        return b"".join(row.ravel().tolist())


def _numbers(values: npt.NDArray[np.integer], suffix: bytes) -> list[bytes]:
    """Whole numbers in decimal, each with the suffix; orjson writes them several times as fast as Python."""
    text = orjson.dumps(values.tolist())[1:-1]
    return (text.replace(b",", suffix + b"\n") + suffix).split(b"\n")


def _pieces(values: Iterable[bytes]) -> Pieces:
    found = list(values)
    pieces = np.empty(len(found), dtype=object)
    pieces[:] = found
    return pieces


def _auth(logged_in: bool) -> str:
    return "Logged In" if logged_in else "Logged Out"
