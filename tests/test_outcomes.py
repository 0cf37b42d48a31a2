"""What a run says of itself when it did not go as planned: the counts are those of what is in the tables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.command import ask, event, inside, runs, song, tamper, write_json


@pytest.fixture
def third_batch_is_bad(tmp_path: Path) -> Path:
    """Three log files, a batch each; the last has a bad record."""
    for number in range(3):
        path = write_json(tmp_path / f"log_data/{number}.json", [event(ts=1541990258796 + number, userId=str(number))])
        if number == 2:
            path.write_text(path.read_text() + '\n{"bad\n')
        os.utime(path, (number, number))
    return tmp_path


def report(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


BATCHES = ("etl", "--log-data", "log_data", "--batch-bytes", "1", "--json")


def test_a_failed_run_reports_the_batches_that_stay(third_batch_is_bad: Path) -> None:
    result = inside(third_batch_is_bad, *BATCHES)
    assert result.exit_code == 3
    said = report(result.out)
    assert said["status"] == "failed"
    assert {name: said["rows"][name] for name in ("songplays", "users", "time")} == {
        "songplays": 2,
        "users": 2,
        "time": 2,
    }
    assert sum(said["resolution"].values()) == 2
    assert ask(third_batch_is_bad, "select count(*) from songplays") == [(2,)]


def test_a_failed_full_refresh_reports_nothing_because_nothing_stays(third_batch_is_bad: Path) -> None:
    result = inside(third_batch_is_bad, *BATCHES, "--full-refresh")
    assert result.exit_code == 3
    said = report(result.out)
    assert set(said["rows"].values()) == {0}
    assert set(said["resolution"].values()) == {0}
    assert said["bytes"] == 0
    assert ask(third_batch_is_bad, "select count(*) from songplays") == [(0,)]


@pytest.mark.parametrize(
    ("arguments", "exit_code"), [(("etl", "--log-data", "nope"), 2), (BATCHES, 3), (("query", "nope"), 2)]
)
def test_debug_shows_the_traceback_and_keeps_the_exit_code(
    third_batch_is_bad: Path, arguments: tuple[str, ...], exit_code: int
) -> None:
    plain = inside(third_batch_is_bad, *arguments)
    result = inside(third_batch_is_bad, *arguments, "--debug")
    assert (plain.exit_code, result.exit_code) == (exit_code, exit_code)
    assert "Traceback" in result.err
    assert "Traceback" not in plain.err


def test_a_lost_table_is_told_and_a_full_refresh_mends_it(tmp_path: Path) -> None:
    write_json(tmp_path / "log_data/d.json", [event()])
    load = ("etl", "--log-data", "log_data")
    inside(tmp_path, *load).ok()
    tamper(tmp_path, "drop table time")
    result = inside(tmp_path, *load).ok()
    assert "warning: time was missing and is made anew, empty; `sparkify etl --full-refresh` fills it" in result.err
    inside(tmp_path, *load, "--full-refresh").ok()
    inside(tmp_path, "check").ok()
    assert ask(tmp_path, "select count(*) from time") == [(1,)]


@pytest.mark.parametrize("size", ["1", "1MB"])
def test_artists_that_come_and_go_within_a_run_do_not_count(tmp_path: Path, size: str) -> None:
    for number in range(3):
        path = write_json(tmp_path / f"song_data/{number}.json", [song(song_id="S1", artist_id=f"A{number}")])
        os.utime(path, (number, number))
    result = inside(tmp_path, "etl", "--song-data", "song_data", "--batch-bytes", size, "--json").ok()
    rows = report(result.out)["rows"]
    assert (rows["songs"], rows["artists"]) == (1, 1)


@pytest.mark.parametrize("wrong", [("extra",), ("--max-errors", "x"), ("--jsno",)])
def test_wrong_usage_prints_the_object_too(tmp_path: Path, wrong: tuple[str, ...]) -> None:
    result = inside(tmp_path, "etl", "--json", *wrong)
    assert result.exit_code == 2
    assert report(result.out)["status"] == "failed"


def test_a_full_refresh_that_would_drop_a_location_is_no_run(tmp_path: Path) -> None:
    write_json(tmp_path / "log_data/d.json", [event()])
    write_json(tmp_path / "song_data/s.json", [song()])
    inside(tmp_path, "etl", "--log-data", "log_data", "--song-data", "song_data").ok()
    said = inside(tmp_path, "etl", "--log-data", "log_data", "--full-refresh").failed(2)
    assert said == "--full-refresh without --song-data would drop what it gave, 1 file; name that folder too"
    assert runs(tmp_path) == ["loaded"]
    assert ask(tmp_path, "select count(*) from songs") == [(1,)]


def test_a_dry_run_foresees_that_tracks_are_resolved_again(tmp_path: Path) -> None:
    write_json(tmp_path / "log_data/d.json", [event()])
    load = ("etl", "--log-data", "log_data")
    inside(tmp_path, *load).ok()
    assert "resolved again" in inside(tmp_path, *load, "--dry-run", "--match", "exact").ok().err
    assert "resolved again" not in inside(tmp_path, *load, "--dry-run", "--match", "resolve").ok().err
