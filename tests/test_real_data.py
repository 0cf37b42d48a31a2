"""The public data set: 8,056 events of November 2018 and 71 songs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from sparkify.run_report import Report
from sparkify.source.prepare import Preparer
from tests.house import Content, House, fresh_house, tables, tracks_of
from tests.public_data import DATA, needs_public_data, public_files
from tests.reference import Star, Version, star

pytestmark = needs_public_data


@pytest.fixture(scope="module")
def files() -> list[Version]:
    return public_files()


@pytest.fixture(scope="module")
def expected(files: list[Version]) -> Star:
    return star(files)


@pytest.fixture(scope="module")
def loaded(folder: Path, files: list[Version]) -> Iterator[tuple[House, Report, Content]]:
    with fresh_house(folder) as house:
        house.put(*files)
        yield house, house.load(), house.content()


def test_the_counts_are_those_of_the_design(loaded: tuple[House, Report, Content]) -> None:
    _, report, content = loaded
    assert report.as_dict() | {"run_id": None, "seconds": None} == {
        "run_id": None,
        "status": "loaded",
        "engine": "duckdb",
        "seconds": None,
        "files": {"discovered": 101, "new": 101, "changed": 0, "skipped": 0},
        "bytes": sum(path.stat().st_size for path in DATA.glob("*_data/**/*.json")),
        "rejected": 0,
        "rows": {
            "staging_events": 8056,
            "staging_songs": 71,
            "songplays": 6820,
            "users": 97,
            "songs": 71,
            "artists": 69,
            "time": 6813,
        },
        "resolution": {"exact": 1, "title": 0, "artist": 20, "none": 6799},
    }
    assert {name: len(rows) for name, rows in content.star.items()} == {
        "songplays": 6820,
        "users": 97,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    assert (sorted(content.ids), content.violations) == (list(range(1, 6821)), [])


def test_every_cell_is_that_of_the_reference(
    loaded: tuple[House, Report, Content], expected: Star, files: list[Version]
) -> None:
    _, _, content = loaded
    assert content.star == tables(expected)
    assert content.tracks == tracks_of(files, "resolve")
    assert content.files == {name: (count.staged, 0) for name, count in expected.latest.items()}


def test_a_second_run_finds_nothing_new_and_reads_no_file(
    loaded: tuple[House, Report, Content], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, _, content = loaded

    def read(self: Preparer, contents: object, _origins: object) -> None:
        raise AssertionError(f"reads {contents}")

    monkeypatch.setattr(Preparer, "add", read)
    report = house.load()
    assert (report.status, report.discovered, report.new, report.bytes) == ("nothing-new", 101, 0, 0)
    assert not any(report.rows.values())
    assert house.content().ids == content.ids


@pytest.mark.parametrize("seed", range(2))
def test_r7_any_order_batches_and_runs_give_the_same_star(
    folder: Path, files: list[Version], expected: Star, seed: int
) -> None:
    random = Random(seed)
    ages = random.sample(range(10**6), len(files))
    shuffled = [Version(file.name, file.data, 10**15 + age) for file, age in zip(files, ages, strict=True)]
    random.shuffle(shuffled)
    cuts = sorted(random.sample(range(len(files)), 3))
    with fresh_house(folder) as house:
        added = 0
        for start, end in zip([0, *cuts], [*cuts, len(files)], strict=True):
            house.put(*shuffled[start:end])
            added += sum(house.load(batch_bytes=random.choice([200_000, 10**6, 10**9])).resolution.values())
        content = house.content()
    assert content.star == tables(expected)
    assert (added, content.violations) == (6820, [])


def test_r7_a_full_refresh_gives_the_same_star_with_new_ids(folder: Path, files: list[Version], expected: Star) -> None:
    with fresh_house(folder) as house:
        house.put(*files)
        house.load()
        old = house.content().ids
        house.load(full_refresh=True)
        content = house.content()
    assert content.star == tables(expected)
    assert min(content.ids) > max(old)


def test_r2_match_exact_finds_the_one_exact_play(folder: Path, files: list[Version]) -> None:
    with fresh_house(folder) as house:
        house.put(*files)
        house.load(match="exact")
        assert house.load(match="resolve").rows["songplays"] == 20
        report = house.load(match="exact")
        content = house.content()
    assert report.rows["songplays"] == 20
    assert content.star == tables(star(files, match="exact"))
