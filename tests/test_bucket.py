"""Loads from object storage: the same tables as from a folder, each object read once, and only when it is new."""

from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
import zstandard

from sparkify.simulate import Company
from tests.bucket import WHEN, Place, Simulation, comparable, differences, pointed, simulated
from tests.command import ask, event, finish, inside, leftovers, runs, song, start, write_json
from tests.objects import ObjectServer
from tests.public_data import DATA, needs_public_data

COMPANY = Company(events=600, songs=250, users=8, days=6, seed=5, dirty=True)
MANY = 3000
"""Songs of the virtual bucket."""
NUMBERS = count()


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer(virtual={"many": MANY}) as server, pointed(server):
        yield server


@pytest.fixture
def place(server: ObjectServer, tmp_path: Path) -> Place:
    """A bucket of the test's own."""
    server.set(latency=0, require=None, expired=[], region=None, redirect_unsigned=False, faults=[])
    server.idle()
    server.reset()
    name = f"bucket-{next(NUMBERS)}"
    server.make(name)
    return Place(server, name, tmp_path)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulated(tmp_path_factory.mktemp("company"), COMPANY)


# -- the public shape -------------------------------------------------------------------------------


def test_a_bucket_gives_the_tables_of_a_folder_by_one_get_an_object(place: Place, company: Simulation) -> None:
    company.put(place)
    result = place.etl(*company.options, "--json").ok()
    assert differences(comparable(place.folder, place.root), company.expected) == {}
    assert json.loads(result.out)["files"] == {
        "discovered": company.files,
        "new": company.files,
        "changed": 0,
        "skipped": 0,
    }
    fetched = place.fetched()
    assert len(fetched) == company.files > 250
    assert set(fetched.values()) == {1}
    assert set(place.server.stats()["ops"]) == {"LIST", "GET"}
    place.sound()


@pytest.mark.parametrize(("concurrency", "batch_bytes"), [("1", "120KB"), ("1024", "1GB")])
def test_any_concurrency_and_batches_give_the_same(
    place: Place, company: Simulation, concurrency: str, batch_bytes: str
) -> None:
    company.put(place)
    more = ("--concurrency", concurrency, "--batch-bytes", batch_bytes, "--json")
    place.server.set(latency=0.002)
    place.etl(*company.options, *more).ok()
    assert (len(place.ask("from etl_batches")) > 2) == (concurrency == "1")
    assert differences(comparable(place.folder, place.root), company.expected) == {}
    assert set(place.fetched().values()) == {1}
    assert (place.server.stats()["most_in_flight"] == 1) == (concurrency == "1")
    place.sound()


def test_the_ledger_holds_address_etag_size_and_time(place: Place) -> None:
    etag = place.put("log_data/2018/11/a b.json", [event()], WHEN + 123_000)
    inside(place.folder, "etl", "--log-data", f"{place.root}/log_data/").ok()
    [row] = place.ask("select url, etag, size, modified, kind, rows, rejected from etl_files")
    size = len(place.server.get(place.name, "log_data/2018/11/a b.json"))
    time = datetime(2018, 11, 1, 0, 0, 0, 123_000)
    assert row == (f"{place.root}/log_data/2018/11/a b.json", etag, size, time, "log", 1, 0)


def test_one_location_in_a_bucket_and_the_other_in_a_folder(place: Place, company: Simulation) -> None:
    company.put(place)
    for songs, logs in ((f"{place.root}/song_data", company.folder), (company.folder / "song_data", place.root)):
        folder = place.folder / f"{len(list(place.folder.iterdir()))}"
        folder.mkdir()
        log_data = f"{logs}/log_data"
        inside(folder, "etl", "--song-data", songs, "--log-data", log_data, *company.options).ok()
        assert differences(comparable(folder, place.root, company.folder), company.expected) == {}


