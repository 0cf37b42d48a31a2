"""Compaction: whatever is loaded from the parts is what would be loaded from the files they are made of."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from sparkify import etl
from sparkify.errors import SourceError, TooManyRejects, UsageError
from sparkify.run_report import Report
from sparkify.source.access import Access
from sparkify.source.compacted import Origin, sources_name, unpack_sources
from sparkify.source.compaction import Codec, Compacted, compact
from sparkify.source.location import MANIFEST, SMALL
from sparkify.source.spool import Spool
from tests.command import event, song
from tests.conftest import examples
from tests.house import ALL_REJECTS, EVENT_COLUMNS, KINDS, STAR, Content, Follower, House, fresh_house
from tests.objects import ObjectServer
from tests.reference import Version
from tests.strategies import Run, histories, packed

ROOT = Path(__file__).parent.parent
ACCESS = Access(retry=20.0)
BOM = b"\xef\xbb\xbf"
TIME = 1_700_000_000_000_000

SIZES = st.sampled_from([1, 400, 3000, 64 << 20])
CODECS: st.SearchStrategy[Codec] = st.sampled_from(["zst", "gz"])


@pytest.fixture(scope="module")
def server() -> Iterator[ObjectServer]:
    with ObjectServer() as started, pytest.MonkeyPatch.context() as patch:
        for name, value in started.environment().items():
            patch.setenv(name, value)
        yield started


def compacted(
    root: Path, source: str | Path, target: str | Path, done: Callable[[int], None] = lambda _: None, **options: Any
) -> Compacted:
    """Compact with a spool below `root`, which must be left empty."""
    spool = Spool(root / "compact-spool")
    result = compact(str(source), str(target), access=ACCESS, spool=spool, done=done, **options)
    assert list(spool.folder.iterdir()) == []
    spool.clear()
    return result


def read_lists(target: Path) -> dict[str, list[Origin]]:
    """What the lists say of each part that the manifest names."""
    found = {}
    for name in parts_of(target):
        data = (target / sources_name(name)).read_bytes()
        found[name] = unpack_sources(data, "log", name)
    return found


def parts_of(target: Path) -> list[str]:
    entries = json.loads((target / MANIFEST).read_bytes())["entries"]
    assert all(entry.keys() == {"url", "mandatory"} and entry["mandatory"] is True for entry in entries)
    return [Path(entry["url"]).name for entry in entries]


def unpacked(path: Path) -> bytes:
    data = path.read_bytes()
    return zstandard.ZstdDecompressor().decompress(data) if path.suffix == ".zst" else gzip.decompress(data)


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# --- Against the source, and against the reference -----------------------------------------------------------

EVERYTHING = {
    **{name: f"select {', '.join(columns)} from {name}" for name, columns in STAR.items()},
    "tracks": "select song, artist, length, match, song_id, artist_id from etl_tracks",
    "catalogue": "select * from staging_songs",
    "song files": "select * from etl_songs",
    "rejects": "select url, line, reason, record from etl_rejects",
    "files": "select url, etag, size, modified, kind, rows, rejected from etl_files where url not like '%/part-%'",
    "staged": f"select {', '.join(EVENT_COLUMNS)} from temp.main.staging_events",
    "staged songs": "select * from temp.main.batch_songs",
}


def loaded(house: House, songs: str | Path, logs: str | Path, **flags: Any) -> tuple[Report, dict[str, list[str]]]:
    """Load from these locations; the report, and every table of the warehouse and of staging."""
    given: dict[str, object] = {"song_data": str(songs), "log_data": str(logs), "max_errors": ALL_REJECTS}
    with house.open(**(given | flags)) as (warehouse, settings):
        report = etl.run(warehouse, settings)
        with warehouse.session(read_only=True):
            rows = {
                name: sorted(map(repr, warehouse.query(sql)))
                for name, sql in EVERYTHING.items()
                if report.batches or not name.startswith("staged")
            }
    return report, rows


def compact_both(house: House, target: Path | str, **options: Any) -> tuple[str, str]:
    """Compact the songs and the logs of a house; the addresses of what came of them."""
    for kind in KINDS:
        compacted(house.root, house.path(kind), f"{target}/{kind}", **options)
    return f"{target}/song_data", f"{target}/log_data"


def lasting(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    """All but staging, which holds the last batch only."""
    return {name: each for name, each in rows.items() if not name.startswith("staged")}


def unread(report: Report) -> bool:
    return (report.rows["staging_events"], report.rows["staging_songs"], report.rejected) == (0, 0, 0)


def assert_same_as_source(house: House, target: Path | str, **flags: Any) -> None:
    """What is loaded from the parts is what the source gives, and either way the ledger knows both."""
    sources = house.path("song_data"), house.path("log_data")
    parts = f"{target}/song_data", f"{target}/log_data"
    by_source = House(house.root, "by-source.duckdb")
    by_parts = House(house.root, "by-parts.duckdb")
    _, expected = loaded(by_source, *sources, **flags)
    _, found = loaded(by_parts, *parts, **flags)
    assert lasting(found) == lasting(expected)
    if flags.get("batch_bytes") is None:
        assert found == expected
    again, same = loaded(by_parts, *sources, **flags)
    assert again.status == "nothing-new"
    assert same == lasting(expected)
    noted, same = loaded(by_source, *parts, **flags)
    assert unread(noted)
    assert lasting(same) == lasting(expected)
    assert loaded(by_source, *parts, **flags)[0].status == "nothing-new"


@examples(5)
@given(histories(bad=True), SIZES, CODECS)
def test_parts_of_a_history_give_what_the_source_gives(
    folder: Path, history: list[Run], part_bytes: int, codec: Codec
) -> None:
    with fresh_house(folder) as house:
        house.lay(history[-1])
        compact_both(house, house.root / "parts", part_bytes=part_bytes, codec=codec)
        assert_same_as_source(house, house.root / "parts")


class CompactingHouse(House):
    """Compacts before each load, and loads the parts."""

    part_bytes = 64 << 20
    codec: Codec = "zst"

    def load(self, *, full_refresh: bool = False, **flags: object) -> Report:
        songs, logs = compact_both(self, self.root / "parts", part_bytes=self.part_bytes, codec=self.codec)
        return super().load(full_refresh=full_refresh, song_data=songs, log_data=logs, **flags)

    def name(self, url: object) -> str:
        return "part" if "/part-" in str(url) else super().name(url)

    def content(self) -> Content:
        content = super().content()
        assert content.files.pop("part", (0, 0)) == (0, 0)
        return content


class PartFollower(Follower):
    """Holds everything against the reference but how many files were read: there they are parts."""

    def _hold_report(
        self, report: Report, before: Content | None, after: Content, new: Sequence[Version], *, one_batch: bool
    ) -> None:
        run_id, status, _, *sums = after.runs[-1]
        after.runs[-1] = (run_id, status, len(new), *sums)
        super()._hold_report(report, before, after, new, one_batch=one_batch)


@examples(4)
@given(histories(bad=True), SIZES, CODECS, st.sampled_from([None, 1]))
def test_a_history_compacted_and_loaded_run_by_run_is_as_the_reference_says(
    folder: Path, history: list[Run], part_bytes: int, codec: Codec, batch_bytes: int | None
) -> None:
    with fresh_house(folder) as plain:
        house = CompactingHouse(plain.root)
        house.part_bytes, house.codec = part_bytes, codec
        follower = PartFollower(house)
        for run in history:
            follower.load(run, batch_bytes=batch_bytes)
            assert follower.load(run).status == "nothing-new"


@examples(4)
@given(histories(bad=True, max_runs=3), SIZES, st.sampled_from([None, 1]), st.randoms(use_true_random=False))
def test_a_history_compacted_run_by_run_and_loaded_at_once(
    folder: Path, history: list[Run], part_bytes: int, batch_bytes: int | None, random: Random
) -> None:
    """Of a file that changed its latest version counts, as in the source, whatever the order of parts."""
    latest: Run = {}
    with fresh_house(folder) as house:
        for run in history:
            # A file that is emptied is no data any more, like one that is deleted: its earlier version stays.
            latest |= {name: version for name, version in run.items() if version.data}
            house.lay(run)
            compact_both(house, house.root / "parts", part_bytes=part_bytes)
        for part in sorted((house.root / "parts").rglob("part-*.json.zst")):
            os.utime(part, (random.randint(1, 9), random.randint(1, 9)))
        house.lay(latest)
        assert_same_as_source(house, house.root / "parts", batch_bytes=batch_bytes)
        songs, logs = (str(house.root / "parts" / kind) for kind in KINDS)
        refreshed = House(house.root, "by-parts.duckdb")
        before = refreshed.query(EVERYTHING["files"]), refreshed.query("select count(*) from songplays")
        report = refreshed.load(full_refresh=True, song_data=songs, log_data=logs, max_errors=ALL_REJECTS)
        assert report.status == "loaded"
        after = refreshed.query(EVERYTHING["files"]), refreshed.query("select count(*) from songplays")
        assert (sorted(map(repr, after[0])), after[1]) == (sorted(map(repr, before[0])), before[1])


def test_a_file_that_was_mended_no_longer_blocks_a_strict_load(tmp_path: Path) -> None:
    house = House(tmp_path)
    parts = compact_both(house, tmp_path / "parts")
    for number, data in enumerate((b"oops\n" + E1, b"oops\n" + E2, E1 + b"\n" + E2)):
        if number:
            house.put(Version("log_data/other.json", E3, TIME + number))
        house.put(Version("log_data/1.json", data, TIME + number))
        compact_both(house, tmp_path / "parts")
        if number < 2:
            with pytest.raises(TooManyRejects):
                loaded(house, *parts, max_errors=0)
    report, _ = loaded(house, *parts, max_errors=0)
    assert report.rows["staging_events"] == 3
    assert loaded(house, house.path("song_data"), house.path("log_data"))[0].status == "nothing-new"


@examples(3)
@given(histories(bad=True, max_runs=1), SIZES)
def test_an_interleaving_of_parts_and_source_reads_nothing_twice(
    folder: Path, history: list[Run], part_bytes: int
) -> None:
    with fresh_house(folder) as house:
        house.lay(history[0])
        sources = house.path("song_data"), house.path("log_data")
        _, expected = loaded(House(house.root, "by-source.duckdb"), *sources)
        # Half of the source is loaded by itself, the parts hold all of it.
        names = sorted(history[0])
        mixed = House(house.root, "mixed.duckdb")
        loaded(mixed, *sources, skip=[f"*/{name.replace('[', '[[]')}" for name in names[::2]])
        _, found = loaded(mixed, *compact_both(house, house.root / "parts", part_bytes=part_bytes))
        assert lasting(found) == lasting(expected)


# --- Odd files -----------------------------------------------------------------------------------------------


def line(record: dict[str, object]) -> bytes:
    return json.dumps(record).encode()


E1, E2, E3 = (line(event(ts=1541106106796 + number, sessionId=number)) for number in range(3))
PATHS = json.dumps({"jsonpaths": ["$['artist']"]}).encode()
OTHER_MANIFEST = b'{"entries": [{"url": "s3://b/k", "mandatory": true}]}'
PRETTY = json.dumps(event(), indent=2).encode()
BIG = b"\n".join(line(event(ts=1541106106796 + n, itemInSession=n)) for n in range(9000))

ODD = {
    "plain": E1 + b"\n" + E2 + b"\n",
    "no newline at the end": E1 + b"\n" + E2,
    "one mark": BOM + E1,
    "two marks": BOM + BOM + E1 + b"\n" + E2,
    "three marks": BOM + BOM + BOM + E1,
    "nothing but a mark": BOM,
    "nothing but two marks": BOM + BOM,
    "a mark and garbage": BOM + b"oops\n" + E1,
    "crlf": E1 + b"\r\n" + E2 + b"\r\n\r\n",
    "cr at the end": E1 + b"\r",
    "pretty": PRETTY + b"\n" + PRETTY,
    "glued": E1 + E2 + E3,
    "blank lines around": b"\n\n \t\n" + E1 + b"\n\n\n" + b"oops\n" + E2 + b"\n \n",
    "only blank lines": b"\n\n \n",
    "only spaces": b"   ",
    "ends within a record": E1 + b"\n" + E2[:40],
    "ends within a text": E1 + b'\n{"ts": 1, "page": "Ho',
    "ends within a text and a newline": E1 + b'\n{"ts": 1, "page": "Ho\n',
    "ends within a character": E1 + b'\n{"ts": 1, "page": "\xc3',
    "ends within an escape": b'{"ts": 1, "page": "a\\',
    "ends within a number": E1 + b"\n-",
    "a bare number": b"42",
    "a bare word": E1 + b"\nnul",
    "not objects": b"null\n[1, 2]\n" + E1,
    "NUL bytes": b"\x00\x00",
    "no UTF-8": E1.replace(b"Lyon", b"Ly\xffn") + b"\n" + E2,
    "a sidecar": PATHS,
    "a sidecar with a mark": BOM + PATHS + b"\n",
    "a manifest": OTHER_MANIFEST,
    "a sidecar after spaces": b" " * 5000 + PATHS,
    "a sidecar and a record": PATHS + b"\n" + E1,
    "two sidecars": PATHS + PATHS,
    "as long as small goes": E1 + b"\n" + b" " * (SMALL - len(E1) - 1),
    "one more": E1 + b"\n" + b" " * (SMALL - len(E1)),
    "large": BIG,
    "large, with marks": BOM + BOM + BIG,
    "large, with faults": BIG + b"\noops\n" + BIG[:5000],
    "large, in one line": b" " * 600_000 + E1,
}


@pytest.fixture(scope="module")
def odd_source(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("odd"))
    for number, (name, data) in enumerate(ODD.items()):
        for suffix in ("json", "json.gz" if number % 2 else "json.zst"):
            path = f"log_data/{name}.{suffix}"
            house.put(Version(path, packed(path, data), TIME + number))
    empty = "log_data/nothing.json.gz"
    house.put(Version(empty, gzip.compress(b""), TIME), Version("log_data/empty.json", b"", TIME))
    return house


@pytest.mark.parametrize("part_bytes", [1, 64 << 20])
def test_odd_files_give_what_they_give_by_themselves(odd_source: House, part_bytes: int, tmp_path: Path) -> None:
    compact_both(odd_source, tmp_path, part_bytes=part_bytes)
    assert_same_as_source(House(odd_source.root), tmp_path)
    for name in ("by-source", "by-parts"):
        (odd_source.root / f"{name}.duckdb").unlink()


def test_odd_files_as_jsonpaths_map_them(odd_source: House, tmp_path: Path) -> None:
    mapping = tmp_path / "paths.json"
    paths = [f"$['{name}']" for name in sorted(event(), key=str.lower)]
    mapping.write_text(json.dumps({"jsonpaths": paths}))
    compact_both(odd_source, tmp_path / "parts")
    assert_same_as_source(odd_source, tmp_path / "parts", jsonpaths=str(mapping))


@pytest.mark.parametrize("name", ODD)
def test_a_file_stands_in_its_part_byte_for_byte(name: str, tmp_path: Path) -> None:
    data = ODD[name]
    house = House(tmp_path)
    house.put(Version("log_data/1.json", b"{}", TIME), Version("log_data/2.json", data, TIME + 1))
    house.put(Version("log_data/3.json", b"{}\n", TIME + 2))
    compacted(tmp_path, house.path("log_data"), tmp_path / "parts")
    [(part, origins)] = read_lists(tmp_path / "parts").items()
    whole = unpacked(tmp_path / "parts" / part)
    first, middle, last = (whole[each.offset : each.offset + each.bytes] for each in origins)
    sidecar = ("sidecar" in name and "record" not in name and "two" not in name) or name == "a manifest"
    kept = b"" if sidecar and "spaces" not in name else data.removeprefix(BOM)
    assert (first, middle, last) == (b"{}", kept, b"{}\n")
    assert whole == b"{}\n" + kept + (b"" if kept.endswith(b"\n") or not kept else b"\n") + b"{}\n"


def test_songs_remember_their_file_and_record(tmp_path: Path) -> None:
    """Of two records of one song the newest file's wins, whichever part it stands in."""
    house = House(tmp_path)
    for number in range(6):
        records = [line(song(title=f"{number} {each}", song_id=f"S{each % 2}")) for each in range(4)]
        house.put(Version(f"song_data/{number}.json", b"\n".join(records), TIME + (number * 7) % 5))
    compact_both(house, tmp_path / "parts", part_bytes=900)
    assert len(parts_of(tmp_path / "parts" / "song_data")) > 2
    assert_same_as_source(house, tmp_path / "parts")


