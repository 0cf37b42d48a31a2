"""Object storage that fails, stalls, lies and changes under the load, and loads that are killed: nothing is lost."""

from __future__ import annotations

import gzip
import json
import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from sparkify.simulate import Company
from tests.bucket import SECRETS, Place, Simulation, comparable, differences, pointed, simulated
from tests.command import Result, event, finish, inside, leftovers, runs, song, sparkify, start_python
from tests.objects import ObjectServer

COMPANY = Company(events=600, songs=150, users=8, days=6, seed=5, dirty=True)
SMALL_BATCHES = "60KB"
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as server, pointed(server):
        yield server


@pytest.fixture
def place(server: ObjectServer, tmp_path: Path) -> Iterator[Place]:
    """A bucket of the test's own."""
    name = f"bucket-{next(NUMBERS)}"
    server.make(name)
    yield Place(server, name, tmp_path)
    server.set(latency=0, require=None, expired=[], region=None, redirect_unsigned=False, faults=[])
    server.idle(15)
    server.reset()


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulated(tmp_path_factory.mktemp("company"), COMPANY)


def equal(place: Place, company: Simulation) -> None:
    """The warehouse is what an undisturbed load from the folder makes, and in order."""
    assert differences(comparable(place.folder, place.root), company.expected) == {}
    place.sound()


def lines(*records: dict[str, object]) -> str:
    """The text of a log file."""
    return "".join(json.dumps(record) + "\n" for record in records)


# -- replaced and vanished while they are read ----------------------------------------------------------


def test_an_object_replaced_after_listing_is_read_in_its_new_version(place: Place) -> None:
    keys = place.put_plays(3)
    body = lines(event(sessionId=50), event(ts=1541106106797, sessionId=51))
    place.server.faults({"kind": "replaced", "op": "GET", "key": keys[1], "body": body})
    place.etl().ok()
    assert [session for (session,) in place.ask("select session_id from songplays order by 1")] == [0, 2, 50, 51]
    [(etag, size, rows)] = place.ask(f"select etag, size, rows from etl_files where url like '%{keys[1]}'")
    assert (size, rows) == (len(body), 2)
    assert place.fetched() == {keys[0]: 1, keys[1]: 2, keys[2]: 1}
    assert [request[4] for request in place.requests("GET") if keys[1] in request[1]][1] == etag
    place.server.reset()
    assert place.etl().ok().out.startswith("nothing new")
    assert set(place.server.stats()["ops"]) == {"LIST"}
    place.sound()