@needs_public_data
@pytest.mark.parametrize(
    ("songs", "logs", "paths"),
    [
        ("s3", "s3", "s3"),
        ("local", "local", "s3"),
        ("local", "s3", "below"),
        ("s3", "s3", "local"),
    ],
)
def test_the_public_data(place: Place, songs: str, logs: str, paths: str) -> None:
    place.server.put_folder(place.name, DATA / "song_data", "song_data/")
    place.server.put_folder(place.name, DATA / "log_data", "log_data/")
    mapping = (DATA / "log_json_path.json").read_bytes()
    place.server.put(place.name, "log_json_path.json", mapping)
    roots = {"s3": place.root, "local": str(DATA)}
    more: tuple[str, ...] = ("--jsonpaths", f"{roots.get(paths, place.root)}/log_json_path.json")
    if paths == "below":
        place.server.put(place.name, "log_data/2018/paths.json", mapping)
        more = ("--jsonpaths", f"{place.root}/log_data/2018/paths.json")
    locations = ("--song-data", f"{roots[songs]}/song_data", "--log-data", f"{roots[logs]}/log_data")
    report = json.loads(inside(place.folder, "etl", *locations, *more, "--json").ok().out)
    assert report["rows"] == {
        "staging_events": 8056,
        "staging_songs": 71,
        "songplays": 6820,
        "users": 97,
        "songs": 71,
        "artists": 69,
        "time": 6813,
    }
    assert report["resolution"] == {"exact": 1, "title": 0, "artist": 20, "none": 6799}
    assert (report["files"]["discovered"], report["rejected"]) == (101, 0)
    assert set(place.fetched().values()) <= {1}
    place.server.reset()
    inside(place.folder, "etl", *locations, *more).ok()
    assert set(place.fetched()) <= {more[1].removeprefix(f"{place.root}/")}


def test_a_jsonpaths_object_that_is_not_there_is_named(place: Place) -> None:
    place.put("log_data/a.json", [event()])
    place.put("song_data/a.json", [song()])
    said = place.etl("--jsonpaths", f"{place.root}/paths.json").failed(2)
    assert said == f"--jsonpaths {place.root}/paths.json: no such object; check the address"
    place.server.put(place.name, "paths.json", "{}")
    assert "has no list of paths" in place.etl("--jsonpaths", f"{place.root}/paths.json").failed(2)
    # Before the warehouse is made, and before a song is read.
    assert list(place.folder.iterdir()) == []
    assert set(place.fetched()) == {"paths.json"}


def test_a_jsonpaths_object_maps_renamed_fields(place: Place) -> None:
    renamed = {("who" if name == "userId" else name): value for name, value in event().items()}
    place.put("log_data/a.json", [renamed])
    names = [name if name != "userId" else "who" for name in event()]
    order = ["artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location",
             "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent", "who"]  # fmt: skip
    assert sorted(order) == sorted(names)
    paths = json.dumps({"jsonpaths": [f"$['{name}']" for name in order]})
    place.server.put(place.name, "log_data/my paths?.json", paths)
    place.etl("--jsonpaths", f"{place.root}/log_data/my paths?.json").ok()
    assert place.ask("select user_id from songplays") == [(7,)]
    assert place.ask("select count(*) from etl_files") == [(1,)]


# -- what is new ------------------------------------------------------------------------------------


def test_a_second_run_only_lists(place: Place, company: Simulation) -> None:
    company.put(place)
    paths = ["artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location",
             "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent", "userId"]  # fmt: skip
    mapping = json.dumps({"jsonpaths": [f"$['{name}']" for name in paths]})
    place.server.put(place.name, "log_data/paths.json", mapping)
    more = (*company.options, "--jsonpaths", f"{place.root}/log_data/paths.json")
    place.etl(*more).ok()
    assert place.fetched().pop("log_data/paths.json") == 1
    before = comparable(place.folder, place.root)
    place.server.reset()
    assert place.etl(*more).ok().out == f"nothing new: {company.files} files already loaded\n"
    assert place.fetched() == {"log_data/paths.json": 1}
    assert differences(comparable(place.folder, place.root), before) == {}
    assert runs(place.folder) == ["loaded", "nothing-new"]


def test_a_grown_object_is_read_again_and_others_are_not(place: Place) -> None:
    keys = place.put_plays(5)
    place.etl().ok()
    place.server.reset()
    grown = [event(), event(ts=1541106106796 + 1, sessionId=99)]
    etag = place.put(keys[2], grown)
    report = json.loads(place.etl("--json").ok().out)
    assert report["files"] == {"discovered": 5, "new": 0, "changed": 1, "skipped": 0}
    assert place.fetched() == {keys[2]: 1}
    assert place.plays == 7
    assert place.ask(f"select etag, rows from etl_files where url = '{place.root}/{keys[2]}'") == [(etag, 2)]


