"""Whatever the system refuses, at whatever call: a plain line, a sound exit code, and the next load completes.

`TEST_FAULTS=1` tries every error at every call of every command, some 15,000 cases in two hours; `TEST_FAULTS=N` one
case of N. Without it a few for each command stand for them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random

import pytest

from tests.command import DATABASE, Result, contents, event, leftovers, small_company, write_json
from tests.faults import CALLS, Commands, Fault, why_not

WHY_NOT = why_not()
pytestmark = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)

EVERY = int(os.environ.get("TEST_FAULTS", "0"))
"""One case of so many is tried; 0: a few."""
FEW = {"etl": 6, "refresh": 2, "create-tables": 2, "status": 2, "check": 1, "rejects": 1, "query": 3, "sql": 2,
       "export": 2, "compact": 3, "simulate": 2}  # fmt: skip
"""Commands, and how many cases stand for all."""


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


def told(result: Result, fault: Fault, what: object) -> None:
    """The command said plainly how it went, as far as it could say anything."""
    both = result.out + result.err
    assert "should not happen" not in both, (what, result)
    assert "Traceback" not in both, (what, result)
    mute = fault.call == "write" and not result.err
    assert result.exit_code in ((0, 1, 2, 5, 120) if mute else (0, 1, 2, 5)), (what, result)
    if result.exit_code and not mute:
        errors = [line for line in result.err.splitlines() if line.startswith("sparkify: ")]
        assert len(errors) == 1, (what, result)


def meet(place: Place, name: str, fault: Fault) -> int:
    """Let a command meet a fault, and hold what became of it against what it does without one."""
    folder = place.after(name)
    arguments = place.arguments(name)
    result = place.commands.run(folder, arguments, "-e", fault.option)
    what = (name, fault)
    told(result, fault, what)
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


@pytest.mark.parametrize("name", FEW)
def test_a_command_that_the_system_refuses_something_says_so_and_loads_complete(place: Place, name: str) -> None:
    found = cases(place, name)
    chosen = Random(name)
    chosen.shuffle(found)
    met = [meet(place, name, fault) for fault in (found[::EVERY] if EVERY else found[: FEW[name]])]
    assert not EVERY or 0 in met


@pytest.mark.parametrize(
    "fault",
    [Fault("write", "ENOSPC", 1, more=True), Fault("pwrite64", "ENOSPC", 1, more=True),
     Fault("pwrite64", "EIO", 4, more=True), Fault("openat", "EMFILE", 30, more=True),
     Fault("fdatasync", "EIO", 3, more=True), Fault("unlink", "EACCES", 1, more=True),
     Fault("flock", "ENOLCK", 1, more=True)],
    ids=lambda fault: f"{fault.call} {fault.error}",
)  # fmt: skip
def test_a_load_on_a_disk_that_fails_for_good_completes_once_it_is_mended(place: Place, fault: Fault) -> None:
    meet(place, "etl", fault)
