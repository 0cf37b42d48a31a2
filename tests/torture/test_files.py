"""The small form of `make torture`: the corpus, and a few hundred bent files of a fixed seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.reference import Version, stage
from tests.torture import corpus, files, holding
from tests.torture.corpus import Outcome
from tests.torture.holding import Way, compare, hold, load

SEED = 2018
WAYS = (Way(), Way(block=1), Way(block=7), Way(compacted=True), Way(jsonpaths=True))


def told(held: holding.Held) -> list[str]:
    return [str(difference) for difference in held.differences]


@pytest.mark.parametrize(
    ("version", "outcome"),
    [pytest.param(*each, id=each[0].name) for each in {**corpus.kept(), **corpus.large()}.items()],
)
def test_the_reference_gives_what_was_written_down(version: Version, outcome: Outcome) -> None:
    assert corpus.of(stage(version)) == outcome


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_what_was_ever_found_loads_as_it_should(folder: Path, way: Way) -> None:
    readable = [version for version, outcome in corpus.kept().items() if not outcome.unreadable]
    assert told(hold(folder / "house", readable, way)) == []


@pytest.mark.parametrize(
    "version", [version for version, outcome in corpus.kept().items() if outcome.unreadable], ids=lambda v: v.name
)
def test_what_is_no_data_file_stops_the_load(folder: Path, version: Version) -> None:
    assert told(hold(folder / "house", [version], Way())) == []


def test_values_across_the_bound_of_a_block(folder: Path) -> None:
    assert told(hold(folder / "house", list(corpus.large()), Way())) == []


@pytest.mark.parametrize("round_number", [0, 2])
def test_bent_files_load_as_the_reference_says(round_number: int) -> None:
    """Even rounds: those that the simulator's lines are bent for. `python -m tests.torture.files` shrinks what differs."""
    found = files.run_round(SEED, round_number, files=400, large=1)
    assert found.told == []
    assert (found.files, found.lost, found.doubled) == (400, 0, 0)
    assert min(found.rows, found.rejects) > 300


def test_a_seed_gives_the_same_files_again() -> None:
    first, way, _ = files.cases_of(SEED, 2, 50, 1)
    again, same_way, _ = files.cases_of(SEED, 2, 50, 1)
    other, _, _ = files.cases_of(SEED + 1, 2, 50, 1)
    assert (first, way) == (again, same_way)
    assert first != other


def test_nothing_that_is_wrong_stays_unseen(folder: Path) -> None:
    """Each thing that a load is held to, made wrong by hand."""
    versions = [
        Version("log_data/a.json", corpus.A + b"\noops\n", 1),
        Version("song_data/b.json", corpus.S + b"\n", 2),
    ]
    staged = [stage(version) for version in versions]
    right = load(folder / "house", versions, Way())
    assert compare(staged, right) == []
    (song,) = right.songs["song_data/b.json"]
    wrongs = {
        "events": replace(right, events=right.events.__class__()),
        "events twice": replace(right, events=right.events + right.events),
        "songs": replace(right, songs={}),
        "songs bent": replace(right, songs={"song_data/b.json": [(*song[:-1], 1999)]}),
        "ledger": replace(right, files=right.files | {"log_data/a.json": (2, 0)}),
        "ledger lacks": replace(right, files={"song_data/b.json": (1, 0)}),
        "ledger more": replace(right, files=right.files | {"log_data/c.json": (1, 0)}),
        "reject lost": replace(right, rejects={}),
        "reject elsewhere": replace(right, rejects={"log_data/a.json": [(1, "malformed")]}),
        "reject for another reason": replace(right, rejects={"log_data/a.json": [(2, "missing")]}),
        "sums": replace(right, sums=(2, 1, 1)),
        "plays": replace(right, star=right.star | {"songplays": []}),
        "artists twice": replace(right, star=right.star | {"artists": right.star["artists"] * 2}),
    }
    assert [name for name, wrong in wrongs.items() if not compare(staged, wrong)] == []