def test_a_deleted_object_stays_loaded(place: Place) -> None:
    keys = place.put_plays(3)
    place.etl().ok()
    for key in keys:
        place.server.delete(place.name, key)
    result = place.etl().ok()
    assert "holds no data file" in result.err
    assert (place.plays, len(place.ask("from etl_files"))) == (3, 3)


def test_an_object_written_again_with_equal_bytes_is_not_read_again(place: Place) -> None:
    keys = place.put_plays(2)
    place.etl().ok()
    body = place.server.get(place.name, keys[0])
    place.server.put(place.name, keys[0], body, WHEN + 10**12)
    place.server.reset()
    assert place.etl().ok().out.startswith("nothing new")
    assert set(place.server.stats()["ops"]) == {"LIST"}


def test_an_object_of_equal_size_and_time_but_other_bytes_is_read_again(place: Place) -> None:
    place.put("log_data/a.json", [event(userId="7")], WHEN)
    place.etl().ok()
    place.put("log_data/a.json", [event(userId="8")], WHEN)
    place.etl().ok()
    assert place.ask("select user_id from songplays order by 1") == [(7,), (8,)]


def test_the_newest_song_wins_by_the_times_of_the_objects(place: Place) -> None:
    place.put("song_data/z.json", [song(title="old")], WHEN)
    place.put("song_data/b.json", [song(title="new")], WHEN + 1000)
    place.put("song_data/a.json", [song(title="older")], WHEN - 1000)
    place.etl("--batch-bytes", "1").ok()
    assert place.ask("select title from songs") == [("new",)]
    place.put("song_data/c.json", [song(title="late but old")], WHEN + 500)
    place.etl().ok()
    assert place.ask("select title from songs") == [("new",)]


# -- what is listed ---------------------------------------------------------------------------------

STRANGE = [
    "a b.json", " leading.json", "trailing .json", "ünïcödé/日本語 🎵.json", "e\u0301 decomposed.json", "100%.json",
    "a%2Fb.json", "a%20b.json", "%.json", "a+b.json", "a#b.json", "#/x.json", "a?b.json", "what?/x=1&y=2.json",
    "it's.json", 'say "x".json', "a;b,c.json", "[glob]*.json", "{a}.json", "~.json", "a&b<c>.json", "back\\slash.json",
    "tilde~/at@.json", "a=b.json", "$x.json", "!x.json", "(x).json", "a|b^c`d.json", "x.json.gz.json", "COM1.json",
    "double..dots.json", "...json/dots.json", "ends./x.json",
]  # fmt: skip


def test_any_name_is_listed_and_read(place: Place) -> None:
    kept = [name for name in STRANGE if not name.startswith(".")]
    for number, name in enumerate(STRANGE):
        place.put(f"log_data/{name}", [event(ts=1541106106796 + number, sessionId=number)])
    place.etl().ok()
    urls = {f"{place.root}/log_data/{name}" for name in kept}
    assert {url for (url,) in place.ask("select url from etl_files")} == urls
    assert place.plays == len(kept)
    place.server.reset()
    assert place.etl().ok().out.startswith("nothing new")
    assert set(place.server.stats()["ops"]) == {"LIST"}


@pytest.mark.parametrize(
    "names",
    [
        ["a//b.json", "a/../b.json", "a/./b.json", "...json/../x.json"],
        ["a\nb.json", "b\t/here.json", "\x7f.json"],
        ["/x.json"],
    ],
    ids=["segments", "control characters", "slash"],
)
def test_a_name_with_an_odd_segment_is_listed_and_read(place: Place, names: list[str]) -> None:
    for number, name in enumerate(["0.json", *names, "z.json"]):
        place.put(f"log_data/{name}", [event(sessionId=number)])
    place.etl().ok()
    # A segment that begins with a dot is hidden, also the odd ones.
    kept = {f"{place.root}/log_data/{name}" for name in ["0.json", *names, "z.json"] if f"/{name}".count("/.") == 0}
    assert {url for (url,) in place.ask("select url from etl_files")} == kept
    assert place.plays == len(kept)
    assert place.etl().ok().out.startswith("nothing new")


@pytest.mark.parametrize("prefix", ["a b+c", "100%", "a#b", "what?", "ü/日本", "[x]*'\""])
def test_any_prefix_is_listed(place: Place, prefix: str) -> None:
    place.put(f"{prefix}/2018/a.json", [event()])
    place.put(f"{prefix}x/b.json", [event(sessionId=2)])
    inside(place.folder, "etl", "--log-data", f"{place.root}/{prefix}").ok()
    assert place.ask("select url from etl_files") == [(f"{place.root}/{prefix}/2018/a.json",)]
    assert place.plays == 1


