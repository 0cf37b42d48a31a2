"""Stores that are not S3: they list in any order, send no ranges, are slow to begin, are other clouds or emulators."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from sparkify.simulate import Company
from tests.bucket import Place, Simulation, comparable, differences, pointed, simulated
from tests.command import event, inside, write_json
from tests.objects import ObjectServer

NUMBERS = count()
AS_S3 = {"latency": 0, "listing": "", "ranges": True, "faults": []}


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as server, pointed(server):
        yield server


@pytest.fixture
def place(server: ObjectServer, tmp_path: Path) -> Iterator[Place]:
    name = f"bucket-{next(NUMBERS)}"
    server.make(name)
    yield Place(server, name, tmp_path)
    server.set(**AS_S3)
    server.idle()
    server.reset()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    """More than two pages of songs."""
    return simulated(tmp_path_factory.mktemp("company"), Company(events=300, songs=2100, users=8, days=6, seed=5))


@pytest.mark.parametrize(("listing", "faults"), [("shuffled", 0.0), ("twice", 0.0), ("twice", 0.3)])
def test_a_store_that_lists_in_no_order_and_twice(
    place: Place, company: Simulation, listing: str, faults: float
) -> None:
    company.put(place)
    place.server.set(listing=listing)
    if faults:
        place.server.faults({"kind": "slowdown", "op": "LIST", "skip": 1, "share": faults, "times": None, "seed": 2})
    loaded = json.loads(place.etl("--json").ok().out)
    assert loaded["files"] == {"discovered": company.files, "new": company.files, "changed": 0, "skipped": 0}
    assert set(place.fetched().values()) == {1}
    assert differences(comparable(place.folder, place.root), company.expected) == {}
    assert place.etl().ok().out.startswith("nothing new")
    assert bool(place.server.stats()["faults"]) == bool(faults)
    if not faults:
        inside(place.folder, "compact", f"{place.root}/song_data", f"{place.root}/parts").ok()
        assert (
            "nothing new" in inside(place.folder, "compact", f"{place.root}/song_data", f"{place.root}/parts").ok().out
        )
    place.sound()


def test_a_store_that_lists_the_same_page_for_ever(place: Place) -> None:
    for number in range(1100):
        place.server.put(place.name, f"song_data/{number}.json", b"{}")
    place.server.set(listing="circle")
    said = place.etl()
    assert said.exit_code == 1
    assert f"{place.root}: lists song_data/" in said.error
    assert "over and over" in said.error
    assert place.server.stats()["ops"]["LIST"] < 10


def test_a_store_that_sends_whole_objects(place: Place) -> None:
    line = json.dumps(event(userAgent="x" * 4000))
    many = (18 << 20) // len(line)
    body = "\n".join(line.replace("1541106106796", str(1541106106796 + each)) for each in range(many))
    for name in "abc":
        place.server.put(
            place.name, f"log_data/{name}.json", body.replace('"sessionId": 1', f'"sessionId": {ord(name)}')
        )
    place.server.set(ranges=False)
    started = time.monotonic()
    place.etl().ok()
    assert time.monotonic() - started < 60  # not the two minutes of trying again
    assert place.plays == 3 * many
    # One whole request an object, beside the ranges by which it was found out.
    whole = [request for request in place.requests("GET") if request[3] is None]
    assert sorted(request[1][-6:] for request in whole) == ["a.json", "b.json", "c.json"]
    place.sound()


def test_the_first_byte_may_take_its_time(place: Place) -> None:
    place.put_plays(2)
    place.server.set(latency=1.5)
    said = place.etl(stall="1", retry="1")
    assert said.exit_code == 1
    assert "timed out" in said.error
    place.etl(stall="20").ok()
    assert place.plays == 2
    for value in ("0", "0.5", "100000", "nan", "soon"):
        assert "SPARKIFY_STALL" in place.etl(stall=value).failed(2)


def test_an_archived_object_is_told_as_such(place: Place) -> None:
    keys = place.put_plays(3)
    place.server.faults({"kind": "archived", "op": "GET", "key": keys[1], "times": None})
    said = place.etl()
    assert said.exit_code == 1
    assert said.error.startswith(
        f"{place.root}/{keys[1]}: is archived (403 InvalidObjectState): it cannot be read before it is restored"
    )
    assert said.error.endswith("or --skip it")
    assert place.fetched()[keys[1]] == 1
    place.etl("--skip", keys[1]).ok()
    assert place.plays == 2
    place.sound()


def test_what_makes_no_sense_is_not_asked_for_minutes(place: Place) -> None:
    place.put_plays(1)
    place.server.faults({"kind": "garbage", "op": "LIST", "times": None})
    said = place.etl()
    assert said.exit_code == 1
    assert "an answer that makes no sense, tried 4 times" in said.error
    assert "check the address" in said.error
    assert place.server.stats()["ops"] == {"LIST": 4}


def test_one_file_or_object_is_a_location(place: Place) -> None:
    keys = place.put_plays(2)
    place.server.put(place.name, "log_data/notes.txt", "no data")
    place.server.put(place.name, "log_data/empty.json", "")
    address = f"{place.root}/{keys[0]}"
    inside(place.folder, "etl", "--log-data", address).ok()
    assert place.etl().ok().out.startswith("loaded 1 file")  # the other one
    assert inside(place.folder, "etl", "--log-data", address).ok().out.startswith("nothing new")
    assert "holds no data file" in inside(place.folder, "etl", "--log-data", f"{place.root}/none").ok().err
    inside(place.folder, "etl", "--log-data", f"{place.root}/log_data/empty.json").ok()
    said = inside(place.folder, "etl", "--log-data", f"{place.root}/log_data/notes.txt").failed(2)
    assert said.startswith(f"--log-data {place.root}/log_data/notes.txt: is not a data file (*.json, *.jsonl, *.ndjson")
    said = inside(place.folder, "etl", "--log-data", f"{place.root}/log_data/*.json").failed(2)
    assert "a location is not a pattern" in said

    here = write_json(place.folder / "_here.json", [event(sessionId=77)])
    inside(place.folder, "etl", "--log-data", here).ok()
    inside(place.folder, "etl", "--log-data", here, "--dry-run").ok()
    assert place.plays == 3
    (place.folder / "notes.txt").write_text("no data")
    said = inside(place.folder, "etl", "--log-data", "notes.txt").failed(2)
    assert said.startswith("--log-data notes.txt: is not a data file")
    assert "overlap" in inside(place.folder, "etl", "--log-data", here, "--song-data", ".").failed(2)
    inside(place.folder, "compact", f"{place.root}/log_data", f"{place.root}/parts").ok()
    [part] = [key for key in place.server.keys(place.name) if key.startswith("parts/part-")]
    assert "is a part of a compacted location" in inside(
        place.folder, "etl", "--log-data", f"{place.root}/{part}"
    ).failed(2)
    place.sound()


def test_reports_and_answers_go_to_object_storage(place: Place) -> None:
    place.put_plays(2)
    place.etl().ok()
    asked = {"csv": ["query", "plays-over-time"], "parquet": ["sql", "select 1 as one"], "json": ["rejects"]}
    for form, command in asked.items():
        to, local = f"{place.root}/out/answer.{form}", place.folder / f"answer.{form}"
        for output in (to, local):
            inside(place.folder, *command, "--format", form, "--output", output).ok()
        assert place.server.get(place.name, f"out/answer.{form}") == local.read_bytes()
    out = inside(place.folder, "report", f"{place.root}/report.html").ok().out
    assert out == f"wrote {place.root}/report.html\n"
    assert place.server.get(place.name, "report.html").startswith(b"<!DOCTYPE html>")
    # What cannot be written shows before anything is asked.
    said = inside(place.folder, "query", "plays-over-time", "--output", "s3://no-such-bucket/a.csv").failed(2)
    assert said.startswith("--output s3://no-such-bucket: no such bucket")
    assert "names no file" in inside(place.folder, "report", place.root).failed(2)
    assert "names no file" in inside(place.folder, "report", f"{place.root}/out/").failed(2)
    place.server.faults({"kind": "denied", "op": "PUT", "times": None})
    said = inside(place.folder, "sql", "select 1", "--output", f"{place.root}/a.csv").failed(1)
    assert "grant s3:PutObject" in said
