"""Listing a location and telling by the ledger what is new."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sparkify import create_tables
from sparkify.config import load_settings
from sparkify.discovery import Listing, discover, pending
from sparkify.errors import UsageError
from sparkify.source.files import SourceFile, batches, is_data_name
from sparkify.source.folder import Folder
from sparkify.source.inputs import Inputs
from sparkify.warehouse import Warehouse, open_warehouse


def write(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def listed(folder: Path, jsonpaths: Path | None = None) -> set[str]:
    files = Folder(str(folder)).list("log", str(jsonpaths) if jsonpaths else None)
    return {str(file.path.relative_to(folder)) for file in files}


@pytest.mark.parametrize(
    "name", ["a.json", "a.jsonl", "a.ndjson", "a.json.gz", "a.ndjson.zst", "é (1).json", "a.b.json"]
)
def test_data_names(name: str) -> None:
    assert is_data_name(name)


@pytest.mark.parametrize(
    "name",
    [".a.json", "_a.json", "a.txt", "a.json.bak", "a.json~", "json", "a.gz", "a.json.bz2", "._a.json", "a.json.crc"],
)
def test_other_names(name: str) -> None:
    assert not is_data_name(name)


def test_listing_is_recursive_and_passes_over_what_is_no_data(tmp_path: Path) -> None:
    write(tmp_path / "a.json")
    write(tmp_path / "2018/11/b.json.gz")
    write(tmp_path / ".ipynb_checkpoints/c.json")
    write(tmp_path / "_temporary/d.json")
    write(tmp_path / "2018/_SUCCESS")
    write(tmp_path / "empty.json", "")
    write(tmp_path / "folder.json/e.json")
    assert listed(tmp_path) == {"a.json", "2018/11/b.json.gz", "folder.json/e.json"}


def test_a_prefix_is_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "song_data/a.json")
    write(tmp_path / "song_data_old/b.json")
    assert listed(tmp_path / "song_data") == {"a.json"}


def test_the_jsonpaths_file_below_the_data_is_no_data(tmp_path: Path) -> None:
    mapping = write(tmp_path / "paths.json")
    write(tmp_path / "sub/paths.json")
    assert listed(tmp_path, mapping) == {"sub/paths.json"}


def test_links_are_followed_once(tmp_path: Path) -> None:
    write(tmp_path / "in/a.json")
    write(tmp_path / "out/b.json")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in")
    (tmp_path / "in/out").symlink_to(tmp_path / "out")
    (tmp_path / "in/gone.json").symlink_to(tmp_path / "nowhere.json")
    assert listed(tmp_path / "in") == {"a.json", "out/b.json"}


def test_a_name_that_is_no_utf8_gets_an_address_of_text(tmp_path: Path) -> None:
    name = b"caf\xe9.json"
    with open(os.path.join(os.fsencode(tmp_path), name), "wb") as stream:  # noqa: PTH118, PTH123
        stream.write(b"{}")
    [file] = Folder(str(tmp_path)).list("log", None)
    assert file.url == f"{tmp_path}/caf\\xe9.json"
    assert file.path.read_bytes() == b"{}"


def test_addresses_are_absolute_whatever_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "data/a.json")
    monkeypatch.chdir(tmp_path)
    assert [file.url for file in Folder("data/../data/").list("log", None)] == [str(tmp_path / "data/a.json")]


def source(name: str, size: int = 1, modified: int = 0, etag: str | None = None) -> SourceFile:
    return SourceFile(f"/data/{name}", size, modified, "log", etag)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    """An empty warehouse that a run holds."""
    house = open_warehouse(load_settings(warehouse=f"duckdb:///{tmp_path / 'files.duckdb'}"))
    try:
        with house.loading():
            create_tables.create(house)
            yield house
    finally:
        house.close()


def know(warehouse: Warehouse, *files: SourceFile) -> None:
    """Make the ledger know these files."""

    def work() -> None:
        for file in files:
            warehouse.execute(
                "insert into etl_files (url, etag, size, modified, kind, run_id, loaded_at, rows, rejected) "
                "values (?, ?, ?, ?, ?, '', now(), 0, 0)",
                [file.url, file.etag, file.size, file.modified_at, file.kind],
            )

    warehouse.transact(work)


def names(files: Iterable[SourceFile]) -> list[str]:
    return [file.path.name for file in files]


def test_files_are_told_apart_by_size_and_time_or_by_etag(warehouse: Warehouse) -> None:
    know(warehouse, *(source(name, 1, 1) for name in ("same", "grown", "touched", "tagged-since")))
    know(warehouse, source("same-tag", 1, 1, "x"), source("other-tag", 1, 1, "x"), source("gone", 1, 1))
    files = [
        source("same", 1, 1),
        source("grown", 2, 1),
        source("touched", 1, 2),
        source("new"),
        source("same-tag", 9, 9, "x"),
        source("other-tag", 1, 1, "y"),
        source("tagged-since", 1, 1, "x"),
    ]
    listing = discover(warehouse, files)
    assert sorted(names(pending(warehouse))) == ["grown", "new", "other-tag", "touched"]
    assert listing == Listing(discovered=7, new=1, changed=3, skipped=0, bytes=5)
    assert discover(warehouse, files, ledger=False).new == 7


@pytest.mark.parametrize("pattern", ["bad.json", "*.json", "*/bad.json", "/data/bad.json", "b?d.json"])
def test_skip_matches_the_name_or_the_address(warehouse: Warehouse, pattern: str) -> None:
    know(warehouse, source("bad.json", 9, 9))
    listing = discover(warehouse, [source("bad.json"), source("good.jsonl")], [pattern])
    assert (listing.skipped, listing.new, listing.changed) == (1, 1, 0)
    assert names(pending(warehouse)) == ["good.jsonl"]


def test_batches_go_by_time_then_name_and_are_bounded(warehouse: Warehouse) -> None:
    discover(
        warehouse, [source("c", 5, 2), source("b", 4, 1), source("a", 4, 1), source("huge", 50, 3), source("d", 1, 4)]
    )
    assert [names(batch) for batch in batches(pending(warehouse), 9)] == [["a", "b"], ["c"], ["huge"], ["d"]]


def test_more_files_than_are_taken_out_of_the_engine_at_a_time_keep_their_order(warehouse: Warehouse) -> None:
    files = [source(f"{number * 7919 % 25_000:05}", 1, number * 7919 % 25_000 // 10) for number in range(25_000)]
    discover(warehouse, files)
    assert list(pending(warehouse)) == sorted(files, key=lambda file: (file.modified, file.url))
    assert [len(batch) for batch in batches(pending(warehouse), 10_000)] == [10_000, 10_000, 5_000]


def test_a_batch_has_a_bounded_number_of_files() -> None:
    assert [len(batch) for batch in batches((source(str(n), 1) for n in range(100_001)), 1 << 40)] == [
        50_000,
        50_000,
        1,
    ]


@pytest.mark.parametrize(
    ("songs", "logs", "message"),
    [
        (None, None, "nothing to load"),
        ("missing", None, "no such folder"),
        ("ftp://bucket/songs", None, "ftp"),
        ("a", "a", "overlap"),
        ("a", "a/b", "overlap"),
        ("a/b", "a/../a", "overlap"),
    ],
)
def test_wrong_locations_are_refused(
    songs: str | None, logs: str | None, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    write(tmp_path / "file.json")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=message):
        Inputs(load_settings(song_data=songs, log_data=logs)).check()