def test_hidden_empty_and_other_objects_are_no_data(place: Place) -> None:
    here = [f"{below}{name}" for below in ("", "a/", "a/b/") for name in ("x.json", "y.jsonl", "z.ndjson")]
    for number, key in enumerate(here):
        place.put(f"log_data/{key}", [event(sessionId=number)])
    hidden = ["_x/a.json", ".x/a.json", "a/_b/c.json", "a/.b/c.json", "_x.json", ".x.json", "a/_x.json", "a/b/.x.json",
              "a/_b/c/d.json", "a/.ipynb_checkpoints/x.json"]  # fmt: skip
    for key in [
        *hidden,
        "readme.md",
        "x.json.bak",
        "x.csv",
        "x.JSONX",
        "json",
        "x.json~",
        "a/x.json.tmp",
        "x.json.bz2",
    ]:
        place.server.put(place.name, f"log_data/{key}", "this is no JSON")
    for key in ("log_data/", "log_data/a/", "log_data/a/b/", "log_data/none/", "log_data/dir.json/", "log_data/0.json"):
        place.server.put(place.name, key, b"")
    for key in ("log_data_old/x.json", "log_data.json", "log_dat/x.json", "old/log_data/x.json", "log_data2.json"):
        place.put(key, [event(sessionId=1000)])
    paths = json.dumps({"jsonpaths": ["$['artist']"]})
    place.server.put(place.name, "log_data/paths.json", paths)
    manifest = json.dumps({"entries": [{"url": f"{place.root}/log_data/x.json", "mandatory": True}]})
    place.server.put(place.name, "log_data/manifest.json", manifest)
    result = place.etl("--json").ok()
    loaded = {url.removeprefix(f"{place.root}/log_data/") for (url,) in place.ask("select url from etl_files")}
    assert loaded - {"paths.json", "manifest.json"} == set(here)
    assert (place.plays, place.ask("from etl_rejects")) == (len(here), [])
    assert json.loads(result.out)["rows"]["staging_events"] == len(here)
    fetched = place.fetched()
    assert not [key for key in fetched if not key.startswith("log_data/") or key.removeprefix("log_data/") in hidden]


def test_a_hidden_folder_that_is_named_is_read(place: Place) -> None:
    place.put("_raw/.logs/a.json", [event()])
    inside(place.folder, "etl", "--log-data", f"{place.root}/_raw/.logs").ok()
    assert place.plays == 1


def test_a_whole_bucket_can_be_a_location(place: Place) -> None:
    place.put("a.json", [event()])
    place.put("b/c.json", [event(sessionId=2)])
    for address in (place.root, f"{place.root}/"):
        inside(place.folder, "etl", "--log-data", address).ok()
        urls = place.ask("select url from etl_files order by url")
        assert urls == [(f"{place.root}/a.json",), (f"{place.root}/b/c.json",)]


def lay_songs(place: Place, keys: list[str]) -> None:
    """Songs of distinct ids under these keys."""
    folder = place.folder / "lay"
    for number, key in enumerate(keys):
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(song(song_id=f"SO{number:06d}", title=f"Song {number}")))
    place.server.put_folder(place.name, folder)