@pytest.mark.parametrize(("before", "after"), [(1000, 500_000), (400_000, 8_500_000), (8_500_000, 2000)])
def test_an_object_may_grow_or_shrink_beyond_every_bound_while_it_is_read(
    place: Place, before: int, after: int
) -> None:
    old, new = (
        lines(event(userAgent=name, padding=name * (size // 3))) for name, size in (("old", before), ("new", after))
    )
    place.server.put(place.name, "log_data/a.json", old)
    place.server.faults({"kind": "replaced", "op": "GET", "body": new})
    place.etl().ok()
    assert place.ask("select user_agent from songplays") == [("new",)]
    assert place.ask("select size from etl_files") == [(len(new),)]
    place.server.faults()
    assert place.etl().ok().out.startswith("nothing new")
    place.sound()


@pytest.mark.parametrize("size", [0, 9_000_000], ids=["small", "large"])
def test_a_compressed_object_replaced_after_listing_is_read_in_its_new_version(place: Place, size: int) -> None:
    padding = random.Random(size).randbytes(size // 2).hex()
    old, new = (gzip.compress(lines(event(userAgent=name, padding=padding)).encode(), 0) for name in ("old", "new"))
    place.server.put(place.name, "log_data/a.json.gz", old)
    # Kept from reading it until it was replaced.
    place.server.faults({"kind": "slowdown", "op": "GET", "times": None})
    process = place.start()
    wait_for(place, 1, process)
    etag = place.server.put(place.name, "log_data/a.json.gz", new)
    place.server.faults()
    finish(process).ok()
    assert place.ask("select user_agent from songplays") == [("new",)]
    assert place.ask("select etag, size from etl_files") == [(etag, len(new))]
    assert place.etl().ok().out.startswith("nothing new")
    place.sound()


def test_an_object_replaced_after_listing_has_the_time_that_the_next_listing_tells(place: Place) -> None:
    place.put("song_data/a.json", [song(title="first")])
    while time.time() % 1 < 0.2:  # the load must not begin and end within the first milliseconds of a second
        time.sleep(0.02)
    place.server.faults({"kind": "replaced", "op": "GET", "body": json.dumps(song(title="second"))})
    place.etl().ok()
    place.server.faults()
    replaced = place.ask("select etag, modified from etl_files")
    place.etl("--full-refresh").ok()
    assert replaced == place.ask("select etag, modified from etl_files")


def test_a_large_object_replaced_between_two_ranges_is_of_one_version(place: Place) -> None:
    def large(agent: str) -> str:
        line = json.dumps(event(userAgent=agent * 3000, song="s" * 1000, artist="a" * 1000))
        many = (20 << 20) // (len(line) + 1)
        return "\n".join(line.replace("1541106106796", str(1541106106796 + each)) for each in range(many))

    place.server.put(place.name, "log_data/a.json", large("o"))
    new = large("n")
    place.server.faults({"kind": "replaced", "op": "GET", "key": "log_data/a.json", "skip": 1, "body": new})
    place.etl("--concurrency", "1").ok()
    agents = place.ask("select distinct substring(user_agent, 1, 1) from songplays")
    assert agents == [("n",)]
    assert place.plays == new.count("\n") + 1
    place.server.faults()
    place.server.reset()
    assert place.etl().ok().out.startswith("nothing new")
    assert set(place.server.stats()["ops"]) == {"LIST"}
    place.sound()


@pytest.mark.parametrize("size", [500, 9 << 20], ids=["small", "large"])
def test_an_object_replaced_again_and_again_is_named(place: Place, size: int) -> None:
    place.put_plays(3)
    place.server.put(place.name, "log_data/busy.json", lines(event(padding="x")) + " " * size)
    # Each version differs from the one before.
    rules = [
        {"kind": "replaced", "op": "GET", "key": "log_data/busy.json", "skip": each,
         "body": lines(event(padding="y" * each)) + " " * size}
        for each in range(12)
    ]  # fmt: skip
    place.server.faults(*reversed(rules))
    result = place.etl()
    assert result.exit_code == 1
    assert f"{place.root}/log_data/busy.json: is replaced faster than it can be read" in result.error
    assert place.plays == 0
    assert place.ask("from etl_files") == []
    assert runs(place.folder) == ["failed"]
    assert 4 <= place.fetched()["log_data/busy.json"] <= 12
    place.sound()
    place.server.faults()
    place.etl().ok()
    assert place.plays == 4


@pytest.mark.parametrize("size", [500, 9 << 20], ids=["small", "large"])
def test_an_object_that_vanished_is_warned_of_and_the_rest_is_loaded(place: Place, size: int) -> None:
    place.put_plays(3)
    place.server.put(place.name, "log_data/gone.json", lines(event(padding="x" * size)))
    place.server.faults({"kind": "missing", "op": "GET", "key": "log_data/gone.json"})
    result = place.etl().ok()
    assert re.search(r"warning: 1 files? vanished", result.err), result.err
    assert (place.plays, len(place.ask("from etl_files"))) == (3, 3)
    place.server.faults()
    assert "vanished" not in place.etl().ok().err
    place.sound()


def test_all_objects_may_vanish(place: Place) -> None:
    place.put_plays(3)
    place.server.faults({"kind": "missing", "op": "GET", "times": None})
    assert "3 files vanished" in place.etl().ok().err
    assert (place.plays, place.ask("from etl_files")) == (0, [])
    place.sound()


def test_what_vanished_is_named_and_not_counted_as_loaded(place: Place) -> None:
    keys = place.put_plays(3)
    place.server.faults({"kind": "missing", "op": "GET", "key": keys[1]})
    result = place.etl().ok()
    assert result.out.startswith("loaded 2 files")
    assert "warning: 1 file vanished" in result.err
    assert f"{place.root}/{keys[1]}" in result.err


def test_an_object_replaced_and_then_gone_has_vanished(place: Place) -> None:
    keys = place.put_plays(2)
    place.server.faults(
        {"kind": "replaced", "op": "GET", "key": keys[0], "body": lines(event(sessionId=9))},
        {"kind": "missing", "op": "HEAD|GET", "key": keys[0]},
    )
    assert "vanished" in place.etl().ok().err
    assert place.ask("select session_id from songplays") == [(1,)]
    place.sound()


# -- requests that fail -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
def test_a_load_of_which_many_requests_fail_gives_the_same(place: Place, company: Simulation, seed: int) -> None:
    company.put(place)
    kinds = ("slowdown", "internal", "reset", "reset_body", "short", "unavailable")
    place.server.faults(
        *({"kind": kind, "op": "GET", "share": 0.05, "seed": seed, "times": None} for kind in kinds),
        *({"kind": kind, "op": "LIST", "share": 0.2, "seed": seed, "times": None} for kind in ("slowdown", "short")),
    )
    more = ("--batch-bytes", SMALL_BATCHES) if seed == 1 else ()
    place.etl(*company.options, *more).ok()
    happened = place.server.stats()["faults"]
    assert len(happened.keys() & set(kinds)) >= 4
    assert sum(happened.values()) > 15
    equal(place, company)
    assert runs(place.folder) == ["loaded"]


@pytest.mark.parametrize("kind", ["slowdown", "reset_body", "short", "conflict"])
def test_each_range_of_a_large_object_may_fail_twice(place: Place, kind: str) -> None:
    line = json.dumps(event(userAgent="x" * 4000, song="s" * 1000))
    many = (17 << 20) // (len(line) + 1)
    text = "\n".join(line.replace("1541106106796", str(1541106106796 + each)) for each in range(many))
    place.server.put(place.name, "log_data/a.json", text)
    place.server.faults({"kind": kind, "op": "GET", "times": 6, "per_key": False})
    place.etl().ok()
    assert place.plays == many
    assert place.server.stats()["faults"] == {kind: 6}
    place.sound()


def test_what_stalls_is_tried_again_and_holds_up_nobody_who_is_to_stop(place: Place) -> None:
    """Two loads at the same time, as a request counts as stalled after the seconds of the setting only."""
    keys = place.put_plays(4)
    other = Place(place.server, f"{place.name}-2", place.folder / "other")
    other.folder.mkdir()
    other.put_plays(3)
    place.server.faults(
        {"kind": "stall", "op": "GET", "key": keys[3]},
        {"kind": "stall_head", "op": "GET", "key": "*/0000[012].json"},
    )
    load, to_stop = place.start(stall="3"), other.start()
    wait_for(place, 7, load)
    # Nobody waits for the silence to end, and there is no further try.
    stopped(other, to_stop, signal.SIGTERM, seconds=12)
    assert runs(other.folder) == ["interrupted"]
    finish(load).ok()
    assert place.server.stats()["faults"] == {"stall": 1, "stall_head": 6}
    assert (place.plays, set(place.fetched().values())) == (4, {1, 2})
    assert [place.fetched()[key] for key in keys] == [2, 2, 2, 2]
    place.sound()


@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        *(("reset", "flat"), ("garbage", "flat"), ("short", "flat")),
        *(("slowdown", "folders"), ("garbage", "folders"), ("reset_body", "folders")),
    ],
)
def test_a_listing_that_fails_in_the_middle_is_completed(place: Place, kind: str, shape: str) -> None:
    keys = [f"song_data/{'' if shape == 'flat' else 'ABCDEFGH'[number % 8] + '/'}{number:05d}.json"
            for number in range(3300)]  # fmt: skip
    folder = place.folder / "lay"
    for number, key in enumerate(keys):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(song(song_id=f"SO{number}")))
    place.server.put_folder(place.name, folder)
    place.server.faults({"kind": kind, "op": "LIST", "times": 2, "skip": 1})
    dry_run = inside(place.folder, "etl", "--song-data", f"{place.root}/song_data", "--dry-run").ok()
    listed = [line.removeprefix(f"Would load {place.root}/") for line in dry_run.out.splitlines()[:-1]]
    assert sorted(listed) == sorted(keys)
    # Each page is a key of its own, but a listing begun anew asks with other words.
    place.server.faults({"kind": kind, "op": "LIST", "share": 0.3, "times": None, "seed": 4})
    dry_run = inside(place.folder, "etl", "--song-data", f"{place.root}/song_data", "--dry-run").ok()
    listed = [line.removeprefix(f"Would load {place.root}/") for line in dry_run.out.splitlines()[:-1]]
    assert sorted(listed) == sorted(keys)
    assert place.server.stats()["faults"][kind] >= 2


def test_an_object_that_may_not_be_read_is_named(place: Place) -> None:
    keys = place.put_plays(4)
    place.server.faults({"kind": "denied", "op": "GET|HEAD", "key": keys[2], "times": None})
    message = one_line(place.etl(), 1)
    assert message.startswith(f"{place.root}/{keys[2]}: cannot be read, access denied")
    assert "--skip" in message
    assert (place.plays, runs(place.folder)) == (0, ["failed"])
    assert place.fetched()[keys[2]] == 1
    place.etl("--skip", f"{place.root}/{keys[2]}").ok()
    assert place.plays == 3
    place.sound()


@pytest.mark.parametrize(
    ("kind", "said"),
    [("slowdown", "503 SlowDown"), ("internal", "500 InternalError"), ("reset", ""), ("short", "")],
)
def test_who_fails_for_too_long_is_named_with_what_happened(place: Place, kind: str, said: str) -> None:
    keys = place.put_plays(4)
    place.server.faults({"kind": kind, "op": "GET", "key": keys[3], "times": None})
    started = time.monotonic()
    message = one_line(place.etl(retry="0.5"), 1)
    assert time.monotonic() - started < 5
    assert message.startswith(f"{place.root}/{keys[3]}: cannot be read ({said}")
    tries = re.search(r"tried (\d+) times in \d", message)
    assert tries is not None, message
    assert int(tries[1]) == place.fetched()[keys[3]] >= 2
    assert (place.plays, place.ask("from etl_files"), runs(place.folder)) == (0, [], ["failed"])
    assert keys[3] in str(place.ask("select message from etl_runs"))
    place.sound()


def test_batches_before_a_failure_stay(place: Place) -> None:
    keys = place.put_plays(6)
    place.server.faults({"kind": "internal", "op": "GET", "key": keys[4], "times": None})
    message = one_line(place.etl("--batch-bytes", "1", retry="0.3"), 1)
    assert keys[4] in message
    assert place.plays == len(place.ask("from etl_files")) == 4
    place.server.faults()
    place.server.reset()
    place.etl().ok()
    assert place.fetched() == {keys[4]: 1, keys[5]: 1}
    assert place.plays == 6
    place.sound()


def test_a_full_refresh_that_fails_leaves_all_as_it_was(place: Place) -> None:
    keys = place.put_plays(4)
    place.etl().ok()
    before = comparable(place.folder)
    place.put_plays(1, start=9)
    place.server.faults({"kind": "internal", "op": "GET", "key": keys[3], "times": None})
    assert keys[3] in one_line(place.etl("--full-refresh", "--batch-bytes", "1", retry="0.3"), 1)
    assert differences(comparable(place.folder), before) == {}
    place.sound()


def one_line(result: Result, exit_code: int) -> str:
    """The error of a load that had begun: one line, behind what was told of its progress."""
    assert result.exit_code == exit_code, result
    others = [line for line in result.err.splitlines() if not re.match("loading |committed |sparkify: ", line)]
    assert others == []
    return result.error


# -- stores that cannot be reached, or do not let anybody in ------------------------------------------------


def test_a_list_that_is_denied(place: Place) -> None:
    place.put_plays(1)
    place.server.faults({"kind": "denied", "op": "LIST", "times": None})
    message = place.etl().failed(2)
    assert "access denied" in message
    assert place.root in message
    assert "s3:ListBucket" in message
    assert not (place.folder / "sparkify.duckdb").exists()


def test_a_list_that_is_denied_in_one_folder_ends_the_load_at_once(place: Place) -> None:
    many_songs(place)
    place.server.faults(
        {"kind": "slowdown", "op": "LIST", "key": "song_data/E/", "times": None},
        {"kind": "denied", "op": "LIST", "key": "song_data/F/", "times": None},
    )
    process = place.start(retry="15")
    deadline = time.monotonic() + 30
    while not place.server.stats()["faults"].get("denied"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    denied = time.monotonic()
    result = finish(process)
    assert result.exit_code == 1
    assert "song_data/F: cannot be listed, access denied" in result.error
    assert time.monotonic() - denied < 3


def many_songs(place: Place) -> None:
    """More than a page of them, in folders."""
    folder = place.folder / "lay"
    for number in range(1200):
        path = folder / "song_data" / "ABCDEF"[number % 6] / f"{number:04d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(song(song_id=f"SO{number}")))
    place.server.put_folder(place.name, folder)


def test_a_store_that_is_not_there_is_named_soon(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        started = time.monotonic()
        message = place.etl(retry="3").failed(1)
        assert time.monotonic() - started < 12
    assert place.root in message
    assert "connection refused" in message
    assert re.search(r"tried \d+ times", message)


def secrets_in(place: Place, *results: Result) -> list[str]:
    """What was said, or written down, of the secrets."""
    found = []
    for text in SECRETS.values():
        for result in results:
            found += [f"said: {line}" for line in (result.out + result.err).splitlines() if text in line]
        for path in place.folder.rglob("*"):
            if path.is_file() and text.encode() in path.read_bytes():
                found.append(f"written: {path.name}")
    return found


def test_no_failure_tells_a_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    keys = place.put_plays(2)
    results = [place.etl("--skip", keys[1]).ok()]
    place.put(keys[0], [event(sessionId=3)])
    schedule: list[dict[str, Any]] = [
        {"kind": kind, "op": op, "times": None}
        for op, kinds in {
            "GET": ("internal", "denied", "expired", "short"),
            "LIST": ("denied", "skewed", "garbage"),
        }.items()
        for kind in kinds
    ]
    for rule in schedule:
        place.server.faults(rule)
        results.append(place.etl("--debug", retry="0.1"))
        assert results[-1].exit_code in (1, 2)
    place.server.faults()
    place.server.set(require="somebody")
    results.append(place.etl("--debug"))
    place.server.set(require=None, region="eu-west-3")
    results.append(place.etl("--debug"))
    place.server.set(region=None)
    results.append(inside(place.folder, "etl", "--log-data", "s3://no-such-bucket", "--debug"))
    results.append(inside(place.folder, "status", *place.locations, "--debug"))
    token = SECRETS["AWS_SESSION_TOKEN"]
    signed = f"{place.root}/log_data/x?X-Amz-Security-Token={token}&X-Amz-Signature={SECRETS['AWS_SECRET_ACCESS_KEY']}"
    results.append(inside(place.folder, "etl", "--log-data", signed, "--debug"))
    results.append(inside(place.folder, "etl", "--log-data", f"s3://AKID:{token}@{place.name}/none", "--debug"))
    results.append(inside(place.folder, "etl", "--log-data", f"s4://AKID:{token}@{place.name}/none", "--debug"))
    results.append(place.etl("--jsonpaths", signed, "--debug"))
    assert any("Traceback" in result.err for result in results)
    assert secrets_in(place, *results) == []


def test_a_store_that_fails_on_the_jsonpaths_object_is_no_wrong_usage(place: Place) -> None:
    place.put_plays(1)
    place.server.put(place.name, "paths.json", json.dumps({"jsonpaths": ["$['artist']"]}))
    place.server.faults({"kind": "slowdown", "op": "GET", "key": "paths.json", "times": None})
    result = place.etl("--jsonpaths", f"{place.root}/paths.json", retry="0.3")
    assert f"{place.root}/paths.json: cannot be read (503 SlowDown, tried " in result.error
    assert result.exit_code == 1
    assert list(place.folder.iterdir()) == []


def test_the_advice_for_a_jsonpaths_object_that_is_denied_is_of_use(place: Place) -> None:
    place.put_plays(1)
    place.server.faults({"kind": "denied", "op": "GET", "key": "paths.json", "times": None})
    result = place.etl("--jsonpaths", f"{place.root}/paths.json")
    assert "access denied" in result.error
    assert "--skip" not in result.error


def test_no_setting_of_the_endpoint_tells_a_secret(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    port = place.server.port
    secret = SECRETS["AWS_SECRET_ACCESS_KEY"]
    results = []
    for endpoint in (f"http://user:{secret}@127.0.0.1:{port}", f"nonsense {secret}", f"http://127.0.0.1:1/?{secret}"):
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        results.append(place.etl("--debug", retry="0.1"))
        assert results[-1].exit_code in (1, 2)
    assert secrets_in(place, *results) == []


# -- killed and stopped -----------------------------------------------------------------------------


def wait_for(place: Place, gets: int, process: subprocess.Popen[str]) -> None:
    """Until so many objects were asked for."""
    deadline = time.monotonic() + 60
    while place.server.stats()["ops"].get("GET", 0) < gets:
        assert process.poll() is None, "the load ended before"
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(("share", "own_spool"), [(0.1, False), (0.6, True)])
def test_a_load_killed_while_it_fetches_is_completed_by_the_next(
    place: Place, company: Simulation, share: float, own_spool: bool
) -> None:
    company.put(place)
    place.put_plays(4, bytes_each=300_000, below="log_data/more")
    spool = place.folder / "elsewhere"
    spool.mkdir()
    more = (*company.options, *(("--spool-dir", str(spool)) if own_spool else ()))
    place.server.set(latency=0.05)
    process = place.start(*more, "--concurrency", "4")
    wait_for(place, int(share * company.files), process)
    process.kill()
    finish(process)
    assert runs(place.folder) == ["running"]
    assert list(spool.iterdir()) if own_spool else "sparkify.duckdb.spool" in leftovers(place.folder)
    place.server.set(latency=0)
    for key in [key for key in place.server.keys(place.name) if key.startswith("log_data/more/")]:
        place.server.delete(place.name, key)
    place.etl(*more).ok()
    equal(place, company)
    assert runs(place.folder) == ["interrupted", "loaded"]
    assert list(spool.iterdir()) == []


def test_a_load_killed_between_two_batches_is_completed_by_the_next(place: Place, company: Simulation) -> None:
    company.put(place)
    place.server.set(latency=0.03)
    process = place.start(*company.options, "--concurrency", "2", "--batch-bytes", SMALL_BATCHES)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("committed"):
        assert process.poll() is None
    process.kill()
    finish(process)
    place.server.set(latency=0)
    place.server.idle()
    [(kept,)] = place.ask("select count(*) from etl_files")
    assert 0 < kept < company.files
    place.server.reset()
    place.etl(*company.options).ok()
    assert len(place.fetched()) == company.files - kept
    equal(place, company)
    assert runs(place.folder) == ["interrupted", "loaded"]


@pytest.mark.parametrize(
    ("number", "batches"),
    [(signal.SIGINT, "1GB"), (signal.SIGTERM, SMALL_BATCHES)],
    ids=["SIGINT", "SIGTERM in a batch of many"],
)
def test_a_load_stopped_while_it_fetches_leaves_soon(
    place: Place, company: Simulation, number: signal.Signals, batches: str
) -> None:
    company.put(place)
    place.server.set(latency=0.1)
    process = place.start(*company.options, "--concurrency", "4", "--json", "--batch-bytes", batches)
    wait_for(place, 20, process)
    stopped(place, process, number)
    assert runs(place.folder) == ["interrupted"]
    place.server.set(latency=0)
    place.etl(*company.options).ok()
    equal(place, company)


def stopped(place: Place, process: subprocess.Popen[str], number: signal.Signals, seconds: float = 4.0) -> Result:
    """Stop a load, which must leave soon and clear up."""
    process.send_signal(number)
    started = time.monotonic()
    result = finish(process)
    assert (result.exit_code, "stopped" in result.error) == (1, True), result
    assert time.monotonic() - started < seconds
    assert leftovers(place.folder) == []
    return result


@pytest.mark.parametrize("what", ["data", "listing", "jsonpaths"])
def test_a_load_stopped_while_it_waits_for_another_try_leaves_soon(place: Place, what: str) -> None:
    many_songs(place)
    place.put_plays(1)
    place.server.put(place.name, "paths.json", json.dumps({"jsonpaths": ["$.x"] * 18}))
    place.server.faults(
        {
            "kind": "slowdown",
            "op": "LIST" if what == "listing" else "GET",
            "key": "paths.json" if what == "jsonpaths" else "song_data/[CE]/*",
            "times": None,
        }
    )
    process = place.start("--jsonpaths", f"{place.root}/paths.json", retry="15")
    deadline = time.monotonic() + 30
    while place.server.stats()["faults"].get("slowdown", 0) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stopped(place, process, signal.SIGTERM)


def test_a_failure_in_one_object_does_not_wait_for_the_tries_of_others(place: Place) -> None:
    keys = place.put_plays(40)
    place.server.faults(
        {"kind": "denied", "op": "GET", "key": keys[20], "times": None},
        {"kind": "slowdown", "op": "GET", "times": None},
    )
    started = time.monotonic()
    result = finish(place.start())
    assert result.exit_code == 1
    assert keys[20] in result.error
    assert time.monotonic() - started < 5
    assert leftovers(place.folder) == []


def test_a_load_of_a_folder_has_nothing_to_do_with_object_storage(place: Place) -> None:
    folder = place.folder / "log_data"
    folder.mkdir()
    (folder / "a.json").write_text(lines(event()))
    sparkify(place.folder, "etl", "--log-data", "log_data").ok()
    assert place.server.stats()["ops"] == {}
    code = (
        "import sys; from sparkify.cli import main; code = main(sys.argv[1:]); "
        "print([name for name in sys.modules if name.partition('.')[0] in ('obstore', 'botocore')]); sys.exit(code)"
    )
    found = finish(start_python(place.folder, "-c", code, "etl", "--log-data", "log_data")).ok()
    assert found.out.splitlines()[-1] == "[]"
