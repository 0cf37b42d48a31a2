"""Whatever the system refuses, at whatever call: a plain line, a sound exit code, and the next load completes.

`SPARKIFY_FAULTS=all` tries every error at every call of every command, which takes an hour or so; `SPARKIFY_FAULTS=N`
every N-th case. Without it a few dozen cases stand for them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from tests.command import DATABASE, Result, contents, event, leftovers, small_company, write_json
from tests.faults import CALLS, Commands, Fault, why_not

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

WHAT = os.environ.get("SPARKIFY_FAULTS", "")


@dataclass
class Place:
    """Raw data, the warehouse that a load makes of them, and where commands run."""

    commands: Commands
    folder: Path
    source: Path
    loaded: Path
    numbers: Iterator[int]

    @property
    def data(self) -> list[str]:
        return ["--song-data", str(self.source / "song_data"), "--log-data", str(self.source / "log_data")]

    def new(self) -> Path:
        """A folder for one command."""
        folder = self.folder / str(next(self.numbers))
        folder.mkdir()
        return folder

    def after(self, name: str) -> Path:
        """A folder for one command, as it finds it."""
        folder = self.new()
        if name not in ("etl", "create-tables", "compact", "simulate"):
            shutil.copy(self.loaded / DATABASE, folder)
        return folder

    def arguments(self, name: str) -> list[str]:
        return {
            "etl": ["etl", *self.data],
            "refresh": ["etl", *self.data, "--full-refresh"],
            "create-tables": ["create-tables"],
            "status": ["status", *self.data],
            "check": ["check"],
            "rejects": ["rejects"],
            "query": ["query", "peak-hour", "-f", "parquet", "-o", "x.parquet"],
            "sql": ["sql", "select count(*) as plays from songplays", "-f", "json"],
            "export": ["export", "out"],
            "compact": ["compact", str(self.source / "log_data"), "compacted"],
            "simulate": ["simulate", "data", "--events", "40", "--songs", "3", "--users", "3", "--days", "2"],
            "report": ["report", "report.html"],
        }[name]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("faults")
    source = folder / "source"
    source.mkdir()
    small_company(source)
    big = [event(ts=1541300000000 + second * 1000, itemInSession=second) for second in range(900)]
    write_json(source / "log_data" / "2018" / "big.json", big)
    with Commands(folder) as commands:
        place = Place(commands, folder, source, folder / "loaded", count())
        place.loaded.mkdir()
        commands.run(place.loaded, ["etl", *place.data]).ok()
        yield place


def told(result: Result, what: object) -> None:
    """The command said plainly how it went."""
    both = result.out + result.err
    assert "should not happen" not in both, (what, result)
    assert "Traceback" not in both, (what, result)
    assert result.exit_code in (0, 1, 2, 5), (what, result)
    if result.exit_code:
        errors = [line for line in result.err.splitlines() if line.startswith("sparkify: ")]
        assert len(errors) == 1, (what, result)


def meet(place: Place, name: str, fault: Fault) -> int:
    """Let a command meet a fault, and hold what became of it against what it does without one."""
    folder = place.after(name)
    arguments = place.arguments(name)
    result = place.commands.run(folder, arguments, "-e", fault.option)
    what = (name, fault)
    told(result, what)
    if name in ("etl", "refresh", "create-tables"):
        if result.exit_code == 0 and name != "create-tables":
            assert contents(folder) == contents(place.loaded), what
        again = place.commands.run(folder, ["etl", *place.data])
        assert again.exit_code == 0, (what, result, again)
        assert contents(folder) == contents(place.loaded), (what, result, again)
        assert leftovers(folder) == [], (what, result)
    elif result.exit_code == 0 and name in ("sql", "query", "export", "compact"):
        beside = place.after(name)
        whole = place.commands.run(beside, arguments)
        assert whole.out.replace(str(beside), "") == result.out.replace(str(folder), ""), (what, result)
        shutil.rmtree(beside)
    shutil.rmtree(folder)
    return result.exit_code


def cases(place: Place, name: str) -> list[Fault]:
    """Every error at every call that a command makes."""
    found = place.commands.calls(place.after(name), place.arguments(name))
    return [
        Fault(call, error, number)
        for call, errors in CALLS.items()
        for number in range(1, found[call] + 1)
        for error in errors
    ]