def test_a_damaged_file_stops_it_and_nothing_is_published(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.put(Version("log_data/1.json", E1, TIME))
    for name, data in {
        "cut.json.gz": gzip.compress(BIG)[:-100],
        "crc.json.gz": gzip.compress(E1)[:-8] + b"12345678",
        "tail.json.gz": gzip.compress(E1) + b"oops",
        "cut.json.zst": zstandard.compress(BIG)[:-3],
        "none.json.zst": b"not compressed",
    }.items():
        house.put(Version(f"log_data/{name}", data, TIME + 1))
        with pytest.raises(SourceError, match=f"{name}: .*damaged.*--skip") as caught:
            compacted(tmp_path, house.path("log_data"), tmp_path / "parts")
        assert "\n" not in str(caught.value)
        assert parts_of(tmp_path / "parts") == []
        assert list((tmp_path / "compact-spool").iterdir()) == []
        result = compacted(tmp_path, house.path("log_data"), tmp_path / name, skip=["*.gz", "*.zst"])
        assert (result.files, result.parts) == (1, 1)
        house.path(f"log_data/{name}").unlink()
    assert compacted(tmp_path, house.path("log_data"), tmp_path / "parts").files == 1


# --- Parts and manifest --------------------------------------------------------------------------------------


def fill(house: House, count: int, start: int = 0) -> None:
    """Some logs of one event each."""
    for number in range(start, start + count):
        record = line(event(ts=1541106106796 + number, sessionId=number))
        house.put(Version(f"log_data/{number % 7}/{number}.json", record, TIME + number * 1_000_000))


@pytest.fixture
def house(tmp_path: Path) -> House:
    made = House(tmp_path)
    fill(made, 20)
    return made


def test_the_same_source_makes_the_same_bytes(house: House) -> None:
    target = house.root / "parts"
    for codec in ("zst", "gz"):
        made = []
        for _ in range(2):
            compacted(house.root, house.path("log_data"), target, part_bytes=1500, codec=codec)
            made.append(files_in(target))
            shutil.rmtree(target)
            for path in house.path("log_data").rglob("*.json"):  # the order of a folder is no order
                shutil.copy2(path, path.with_suffix(".new"))
                path.unlink()
                path.with_suffix(".new").rename(path)
        assert made[0] == made[1]
        assert len(made[0]) > 9
        assert all(name.endswith(f".json.{codec}") for name in made[0] if name.startswith("part-"))


def test_files_stand_in_the_order_in_which_a_load_takes_them(house: House) -> None:
    for number, path in enumerate(sorted(house.path("log_data").rglob("*.json"))):
        os.utime(path, ns=(10**18 + number % 3 * 1000, 10**18 + number % 3 * 1000))
    target = house.root / "parts"
    compacted(house.root, house.path("log_data"), target, part_bytes=1500)
    files = [origin.file for origins in read_lists(target).values() for origin in origins]
    assert files == sorted(files, key=lambda file: (file.modified, file.url))
    assert len(files) == 20


def test_parts_are_closed_at_their_size_or_at_so_many_files(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 2000
    compacted(house.root, house.path("log_data"), house.root / "parts", part_bytes=size)
    sizes = [len(unpacked(house.root / "parts" / name)) for name in parts_of(house.root / "parts")]
    assert all(each <= size + 10 for each in sizes)
    assert all(each > size / 2 for each in sizes[:-1])
    monkeypatch.setattr("sparkify.source.compaction.PART_SOURCES", 3)
    result = compacted(house.root, house.path("log_data"), house.root / "few")
    assert [len(origins) for origins in read_lists(house.root / "few").values()] == [3] * 6 + [2]
    assert (result.files, result.parts) == (20, 7)
    assert result.bytes_out == sum(
        len((house.root / "few" / name).read_bytes()) for name in parts_of(house.root / "few")
    )


def test_a_second_time_only_what_is_new_is_written(house: House) -> None:
    source, target = house.path("log_data"), house.root / "parts"
    told: list[int] = []
    first = compacted(house.root, source, target, told.append)
    assert (first.files, first.known, first.parts, first.vanished) == (20, 0, 1, 0)
    assert sum(told) == first.bytes_in == sum(path.stat().st_size for path in source.rglob("*.json"))
    before = files_in(target)
    again = compacted(house.root, source, target)
    assert (again.files, again.known, again.parts, again.bytes_in, again.bytes_out) == (0, 20, 0, 0, 0)
    assert files_in(target) == before
    fill(house, 3, 20)
    house.put(Version("log_data/0/0.json", E3, TIME + 99_000_000))
    house.path("log_data/1/1.json").unlink()
    more = compacted(house.root, source, target, codec="gz")
    assert (more.files, more.known, more.parts) == (4, 18, 1)
    assert {name: data for name, data in files_in(target).items() if name in before and name != MANIFEST} == {
        name: data for name, data in before.items() if name != MANIFEST
    }
    assert [name[:11] for name in parts_of(target)] == ["part-00000-", "part-00001-"]
    assert {Path(each.file.url).name for each in list(read_lists(target).values())[1]} == {
        "20.json",
        "21.json",
        "22.json",
        "0.json",
    }


def test_a_place_that_was_moved_still_loads_and_still_grows(house: House) -> None:
    source, target, moved = house.path("log_data"), house.root / "parts", house.root / "moved"
    compacted(house.root, source, target)
    _, expected = loaded(House(house.root, "by-source.duckdb"), house.path("song_data"), source)
    shutil.copytree(target, moved, copy_function=shutil.copy)
    shutil.rmtree(target)
    _, found = loaded(House(house.root, "by-parts.duckdb"), house.path("song_data"), moved)
    assert found == expected
    fill(house, 1, 20)
    assert compacted(house.root, source, moved).files == 1
    entries = json.loads((moved / MANIFEST).read_bytes())["entries"]
    assert [Path(entry["url"]).exists() for entry in entries] == [True, True]


def test_a_compacted_folder_may_lie_among_others(house: House) -> None:
    above = house.root / "above"
    compacted(house.root, house.path("log_data"), above / "old" / "parts")
    (above / "new").mkdir()
    (above / "new" / "e.json").write_bytes(line(event(ts=1)))
    report, _ = loaded(house, house.path("song_data"), above)
    assert (report.rows["staging_events"], report.discovered) == (21, 2)


def test_a_part_that_no_manifest_names_is_passed_over_and_then_removed(house: House) -> None:
    source, target = house.path("log_data"), house.root / "parts"
    compacted(house.root, source, target)
    whole = files_in(target)
    [name] = parts_of(target)
    orphans = [
        f"part-00001-{'0' * 16}.json.zst",
        f"_sources/part-00001-{'0' * 16}.jsonl.zst",
        f".part-00002-{'a' * 16}.json.gz.part",
        f"_sources/.part-00002-{'a' * 16}.jsonl.zst.0123abcd.part",
        name.replace(".zst", ".gz"),
        f".{MANIFEST}.part",
        f".{MANIFEST}.0123abcd.part",
    ]
    others = [
        *("part-1.json", "part-00001-zz.json.zst", f"sub/part-00001-{'0' * 16}.json.zst", "_sources/note.txt"),
        *("_note", ".part", f".{MANIFEST}", f"x-part-00001-{'0' * 16}.json.zst", f"part-00001-{'0' * 16}.json"),
    ]
    for each in (*orphans, *others):
        (target / each).parent.mkdir(exist_ok=True)
        shutil.copy(target / name, target / each)
    shutil.rmtree(target / "sub")
    for each in ("part-1.json", "part-00001-zz.json.zst", f"part-00001-{'0' * 16}.json"):
        (target / each).write_bytes(b"")  # a load would take them for parts that are not named
    others.remove(f"sub/part-00001-{'0' * 16}.json.zst")
    report, found = loaded(house, house.path("song_data"), target)
    assert any("parts that no manifest names were passed over" in each for each in report.warnings)
    assert report.rows["staging_events"] == 20
    assert len(found["files"]) == 20
    assert compacted(house.root, source, target).files == 0
    assert files_in(target).keys() == whole.keys() | set(others)


def test_what_a_manifest_names_has_to_be_there(house: House) -> None:
    source, target = house.path("log_data"), house.root / "parts"
    compacted(house.root, source, target, part_bytes=1500)
    gone = parts_of(target)[2]
    for name in (gone, sources_name(gone)):
        shutil.move(target / name, house.root / "kept")
        with pytest.raises(SourceError, match=f"names {gone}, .*gone; .*empty place") as caught:
            compacted(house.root, source, target)
        assert "\n" not in str(caught.value)
        with pytest.raises(SourceError, match=r"gone|check the path"):
            loaded(house, house.path("song_data"), target)
        shutil.move(house.root / "kept", target / name)
    report, _ = loaded(house, house.path("song_data"), target)
    assert report.rows["staging_events"] == 20


@pytest.mark.parametrize("damage", ["cut", "other", "list cut", "list", "manifest", "checksum"])
def test_damage_is_told_in_one_line(house: House, damage: str) -> None:
    source, target = house.path("log_data"), house.root / "parts"
    house.put(Version("log_data/big.json", BIG, TIME))
    compacted(house.root, source, target)
    [name] = parts_of(target)
    part, sources = target / name, target / sources_name(name)
    data = part.read_bytes()
    changes: dict[str, tuple[Path, bytes]] = {
        "cut": (part, data[:-20]),
        "checksum": (part, data[:-1] + bytes([data[-1] ^ 1])),
        "other": (part, zstandard.compress(b"{}")),
        "list cut": (sources, sources.read_bytes()[:-5]),
        "list": (sources, zstandard.compress(b'{"url": 1}\n')),
        "manifest": (target / MANIFEST, b'{"entries": 5}'),
    }
    path, changed = changes[damage]
    path.write_bytes(changed)
    with pytest.raises(SourceError, match=f"{path.name}: .*compact. anew") as caught:
        loaded(house, house.path("song_data"), target)
    assert "\n" not in str(caught.value)
    if path != part:
        with pytest.raises(SourceError, match=f"{path.name}: .*compact. anew"):
            compacted(house.root, source, target)


def test_places_that_will_not_do(house: House) -> None:
    source = house.path("log_data")
    for target in (source, source / "parts", house.source, house.root / "link" / "parts"):
        (house.root / "link").unlink(missing_ok=True)
        (house.root / "link").symlink_to(source)
        with pytest.raises(UsageError, match="overlap"):
            compacted(house.root, source, target)
    with pytest.raises(UsageError, match="no such folder"):
        compacted(house.root, house.root / "nowhere", house.root / "parts")
    for name in ("a.json", f"part-00000-{'0' * 16}.json.zst", "sub/x"):
        full = house.root / "full" / name
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(E1)
        with pytest.raises(UsageError, match=f"holds {name} but no {MANIFEST}"):
            compacted(house.root, source, house.root / "full")
        shutil.rmtree(house.root / "full")
    (house.root / "file").write_bytes(b"")
    with pytest.raises(UsageError, match="is a file"):
        compacted(house.root, source, house.root / "file")
    compacted(house.root, source, house.root / "parts")
    with pytest.raises(UsageError, match="is a compacted location"):
        compacted(house.root, house.root / "parts", house.root / "twice")
    assert not (house.root / "full").exists()
    assert not (house.root / "twice").exists()
    hidden = house.root / "hidden" / ".git" / "x"
    hidden.parent.mkdir(parents=True)
    hidden.write_bytes(b"")
    assert compacted(house.root, source, house.root / "hidden").files == 20


def test_an_empty_source_makes_an_empty_place(house: House) -> None:
    target = house.root / "parts"
    result = compacted(house.root, house.path("song_data"), target)
    assert result == Compacted(0, 0, 0, 0, 0, 0)
    assert files_in(target).keys() == {MANIFEST}
    report, _ = loaded(house, target, house.path("log_data"))
    assert report.rows["staging_events"] == 20


def test_files_that_vanish_meanwhile_are_counted(house: House) -> None:
    def remove(_: int) -> None:
        house.path("log_data/5/5.json").unlink(missing_ok=True)

    result = compacted(house.root, house.path("log_data"), house.root / "parts", remove)
    assert (result.files, result.vanished) == (19, 1)
    assert [len(origins) for origins in read_lists(house.root / "parts").values()] == [19]


@pytest.mark.parametrize("begun", [False, True])
def test_of_two_compactions_at_once_the_second_stops(house: House, begun: bool) -> None:
    source, target = house.path("log_data"), house.root / "parts"
    if begun:
        compacted(house.root, source, target)
        fill(house, 5, 20)
    first: list[Compacted] = []

    def another(_: int) -> None:
        if not first:
            first.append(compact(str(source), str(target), access=ACCESS, spool=Spool(house.root / "another")))

    with pytest.raises(SourceError, match=r"another compaction wrote to .*; run again"):
        compacted(house.root, source, target, another, part_bytes=900)
    assert first[0].files == (5 if begun else 20)
    report, _ = loaded(house, house.path("song_data"), target)
    assert report.rows["staging_events"] == (25 if begun else 20)
    assert compacted(house.root, source, target).files == 0
    assert len([name for name in files_in(target) if name.startswith("part-")]) == (2 if begun else 1)


# --- Object storage ------------------------------------------------------------------------------------------

NUMBERS = itertools.count()


@pytest.fixture
def bucket(server: ObjectServer, house: House) -> Iterator[str]:
    """A bucket with the house's source below `raw/`."""
    name = f"bucket-{next(NUMBERS)}"
    server.make(name)
    house.put(Version("log_data/it's [1] é%20+&.json", ODD["two marks"], TIME))
    house.put(Version("log_data/big.json.gz", gzip.compress(BIG), TIME + 5))
    house.put(Version("log_data/bad.json", ODD["blank lines around"], TIME + 6))
    house.put(Version("song_data/s.json", line(song()), TIME + 7))
    server.put_folder(name, house.source, "raw/")
    yield name
    server.set(latency=0.0, faults=[])


def objects(server: ObjectServer, bucket: str, prefix: str) -> dict[str, bytes]:
    return {key: server.get(bucket, key) for key in server.keys(bucket) if key.startswith(prefix)}


def test_from_bucket_to_bucket(server: ObjectServer, bucket: str, house: House) -> None:
    for kind in KINDS:
        compacted(house.root, f"s3://{bucket}/raw/{kind}", f"s3://{bucket}/parts/{kind}", part_bytes=1500)
    manifest = json.loads(server.get(bucket, f"parts/log_data/{MANIFEST}"))
    assert len(manifest["entries"]) > 5
    assert all(entry["url"].startswith(f"s3://{bucket}/parts/log_data/part-") for entry in manifest["entries"])
    assert_buckets_give_the_same(house, bucket)


def assert_buckets_give_the_same(house: House, bucket: str) -> None:
    raw = f"s3://{bucket}/raw/song_data", f"s3://{bucket}/raw/log_data"
    parts = f"s3://{bucket}/parts/song_data", f"s3://{bucket}/parts/log_data"
    by_source, by_parts = House(house.root, "by-source.duckdb"), House(house.root, "by-parts.duckdb")
    _, expected = loaded(by_source, *raw)
    _, found = loaded(by_parts, *parts)
    assert found == expected
    assert len(expected["rejects"]) == 2
    assert loaded(by_parts, *raw)[0].status == "nothing-new"
    assert unread(loaded(by_source, *parts)[0])


def test_from_folder_to_bucket(server: ObjectServer, bucket: str, house: House) -> None:
    compact_both(house, f"s3://{bucket}/parts", part_bytes=1500)
    assert_same_as_source(house, f"s3://{bucket}/parts")
    fill(house, 2, 20)
    assert compacted(house.root, house.path("log_data"), f"s3://{bucket}/parts/log_data").files == 2


def test_from_bucket_to_folder(server: ObjectServer, bucket: str, house: House) -> None:
    target = house.root / "parts"
    assert compacted(house.root, f"s3://{bucket}/raw/log_data", target).known == 0
    server.put(bucket, "raw/log_data/0/0.json", E3)
    server.delete(bucket, "raw/log_data/1/1.json")
    again = compacted(house.root, f"s3://{bucket}/raw/log_data", target)
    assert (again.files, again.known) == (1, 21)
    changed = list(read_lists(target).values())[1]
    assert [each.file.url for each in changed] == [f"s3://{bucket}/raw/log_data/0/0.json"]


@pytest.mark.parametrize("kind", ["slowdown", "reset", "short"])
def test_faults_change_nothing(server: ObjectServer, bucket: str, house: House, kind: str) -> None:
    source = f"s3://{bucket}/raw/log_data"
    compacted(house.root, source, f"s3://{bucket}/parts", part_bytes=1500)
    expected = objects(server, bucket, "parts/")
    for key in expected:
        server.delete(bucket, key)
    server.faults({"kind": kind, "share": 0.05, "seed": 3, "times": None})
    compacted(house.root, source, f"s3://{bucket}/parts", part_bytes=1500, concurrency=7)
    server.faults()
    assert objects(server, bucket, "parts/") == expected


def test_a_bucket_that_overlaps_or_is_not_there(server: ObjectServer, bucket: str, house: House) -> None:
    for target in ("raw", "raw/log_data", "raw/log_data/parts", ""):
        with pytest.raises(UsageError, match="overlap"):
            compacted(house.root, f"s3://{bucket}/raw/log_data", f"s3://{bucket}/{target}")
    with pytest.raises(UsageError, match="nowhere"):
        compacted(house.root, "s3://nowhere-1/x", house.root / "parts")
    with pytest.raises(UsageError, match="nowhere"):
        compacted(house.root, house.path("log_data"), "s3://nowhere-1/x")
    assert compacted(house.root, f"s3://{bucket}/raw/log_data", f"s3://{bucket}/raw/log_data_parts").files == 23


def test_files_replaced_while_they_are_fetched_are_known_as_they_were_read(
    server: ObjectServer, bucket: str, house: House
) -> None:
    def replace(_: int) -> None:
        if not replaced:
            replaced.append(server.put(bucket, "raw/log_data/big.json.gz", gzip.compress(E1 + b"\n" + BIG)))

    replaced: list[str] = []
    compacted(house.root, f"s3://{bucket}/raw/log_data", f"s3://{bucket}/parts/log_data", replace, concurrency=1)
    compacted(house.root, f"s3://{bucket}/raw/song_data", f"s3://{bucket}/parts/song_data")
    again = compacted(house.root, f"s3://{bucket}/raw/log_data", f"s3://{bucket}/parts/log_data")
    assert again.files in (0, 1)  # it came before it was replaced, or after
    by_parts = House(house.root, "by-parts.duckdb")
    loaded(by_parts, f"s3://{bucket}/parts/song_data", f"s3://{bucket}/parts/log_data")
    assert loaded(by_parts, f"s3://{bucket}/raw/song_data", f"s3://{bucket}/raw/log_data")[0].status == "nothing-new"


KILLED = """
import sys
from pathlib import Path
from sparkify.source.compaction import compact
from sparkify.source.access import Access
from sparkify.source.spool import Spool
compact(sys.argv[1], sys.argv[2], access=Access(), concurrency=2, part_bytes=int(sys.argv[3]), spool=Spool(Path(sys.argv[4])))
"""


def kill_when(server: ObjectServer, bucket: str, house: House, written: int, part_bytes: int) -> None:
    """Start a compaction of the raw logs and kill it once so many objects are there."""
    command = [sys.executable, "-c", KILLED, f"s3://{bucket}/raw/log_data", f"s3://{bucket}/parts/log_data"]
    process = subprocess.Popen([*command, str(part_bytes), str(house.root / "killed-spool")], cwd=ROOT)
    end = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < end:
        if len(objects(server, bucket, "parts/log_data/")) >= written:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.005)
    assert process.wait(30) == -signal.SIGKILL


@pytest.mark.parametrize("written", [1, 2, 5, 8])
def test_killed_at_any_moment_it_is_as_before_and_a_rerun_completes_it(
    server: ObjectServer, bucket: str, house: House, written: int
) -> None:
    source, target = f"s3://{bucket}/raw/log_data", f"s3://{bucket}/parts/log_data"
    compacted(house.root, source, target, part_bytes=1500)
    expected = objects(server, bucket, "parts/")
    for key in expected:
        server.delete(bucket, key)
    server.set(latency=0.02)
    kill_when(server, bucket, house, written, 1500 if written % 2 else 700)
    server.set(latency=0.0)
    left = objects(server, bucket, "parts/")
    assert json.loads(left[f"parts/log_data/{MANIFEST}"]) == {"entries": []}
    report, _ = loaded(House(house.root, "between.duckdb"), house.path("song_data"), target)
    assert report.rows["staging_events"] == 0
    assert len([each for each in report.warnings if "no manifest names" in each]) == (written > 2)
    compacted(house.root, source, target, part_bytes=1500)
    assert objects(server, bucket, "parts/") == expected


def test_killed_while_it_adds_it_leaves_what_was_there(server: ObjectServer, bucket: str, house: House) -> None:
    source, target = f"s3://{bucket}/raw/log_data", f"s3://{bucket}/parts/log_data"
    compacted(house.root, source, target, part_bytes=1500)
    before = objects(server, bucket, "parts/")
    for number in range(30, 40):
        server.put(bucket, f"raw/log_data/more/{number}.json", line(event(ts=number)))
    server.set(latency=0.02)
    kill_when(server, bucket, house, len(before) + 3, 700)
    server.set(latency=0.0)
    left = objects(server, bucket, "parts/")
    assert {key: left[key] for key in before} == before
    assert compacted(house.root, source, target, part_bytes=1500).files == 10
    manifest = json.loads(server.get(bucket, f"parts/log_data/{MANIFEST}"))
    named = {entry["url"].rpartition("/")[2] for entry in manifest["entries"]}
    kept = {MANIFEST} | named | {sources_name(name) for name in named}
    assert objects(server, bucket, "parts/log_data/").keys() == {f"parts/log_data/{name}" for name in kept}
