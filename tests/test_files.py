"""Listing a location and telling by the ledger what is new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sparkify.errors import UsageError
from sparkify.source.files import Known, SourceFile, batches, check_locations, compare, is_data_name, list_folder


def write(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def listed(folder: Path, jsonpaths: Path | None = None) -> set[str]:
    files = list_folder(str(folder), "log", str(jsonpaths) if jsonpaths else None)
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
    [file] = list_folder(str(tmp_path), "log")
    assert file.url == f"{tmp_path}/caf\\xe9.json"
    assert file.path.read_bytes() == b"{}"


def test_addresses_are_absolute_whatever_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "data/a.json")
    monkeypatch.chdir(tmp_path)
    assert [file.url for file in list_folder("data/../data/", "log")] == [str(tmp_path / "data/a.json")]


def source(name: str, size: int = 1, modified: int = 0, etag: str | None = None) -> SourceFile:
    return SourceFile(f"/data/{name}", Path("/data") / name, size, modified, "log", etag)


def test_files_are_told_apart_by_size_and_time_or_by_etag() -> None:
    files = [
        source("same", 1, 1),
        source("grown", 2, 1),
        source("touched", 1, 2),
        source("new"),
        source("same-tag", 9, 9, "x"),
        source("other-tag", 1, 1, "y"),
    ]
    known = {file.url: Known("x" if file.etag else None, 1, 1) for file in files if file.path.name != "new"}
    listing = compare(files, known)
    assert [file.path.name for file in listing.new] == ["new"]
    assert [file.path.name for file in listing.changed] == ["grown", "touched", "other-tag"]
    assert (listing.unchanged, listing.discovered) == (2, 6)


@pytest.mark.parametrize("pattern", ["bad.json", "*.json", "*/bad.json", "/data/bad.json", "b?d.json"])
def test_skip_matches_the_name_or_the_address(pattern: str) -> None:
    listing = compare([source("bad.json"), source("good.jsonl")], {}, [pattern])
    assert [file.path.name for file in listing.skipped] == ["bad.json"]
    assert [file.path.name for file in listing.new] == ["good.jsonl"]


def test_batches_go_by_time_then_name_and_are_bounded() -> None:
    files = [source("c", 5, 2), source("b", 4, 1), source("a", 4, 1), source("huge", 50, 3), source("d", 1, 4)]
    cut = [[file.path.name for file in batch] for batch in batches(compare(files, {}).pending, 9)]
    assert cut == [["a", "b"], ["c"], ["huge"], ["d"]]


@pytest.mark.parametrize(
    ("songs", "logs", "message"),
    [
        (None, None, "nothing to load"),
        ("missing", None, "no such folder"),
        ("file.json", None, "is a file"),
        ("s3://bucket/songs", None, "local folders only"),
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
        check_locations(songs, logs, None)