SHAPES = {
    "flat": [f"song_data/{number:05d}.json" for number in range(2300)],
    "exactly a page": [f"song_data/{number:05d}.json" for number in range(1000)],
    "two pages to the last key": [f"song_data/{'ab'[number % 2]}/{number:05d}.json" for number in range(2000)],
    "nested": [f"song_data/{a}/{b}/{number:04d}.json" for a in "ABC" for b in "ABCDE" for number in range(170)],
    "one child at the top": [f"song_data/x/y/z/{a}/{number:04d}.json" for a in "ABCDEF" for number in range(400)],
    "one large child among small": [
        *(f"song_data/A/{number:04d}.json" for number in range(5)),
        *(f"song_data/M/{number:04d}.json" for number in range(2200)),
        *(f"song_data/Z/{number:04d}.json" for number in range(5)),
    ],
    "files beside folders": [
        *(f"song_data/{name}/{number:04d}.json" for name in ("a", "m", "m-", "m.d", "m0") for number in range(300)),
        *(f"song_data/{name}{number:03d}.json" for name in ("0", "l", "m", "n", "zz") for number in range(100)),
        *(f"song_data/m/{number:04d}/x.json" for number in range(150)),
    ],
    "files beside folders, further down": [
        "song_data/x/0.json",
        "song_data/x/~.json",
        *(f"song_data/x/y/{name}{number:04d}.json" for name in ("a/", "n", "s/", "y") for number in range(400)),
        "song_data/x/y.json",
        "song_data/x/z.json",
    ],
    "names beyond ASCII": [f"song_data/{a}/{number:04d}.json" for a in "Aé€\uffe5𝄞" for number in range(450)],
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_thousands_of_objects_are_each_listed_once(place: Place, shape: str) -> None:
    keys = SHAPES[shape]
    lay_songs(place, keys)
    place.server.put(place.name, "song_data/A/", b"")
    place.server.put(place.name, "song_data_old/x.json", json.dumps(song()))
    songs = ("--song-data", f"{place.root}/song_data")
    result = inside(place.folder, "etl", *songs, "--dry-run").ok()
    listed = [line.removeprefix(f"Would load {place.root}/") for line in result.out.splitlines()[:-1]]
    assert sorted(listed) == sorted(keys)
    assert set(place.server.stats()["ops"]) == {"LIST"}
    assert place.server.stats()["ops"]["LIST"] < 60


def test_many_objects_are_listed_at_the_same_time_and_loaded_once(place: Place) -> None:
    place.server.set(latency=0.002)
    songs = ("--song-data", "s3://many/song_data")
    report = json.loads(inside(place.folder, "etl", *songs, "--json").ok().out)
    assert report["files"]["discovered"] == report["rows"]["staging_songs"] == report["rows"]["songs"] == MANY
    stats = place.server.stats()
    assert stats["ops"]["GET"] == len(stats["gets"]) == MANY
    assert stats["most_in_flight"] >= 32
    place.server.reset()
    inside(place.folder, "etl", *songs).ok()
    assert set(place.server.stats()["ops"]) == {"LIST"}
    assert place.server.stats()["most_in_flight"] > 2


def test_skip_by_name_by_address_and_by_the_end_of_it(place: Place) -> None:
    keys = place.put_plays(6)
    urls = [f"{place.root}/{key}" for key in keys]
    skips = ("--skip", "00000.json", "--skip", urls[1], "--skip", "11/00002.*", "--skip", "s3://*/00003.json")
    report = json.loads(place.etl(*skips, "--json").ok().out)
    assert report["files"] == {"discovered": 6, "new": 2, "changed": 0, "skipped": 4}
    assert set(place.fetched()) == set(keys[4:])
    assert place.plays == 2


# -- what objects hold ------------------------------------------------------------------------------


def test_compressed_objects_are_read(place: Place) -> None:
    texts = [json.dumps(event(sessionId=number)) + "\n" for number in range(4)]
    many = "".join(json.dumps(event(ts=1541106106796 + n, sessionId=9)) + "\n" for n in range(9000)).encode()
    place.server.put(place.name, "log_data/a.json.gz", gzip.compress(texts[0].encode()))
    place.server.put(place.name, "log_data/b.jsonl.zst", zstandard.compress(texts[1].encode()))
    place.server.put(place.name, "log_data/c.ndjson.gz", gzip.compress(many) + gzip.compress(texts[2].encode()))
    place.server.put(place.name, "log_data/d.json.zst", zstandard.compress(many[:1]) + zstandard.compress(many[1:]))
    place.server.put(place.name, "log_data/e.json.gz", gzip.compress(texts[3].encode(), 0))
    report = json.loads(place.etl("--json").ok().out)
    assert report["rows"]["staging_events"] == 18_004
    assert place.plays == 9004
    assert set(place.fetched().values()) == {1}
    assert place.ask("select count(*) from etl_files where rows > 0") == [(5,)]
    place.sound()


def test_a_damaged_compressed_object_names_its_address(place: Place) -> None:
    whole = gzip.compress(b"".join(json.dumps(event(sessionId=n)).encode() + b"\n" for n in range(500)))
    place.server.put(place.name, "log_data/cut.json.gz", whole[: len(whole) // 2])
    result = place.etl()
    assert result.exit_code == 3
    assert result.error.startswith(f"{place.root}/log_data/cut.json.gz:")
    assert "damaged" in result.error
    assert (place.plays, leftovers(place.folder)) == (0, [])


@pytest.mark.parametrize("size", [(256 << 10) + 1, 300_000, 8 << 20])
def test_a_plain_object_of_some_size_is_read_by_one_get(place: Place, size: int) -> None:
    line = json.dumps(event(userAgent="x" * 2000))
    lines = [line.replace("1541106106796", str(1541106106796 + number)) for number in range(size // (len(line) + 1))]
    text = "\n".join(lines)
    text += " " * (size - len(text))
    place.server.put(place.name, "log_data/a.json", text)
    place.etl().ok()
    assert place.plays == len(lines)
    [(_, _, _, span, if_match, status)] = place.requests("GET")
    assert (span, status, bool(if_match)) == (None, 200, True)
    place.sound()


def large(megabytes: int) -> tuple[bytes, int]:
    """Plays in a text of so many megabytes, and how many."""
    line = json.dumps(event(userAgent="x" * 4000, song="s" * 1000, artist="a" * 1000))
    number = -(-(megabytes << 20) // (len(line) + 1))
    text = "\n".join(line.replace("1541106106796", str(1541106106796 + each)) for each in range(number))
    return text.encode(), number


@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_large_object_is_read_in_ranges_of_one_version(place: Place, packed: str) -> None:
    body, plays = large(20)
    stored = gzip.compress(body, 0) if packed else body
    etag = place.server.put(place.name, f"log_data/a.json{packed}", stored)
    place.put_plays(3)
    place.server.set(latency=0.05)
    place.etl().ok()
    ranges = [request for request in place.requests("GET") if "a.json" in request[1]]
    assert sorted(request[3] for request in ranges) == sorted(
        f"bytes={start}-{min(start + (8 << 20), len(stored)) - 1}" for start in range(0, len(stored), 8 << 20)
    )
    assert {(request[4], request[5]) for request in ranges} == {(etag, 206)}
    assert place.server.stats()["most_in_flight"] >= 3
    assert place.plays == plays + 3
    [(whole,)] = place.ask("select count(distinct start_time) from songplays where length(user_agent) = 4000")
    assert whole == plays
    place.sound()


def test_rejects_have_the_address_and_the_line(place: Place) -> None:
    bad = 'not json\n{"page": "NextSong"}\n'
    good = json.dumps(event(sessionId=4))
    place.server.put(place.name, "log_data/2018/11/bad one.json", f"\n{good}\n{bad}{json.dumps(event(sessionId=2))}")
    packed = gzip.compress(f"{json.dumps(event(sessionId=3))}\n{bad}".encode())
    place.server.put(place.name, "log_data/packed.json.gz", packed)
    body, plays = large(9)
    place.server.put(place.name, "log_data/large.json", body + b"\n42\n", WHEN)
    result = place.etl()
    assert result.exit_code == 3
    assert result.error.startswith(f"{place.root}/log_data/large.json:{plays + 1}: ")
    assert f"{place.root}/log_data/large.json:{plays + 1}" in str(place.ask("select message from etl_runs"))
    assert (place.plays, place.ask("from etl_rejects")) == (0, [])
    place.etl("--max-errors", "5").ok()
    shown = json.loads(inside(place.folder, "rejects", "--format", "json").ok().out)
    assert sorted((row["file"].removeprefix(f"{place.root}/log_data/"), row["line"]) for row in shown) == [
        ("2018/11/bad one.json", 3),
        ("2018/11/bad one.json", 4),
        ("large.json", plays + 1),
        ("packed.json.gz", 2),
        ("packed.json.gz", 3),
    ]
    assert place.plays == plays + 3
    place.sound()


def test_a_bad_song_beside_good_ones_is_named(place: Place) -> None:
    lay_songs(place, [f"song_data/A/{number}.json" for number in range(30)])
    place.server.put(place.name, "song_data/A/a bad.json", "{}")
    result = place.etl()
    assert result.exit_code == 3
    assert result.error.startswith(f"{place.root}/song_data/A/a bad.json:1: ")
    place.etl("--skip", f"{place.root}/song_data/A/a bad.json").ok()
    assert place.ask("select count(*) from songs") == [(30,)]


# -- addresses that are wrong -----------------------------------------------------------------------


def test_a_bucket_that_is_not_there(place: Place) -> None:
    message = inside(place.folder, "etl", "--log-data", "s3://no-such-bucket/log_data").failed(2)
    assert message.startswith("--log-data s3://no-such-bucket/log_data: no such bucket")
    assert not (place.folder / "sparkify.duckdb").exists()


@pytest.mark.parametrize("address", ["ftp://host/log_data", "s4://bucket/x", "s3://", "s3:///x", "s3://b//x", "://x"])
def test_an_address_that_makes_no_sense(place: Place, address: str) -> None:
    message = inside(place.folder, "etl", "--log-data", address).failed(2)
    assert address.rstrip("/") in message
    assert place.server.stats()["ops"] == {}
    assert not (place.folder / "sparkify.duckdb").exists()


def test_a_bucket_is_no_jsonpaths_file(place: Place) -> None:
    place.put("log_data/a.json", [event()])
    result = place.etl("--jsonpaths", place.root)
    assert result.exit_code == 2
    assert result.error.startswith(f"--jsonpaths {place.root}")


def test_status_of_all_loaded_shows_nothing_pending(place: Place) -> None:
    place.put_plays(1)
    names = ["artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location",
             "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent", "userId"]  # fmt: skip
    place.server.put(place.name, "log_data/paths.json", json.dumps({"jsonpaths": [f"$['{name}']" for name in names]}))
    mapping = ("--jsonpaths", f"{place.root}/log_data/paths.json")
    place.etl(*mapping).ok()
    status = json.loads(inside(place.folder, "status", *place.locations, *mapping, "--json").ok().out)
    assert status["pending"]["files"] == []


def test_an_empty_prefix_is_nothing_new(place: Place) -> None:
    result = place.etl().ok()
    assert "holds no data file" in result.err
    assert runs(place.folder) == ["nothing-new"]


@pytest.mark.parametrize(
    ("songs", "logs"),
    [("data", "data"), ("", "log_data"), ("data/songs", "data"), ("data", "data/logs/"), ("song_data", "")],
)
def test_locations_that_overlap(place: Place, songs: str, logs: str) -> None:
    for scheme in ("s3", "s3a"):
        addresses = ("--song-data", f"{scheme}://{place.name}/{songs}", "--log-data", f"{place.root}/{logs}")
        assert "overlap" in inside(place.folder, "etl", *addresses).failed(2)


def test_locations_that_look_alike_do_not_overlap(place: Place) -> None:
    place.put("data_logs/a.json", [event()])
    place.put("data/b.json", [song()])
    locations = ("--song-data", f"{place.root}/data", "--log-data", f"{place.root}/data_logs")
    inside(place.folder, "etl", *locations).ok()
    assert (place.plays, place.ask("select count(*) from songs")) == (1, [(1,)])


# -- credentials ------------------------------------------------------------------------------------


def test_who_has_no_credentials_reads_what_anybody_may(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put_plays(3)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    result = place.etl().ok()
    assert f"warning: no AWS credentials found, reading {place.root} anonymously" in result.err
    stats = place.server.stats()
    assert stats["unsigned"] == sum(stats["ops"].values())
    assert place.plays == 3


def test_anonymous_requests_are_not_signed(place: Place) -> None:
    place.put_plays(3)
    result = place.etl("--anonymous").ok()
    stats = place.server.stats()
    assert stats["unsigned"] == sum(stats["ops"].values())
    assert stats["ops"]["GET"] == 3
    assert "anonymously" not in result.err
    place.server.reset()
    place.etl("--full-refresh").ok()
    assert place.server.stats()["unsigned"] == 0


def test_a_private_bucket_wants_credentials(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.put_plays(1)
    place.server.set(require="somebody")
    assert "does not know the access key" in place.etl().failed(2)
    assert "leave out --anonymous" in place.etl("--anonymous").failed(2)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert "no AWS credentials were found" in place.etl().failed(2)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    place.etl().ok()
    assert place.plays == 1


# -- the other commands -----------------------------------------------------------------------------


def test_status_shows_what_is_pending(place: Place) -> None:
    keys = place.put_plays(3)
    place.etl().ok()
    place.put_plays(1, start=7)
    place.put(keys[0], [event(sessionId=77)], WHEN + 10**9)
    place.server.reset()
    pending = json.loads(inside(place.folder, "status", *place.locations, "--json").ok().out)["pending"]
    urls = [f"{place.root}/log_data/2018/11/00007.json", f"{place.root}/{keys[0]}"]
    assert pending == {"new": 1, "changed": 1, "skipped": 0, "files": urls}
    text = inside(place.folder, "status", *place.locations).ok().out
    assert "1 new and 1 changed files" in text
    assert urls[0] in text
    assert set(place.server.stats()["ops"]) == {"LIST"}
    gone = inside(place.folder, "status", "--log-data", "s3://no-such-bucket/x").ok().out
    assert "no such bucket" in gone


def test_a_dry_run_lists_and_reads_nothing(place: Place) -> None:
    keys = place.put_plays(3)
    result = place.etl("--dry-run").ok()
    assert [f"Would load {place.root}/{key}" for key in keys] == result.out.splitlines()[:3]
    assert set(place.server.stats()["ops"]) == {"LIST"}
    assert list(place.folder.iterdir()) == []
    place.etl().ok()
    place.put_plays(1, start=3)
    assert place.etl("--dry-run").ok().out.startswith(f"Would load {place.root}/log_data/2018/11/00003.json\n")


def test_a_full_refresh_reads_the_bucket_as_it_is(place: Place) -> None:
    keys = place.put_plays(5)
    place.etl().ok()
    old = {each for (each,) in place.ask("select songplay_id from songplays")}
    place.server.delete(place.name, keys[0])
    place.server.reset()
    place.etl("--full-refresh").ok()
    assert place.fetched() == dict.fromkeys(keys[1:], 1)
    assert place.plays == len(place.ask("from etl_files")) == 4
    assert not old & {each for (each,) in place.ask("select songplay_id from songplays")}
    place.sound()


def test_of_two_loads_at_once_one_waits_or_leaves(place: Place, company: Simulation) -> None:
    company.put(place)
    place.server.set(latency=0.1)
    first = place.start(*company.options, "--concurrency", "4")
    assert first.stderr is not None
    assert first.stderr.readline().startswith("loading")
    assert "another load is running" in place.etl(*company.options, wait="0").failed(5)
    second = place.start(*company.options, wait="60")
    place.server.set(latency=0)
    for process in (first, second):
        finish(process).ok()
    assert runs(place.folder) == ["loaded", "nothing-new"]
    assert set(place.fetched().values()) == {1}
    assert differences(comparable(place.folder, place.root), company.expected) == {}
    place.sound()


# -- the spool --------------------------------------------------------------------------------------


def spooled(place: Place, options: tuple[str | Path, ...], spool: Path) -> tuple[int, set[str]]:
    """A load while the folder of the spool is looked at: its largest size, and what lay beside the warehouse."""
    sizes, beside = [0], set[str]()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.003):
            total = 0
            for folder, _, names in os.walk(spool):  # passes over folders that go meanwhile
                for name in names:
                    with suppress(FileNotFoundError):
                        total += Path(folder, name).stat().st_size
            sizes.append(total)
            beside.update(leftovers(place.folder))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        finish(start(place.folder, "etl", *place.locations, *options)).ok()
    finally:
        done.set()
        watcher.join()
    return max(sizes), beside


def test_the_spool_is_where_it_was_told_to_be_and_bounded(place: Place) -> None:
    place.put_plays(16, bytes_each=300_000)
    spool = place.folder / "elsewhere"
    spool.mkdir()
    peak, beside = spooled(place, ("--spool-dir", spool, "--batch-bytes", "310000"), spool)
    assert len(place.ask("from etl_batches")) == 16
    assert 250_000 < peak < 4 * 310_000
    assert "sparkify.duckdb.spool" not in beside
    assert list(spool.iterdir()) == []
    assert place.plays == 16
    place.sound()


def test_the_spool_is_gone_after_a_failure_too(place: Place) -> None:
    place.put_plays(3, bytes_each=300_000)
    place.server.put(place.name, "log_data/bad.json.gz", gzip.compress(b"no"), WHEN + 10**9)
    spool = place.folder / "elsewhere"
    spool.mkdir()
    assert place.etl("--spool-dir", spool).exit_code == 3
    assert (list(spool.iterdir()), leftovers(place.folder)) == ([], [])
    message = place.etl("--spool-dir", place.folder / "none").failed(2)
    assert "--spool-dir" in message


def test_a_location_that_was_a_folder_becomes_a_bucket(place: Place) -> None:
    write_json(place.folder / "log_data" / "a.json", [event()])
    place.put("log_data/a.json", [event(), event(sessionId=2)])
    inside(place.folder, "etl", "--log-data", "log_data").ok()
    place.etl().ok()
    assert (place.plays, len(ask(place.folder, "from etl_files"))) == (2, 2)
