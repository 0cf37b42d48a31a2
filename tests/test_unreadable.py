"""Files that are named like data and are none: told by name and kind, never as records, and tried again."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile
from pathlib import Path

import pytest
import zstandard

from sparkify.source.files import SourceFile
from sparkify.source.parts import Source
from sparkify.source.unreadable import unreadable
from tests.command import ask, event, inside, runs, song, sparkify, write_json

LINES = "".join(json.dumps(event(ts=1541106106796 + number)) + "\n" for number in range(3))
LOAD = ("etl", "--log-data", "log_data", "--song-data", "song_data")


def zipped(data: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("a.json", data)
    return archive.getvalue()


def too_wide() -> bytes:
    """A zstandard frame whose header asks for a window of 4 GiB."""
    packed = bytearray(zstandard.ZstdCompressor(write_content_size=False).compress(LINES.encode() * 1000))
    assert not packed[4] & 0b11100011, "a header of one byte for the window, behind that of the flags"
    packed[5] = (32 - 10) << 3
    return bytes(packed)


GZ, ZST = gzip.compress(LINES.encode(), mtime=0), zstandard.compress(LINES.encode())
UNREADABLE: dict[str, tuple[str, bytes, str]] = {
    "UTF-16": ("a.json", LINES.encode("utf-16"), "is UTF-16"),
    "UTF-16, little end first, no mark": ("a.json", LINES.encode("utf-16-le"), "is UTF-16"),
    "UTF-16, big end first, no mark": ("a.json", LINES.encode("utf-16-be"), "is UTF-16"),
    "UTF-32": ("a.json", LINES.encode("utf-32"), "is UTF-32"),
    "UTF-32, big end first, no mark": ("a.json", LINES.encode("utf-32-be"), "is UTF-32"),
    "UTF-16 in gzip": ("a.json.gz", gzip.compress(LINES.encode("utf-16")), "is UTF-16"),
    "gzip as plain": ("a.json", GZ, "is gzip data; name it .json.gz"),
    "gzip twice": ("a.json.gz", gzip.compress(GZ), "is gzip data"),
    "gzip as zstandard": ("a.json.zst", GZ, "its name ends in .zst, but it is gzip data"),
    "zstandard as plain": ("a.jsonl", ZST, "is zstandard data; name it .json.zst"),
    "zstandard as gzip": ("a.json.gz", ZST, "its name ends in .gz, but it is zstandard data"),
    "zip": ("a.json", zipped(LINES.encode()), "is a zip archive"),
    "bzip2": ("a.json", bz2.compress(LINES.encode()), "is bzip2 data"),
    "xz": ("a.json", lzma.compress(LINES.encode()), "is xz data"),
    "plain as gzip": ("a.json.gz", LINES.encode(), "is not compressed, though its name ends in .gz"),
    "plain as zstandard": ("a.json.zst", LINES.encode(), "is not compressed, though its name ends in .zst"),
    "HTML": ("a.json", b"\n<!DOCTYPE html>\n<html><script>{}}\n{</script></html>", "is an HTML page"),
    "HTML as gzip": ("a.json.gz", b"<html></html>", "its name ends in .gz, but it is an HTML page"),
    "XML": ("a.json", b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "is XML"),
    "Git LFS": ("a.json", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "is a pointer of Git LFS"),
    "git-annex": ("a.json", b"/annex/objects/SHA256E-s3--00.json\n", "is a pointer of git-annex"),
    "gzip, cut in its head": ("a.json.gz", GZ[:8], "is a damaged archive, of which nothing can be unpacked"),
    "zstandard, broken at once": ("a.json.zst", ZST[:9] + b"\xff" * 40, "is a damaged archive"),
    "zstandard of too wide a window": ("a.json.zst", too_wide(), "needs a zstandard window of more than 2 GiB"),
}  # fmt: skip
NOT = {
    "HTML, then a record": ("a.json", b"<html>\n" + LINES.encode()),
    "an object of UTF-16's first bytes": ("a.json", b"\xff\xfe\n{}"),
    "text": ("a.json", b"hello\n"),
    "null": ("a.json", b"null"),
    "an array": ("a.json", b"[" + LINES.strip().replace("\n", ",").encode() + b"]"),
    "nothing": ("a.json.gz", gzip.compress(b"")),
    "good": ("a.json", LINES.encode()),
    "damaged in the middle": ("a.json.gz", gzip.compress(LINES.encode(), 0)[:700]),
}


def source(folder: Path, name: str, data: bytes) -> Source:
    path = folder / name
    path.write_bytes(data)
    file = SourceFile(str(path), len(data), 0, "log")
    return Source(file, path, packed=file.suffix)


@pytest.mark.parametrize("about", UNREADABLE)
def test_what_it_is_is_told(tmp_path: Path, about: str) -> None:
    name, data, expected = UNREADABLE[about]
    told = unreadable(source(tmp_path, name, data))
    assert told is not None
    assert told.startswith(expected)


@pytest.mark.parametrize("about", NOT)
def test_what_may_be_data_is_not_unreadable(tmp_path: Path, about: str) -> None:
    assert unreadable(source(tmp_path, *NOT[about])) is None


@pytest.mark.parametrize("about", ["gzip as plain", "plain as gzip", "UTF-16"])
def test_an_unreadable_file_fails_the_load_until_it_is_mended_or_skipped(tmp_path: Path, about: str) -> None:
    """Small and large files alike, whatever may be set aside; a good file beside it waits for the batch."""
    name, data, expected = UNREADABLE[about]
    write_json(tmp_path / "log_data/good.json", [event(ts=1)])
    write_json(tmp_path / "song_data/s.json", [song()])
    bad = tmp_path / "log_data" / name
    bad.write_bytes(data + (b"\0" * 300_000 if about == "UTF-16" else b""))
    for _ in range(2):
        result = inside(tmp_path, *LOAD, "--max-errors", "1000")
        assert result.exit_code == 3
        assert result.error.startswith(f"{bad}: {expected}")
        assert result.error.endswith("or pass it over with --skip; nothing of this batch was loaded.")
    assert ask(tmp_path, "select count(*) from etl_files") == [(0,)]
    assert ask(tmp_path, "select count(*) from etl_rejects") == [(0,)]
    inside(tmp_path, *LOAD, "--skip", name).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(1,)]
    bad.unlink()
    (tmp_path / "log_data/a.json").write_text(LINES)
    inside(tmp_path, *LOAD).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(4,)]
    assert runs(tmp_path) == ["failed", "failed", "loaded", "loaded"]


def test_several_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"log_data/{number}").mkdir(parents=True)
        (tmp_path / f"log_data/{number}/a.json").write_bytes(GZ)
    said = sparkify(tmp_path, "etl", "--log-data", "log_data").error
    assert "log_data/0/a.json: is gzip data" in said
    assert said.endswith("So are 2 more of this batch.")


def test_records_of_another_kind_are_told_as_what_they_are(tmp_path: Path) -> None:
    events = LINES.strip().replace("\n", ",")
    write_json(tmp_path / "log_data/1.json", [song()])
    (tmp_path / "log_data/2.json").write_text(f"[{events}]")
    (tmp_path / "log_data/3.json").write_text(f'{{"Records": [{events}]}}')
    (tmp_path / "log_data/4.json").write_text(event_without("ts") + "\n" + json.dumps("x" * 5000))
    write_json(tmp_path / "song_data/1.json", [event()])
    inside(tmp_path, *LOAD, "--max-errors", "9").ok()
    assert [reason for (reason,) in ask(tmp_path, "select reason from etl_rejects order by url, line")] == [
        "page is missing; this is a song, so check --song-data and --log-data",
        f"not a JSON object but an array of objects; write each of them on a line of its own ({len(events) + 2:,} bytes "
        "passed over)",
        f"page is missing; 'Records' holds a list of records, so write each of them on a line of its own "
        f"({len(events) + 15:,} bytes passed over)",
        "ts is missing",
        "not a JSON object but a text (5,002 bytes passed over)",
        "song_id is missing; this is an event, so check --song-data and --log-data",
    ]


def event_without(name: str) -> str:
    return json.dumps({key: value for key, value in event().items() if key != name})


def test_one_long_line_loses_but_what_is_broken(tmp_path: Path) -> None:
    """As Firehose writes it; the reject says how much it passed over."""
    good = json.dumps(event())
    broken = json.dumps(event(userAgent="x" * 2000))[:-9]
    write_json(tmp_path / "song_data/s.json", [song()])
    (tmp_path / "log_data").mkdir()
    line = good + broken + "".join(json.dumps(event(ts=number)) for number in range(2000))
    (tmp_path / "log_data/d.json").write_text(line)
    sparkify(tmp_path, *LOAD, "--max-errors", "1").ok()
    passed = len(broken) + len(json.dumps(event(ts=0)))  # the record behind it begins behind no brace
    assert ask(tmp_path, "select rows, rejected from etl_files where kind = 'log'") == [(2000, 1)]
    [(reason, record)] = ask(tmp_path, "select reason, record from etl_rejects")
    assert reason.endswith(f"({passed:,} bytes passed over)")
    assert (broken + good).startswith(record[:999])


ENGINES_QUOTE = (
    b'["' + b"0" * 47 + "é0".encode() + b'"]',
    b'{"page":"NextSong","page":"Home","ts":1,"song":"a' + "é".encode() * 20 + b'"}',
)


@pytest.mark.parametrize("line", ENGINES_QUOTE, ids=["a list", "a key that comes twice"])
def test_what_the_engine_says_of_a_file_stops_no_other(tmp_path: Path, line: bytes) -> None:
    """It quotes the record in its error, cut within a character, and the driver raises UnicodeDecodeError."""
    write_json(tmp_path / "log_data/good.json", [event(ts=5)])
    path = write_json(tmp_path / "log_data/large.json", [event(ts=number) for number in range(6, 1006)])
    with path.open("ab") as stream:
        stream.write(line)
    sparkify(tmp_path, "etl", "--log-data", "log_data", "--max-errors", "1").ok()
    rows = 1001 + line.startswith(b"{")
    assert ask(tmp_path, "select sum(rows), sum(rejected) from etl_files") == [(rows, 1002 - rows)]
