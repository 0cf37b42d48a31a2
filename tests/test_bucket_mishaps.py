"""What people and stores get wrong, in ways that once cost data, time or a clear word."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bucket import Place, pointed
from tests.command import finish, inside, song, start
from tests.objects import ObjectServer


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as running, pointed(running):
        yield running


@pytest.fixture
def place(server: ObjectServer, tmp_path: Path) -> Iterator[Place]:
    name = tmp_path.name.replace("_", "-")[-40:].strip("-").lower()
    server.reset()
    server.make(name)
    yield Place(server, name, tmp_path)
    server.faults()


def put_songs(place: Place, count: int, below: str = "song_data") -> None:
    for number in range(count):
        place.put(f"{below}/{number:03}.json", [song(song_id=f"SO{number}")], modified=number * 1_000_000)


def test_a_full_refresh_from_a_prefix_that_holds_nothing_is_refused(place: Place) -> None:
    put_songs(place, 1)
    place.put_plays(3)
    place.etl().ok()
    mistyped = ("--song-data", f"{place.root}/song_data", "--log-data", f"{place.root}/lgo_data")
    said = inside(place.folder, "etl", *mistyped, "--full-refresh")
    assert (said.exit_code, place.plays) == (2, 3)
    assert said.error.startswith(f"--log-data {place.root}/lgo_data: holds nothing; --full-refresh would drop ")
    place.etl("--full-refresh").ok()
    assert place.plays == 3
    place.sound()


def test_a_full_refresh_from_a_compacted_place_whose_parts_are_gone_is_refused(place: Place) -> None:
    put_songs(place, 4)
    inside(place.folder, "compact", f"{place.root}/song_data", f"{place.root}/parts").ok()
    parts = ("--song-data", f"{place.root}/parts")
    inside(place.folder, "etl", *parts).ok()
    for key in place.server.keys(place.name):
        if key.startswith("parts/part-"):
            place.server.delete(place.name, key)
    said = inside(place.folder, "etl", *parts, "--full-refresh")
    assert said.exit_code == 1
    assert "which is gone" in said.error
    assert place.ask("select count(*) from songs") == [(4,)]


def test_what_stopped_a_batch_that_was_fetched_ahead_is_told(place: Place) -> None:
    put_songs(place, 30)
    inside(place.folder, "compact", f"{place.root}/song_data", f"{place.root}/parts", "--part-bytes", "1000").ok()
    parts = sorted(key for key in place.server.keys(place.name) if key.startswith("parts/part-"))
    assert len(parts) > 4
    place.server.faults({"kind": "denied", "op": "GET", "key": parts[1], "times": None})
    said = inside(place.folder, "etl", "--song-data", f"{place.root}/parts", "--batch-bytes", "10")
    assert said.exit_code == 1
    assert f"{place.root}/{parts[1]}: cannot be read, access denied" in said.error
    assert place.ask("select message from etl_runs") == [(said.error,)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: str(number.name))
def test_a_load_that_is_stopped_waits_for_no_slow_answer(place: Place, number: signal.Signals) -> None:
    put_songs(place, 10)
    place.server.faults({"kind": "slow", "op": "GET", "seconds": 60, "times": None})
    process = place.start()
    deadline = time.monotonic() + 30
    while place.server.stats()["faults"].get("slow", 0) < 5:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(number)
    sent = time.monotonic()
    result = finish(process)
    assert time.monotonic() - sent < 10
    assert result.exit_code == 1
    assert place.ask("select status from etl_runs") == [("interrupted",)]
    place.server.faults()
    place.etl().ok()
    assert place.ask("select count(*) from songs") == [(10,)]
    place.sound()


def test_status_lets_a_load_in_while_it_lists(place: Place) -> None:
    put_songs(place, 2)
    place.etl().ok()
    place.put_plays(1)
    place.server.faults({"kind": "slowdown", "op": "LIST", "key": "song_data*", "times": None})
    status = start(place.folder, "status", *place.locations, retry="4")
    while not place.server.stats()["faults"]:
        time.sleep(0.02)
    inside(place.folder, "etl", "--log-data", f"{place.root}/log_data", wait="0.5").ok()
    said = finish(status).ok()
    assert "503 SlowDown" in said.out
    assert place.plays == 1


def test_a_newline_at_the_end_of_a_credential_does_not_matter_and_one_within_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_songs(place, 2)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "TheToken\n")
    place.etl().ok()
    monkeypatch.setenv("AWS_SESSION_TOKEN", "The\nToken")
    said = finish(place.start())
    assert said.failed(2).startswith("AWS credentials hold a line break")
    assert "Token" not in said.err


@pytest.mark.parametrize(
    "address", ["s3://AKIAKEY:abc/hunter2@bucket/x", "https://user:hunter2/x@127.0.0.1:9/y", "s3://u:hunter2@bucket/x"]
)
def test_a_password_in_an_address_is_not_repeated(place: Place, address: str) -> None:
    said = inside(place.folder, "etl", "--song-data", address)
    assert said.exit_code in (1, 2)
    assert "hunter2" not in said.err + said.out


def test_an_empty_setting_is_none(place: Place) -> None:
    (place.folder / "stray.json").write_text("{}")
    said = inside(place.folder, "etl", "--dry-run", song_data="", log_data="")
    assert said.exit_code == 2
    assert said.error.startswith("nothing to load")
    assert (
        inside(place.folder, "etl", "--song-data", "").error == "--song-data: is empty; name a place, or leave it out"
    )


def test_file_addresses_are_paths_of_this_machine(place: Place) -> None:
    folder = place.folder / "my songs"
    folder.mkdir()
    (folder / "a.json").write_text('{"song_id": "S1"}')
    address = f"file://{place.folder}/my%20songs"
    inside(place.folder, "etl", "--song-data", address).ok()
    assert place.ask("select url from etl_files") == [(f"{folder}/a.json",)]
    assert "no path on this machine" in inside(place.folder, "etl", "--song-data", "file://elsewhere/x").error


def test_compacting_nothing_is_warned_of(place: Place) -> None:
    said = inside(place.folder, "compact", f"{place.root}/nothing", str(place.folder / "parts")).ok()
    assert "warning: the source holds no data file" in said.err
