"""A served dashboard for tests: its company, its server, its warehouse held by others."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sparkify.cli_support import settings_for
from sparkify.dashboard.reader import Reader
from tests.command import DATABASE, etl, event, finish, inside, song, start, start_python, write_json

SCRIPT = "</script><script>window.pwned=1</script>"
IMAGE = "<img src=x onerror=window.pwned=1>"
LONG = "endless " * 125
DAY = 86_400_000
FIRST = 1541034000000
"""2018-11-01T01:00:00Z, in milliseconds: the day before in America."""
PLACES = ("Lyon", "Paris *bold* $x$ :red[y]", IMAGE)
ALL = {"start": "2018-11-01", "end": "2018-11-20", "level": "all", "place": ""}


def company(folder: Path) -> None:
    """Twenty days of plays, of songs whose titles want to be more than text."""
    place: dict[str, object] = {"artist_latitude": 41.9, "artist_longitude": -87.6, "artist_location": IMAGE}
    songs = [
        song(),
        song(song_id="SO2", title=SCRIPT, artist_id="AR2", artist_name=IMAGE, **place),
        song(song_id="SO3", title=LONG, artist_id="AR3", artist_name="# heading", **place),
    ]
    write_json(folder / "song_data" / "songs.json", songs)
    titles = [("The Song", "The Artist"), (SCRIPT, IMAGE), (LONG, "# heading"), (f"{IMAGE} lacks", SCRIPT)]
    plays = [
        event(
            ts=FIRST + day * DAY + number * 1000, userId=str(number % 7), sessionId=day * 10 + number % 7,
            itemInSession=number, level="paid" if (day + number) % 3 else "free", location=PLACES[number % 3],
            gender="FM"[number % 2], firstName=IMAGE, song=titles[number % 4][0], artist=titles[number % 4][1],
            userAgent="Mozilla/5.0 (X11; Linux x86_64; rv:31.0) Gecko/20100101 Firefox/31.0",
        )
        for day in range(20)
        for number in range(5 + day)
    ]  # fmt: skip
    write_json(folder / "log_data" / "plays.json", plays)
    etl(folder).ok()


@dataclass(frozen=True)
class Server:
    """A dashboard that is served."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def values(self, name: str, **given: str) -> list[tuple[Any, ...]]:
        """What the command line answers."""
        arguments = [argument for each in (ALL | given).items() for argument in ("-p", "=".join(each))]
        out = inside(self.folder, "query", name, *arguments, "--format", "json").ok().out
        return [tuple(row.values()) for row in json.loads(out)]


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as listening:
            listening.bind(("::1", 0))
    except OSError:
        return False
    return True


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    port = free_port()
    process = start(folder, "dashboard", "--no-open", "--port", str(port), **settings)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line == f"http://127.0.0.1:{port} shows duckdb:///{DATABASE}; Ctrl-C ends it\n", finish(process)
    try:
        yield Server(folder, port, process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        result = finish(process)
        assert (result.exit_code, result.err) == (0, "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("dashboard")
    company(folder)
    with serving(folder) as found:
        yield found


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    """A folder of its own, with a warehouse and a month more to load."""
    company(tmp_path)
    for day in range(20, 50):
        plays = [event(ts=FIRST + day * DAY + n * 1000, itemInSession=n, userId=str(n % 7)) for n in range(40)]
        write_json(tmp_path / "log_data" / f"{day}.json", plays)
    return tmp_path


@contextmanager
def reading(folder: Path, *, wait: float = 30.0) -> Iterator[Reader]:
    reader = Reader(settings_for(warehouse=f"duckdb:///{folder / DATABASE}").model_copy(update={"wait": wait}))
    try:
        yield reader
    finally:
        reader.close()


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Another process writes the file, and does not let go."""
    code = f"import duckdb, time; c = duckdb.connect({DATABASE!r}); print('open', flush=True); time.sleep(600)"
    process = start_python(folder, "-c", code)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.kill()
        finish(process)
