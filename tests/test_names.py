"""Names as file systems have them: bytes that are not UTF-8, patterns, quotes, line ends, and as long as they may be."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

from sparkify.errors import UsageError
from sparkify.names import as_path, as_text
from tests.command import ask, event, inside, read_parquet, small_company, sparkify, write_json

NAMES = (
    b"lat\xe9.json", b"lat\\xe9.json", b"lat\\x5cxe9.json", b"\\\xe9.json", b"\xed\xa0\x80.json", b"dir\xff/in.json",
    b"dir\xff/lat\xe9.jsonl.gz", "é€😀.json".encode(), b"new\nline.json", b"tab\t\x1b[31m.json", b"q'u\"o`.json",
    b"a*b?[c]{d}.json", b"per%20%s.json", b"-lead.json", b"--help.json", b"\\back.json", b"sp ace .json", b"$HOME.json",
    b"~.json", b"co:lon.json", b"ha#sh?.json", b"x" * 250 + b".json",
)  # fmt: skip
ODD = os.fsdecode(b"fold\xe9r")
BIG = 900
"""Plays of a file that is read where it lies, about 300 kB."""
_DATA = ("--log-data", "log_data")


def lay(folder: Path) -> dict[bytes, int]:
    """A small and a large file of each name; how many plays each has."""
    laid: dict[bytes, int] = {}
    for number, (name, plays) in enumerate((name, plays) for name in NAMES for plays in (2, BIG)):
        path = os.fsencode(folder) + (b"/big/" if plays == BIG else b"/small/") + name
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        first = 1541106106796 + number * 10_000_000
        data = "".join(json.dumps(event(ts=first + 1000 * play, sessionId=number)) + "\n" for play in range(plays))
        with open(path, "wb") as stream:  # noqa: PTH123
            stream.write(gzip.compress(data.encode()) if path.endswith(b".gz") else data.encode())
        laid[path] = plays
    return laid


def test_every_name_has_one_text_and_every_text_its_name() -> None:
    texts = [as_text(os.fsdecode(name)) for name in NAMES]
    assert len(set(texts)) == len(NAMES)
    for name, text in zip(NAMES, texts, strict=True):
        text.encode()
        assert os.fsencode(as_path(text)) == name
    assert texts[:3] == ["lat\\xe9.json", "lat\\x5cxe9.json", "lat\\x5cx5cxe9.json"]


def test_files_of_any_name_load_once_and_are_told_apart(tmp_path: Path) -> None:
    laid = lay(tmp_path / "log_data")
    for status in ("loaded", "nothing-new"):
        report = json.loads(sparkify(tmp_path, "etl", *_DATA, "--json").ok().out)
        assert report["status"] == status
        assert report["files"]["discovered"] == len(laid)
    assert ask(tmp_path, "select count(*), count(distinct session_id) from songplays") == [
        (sum(laid.values()), len(laid))
    ]
    ledger = {os.fsencode(as_path(url)): rows for url, rows in ask(tmp_path, "select url, rows from etl_files")}
    assert ledger == laid
    inside(tmp_path, "status", *_DATA).ok()
    inside(tmp_path, "check").ok()


def test_a_reject_and_a_skip_name_a_file_of_any_name(tmp_path: Path) -> None:
    small_company(tmp_path)
    bad = tmp_path / "log_data" / os.fsdecode(b"lat\xe9.json")
    bad.write_text('{"page": \n' + '{"page": "Home"}\n' * 30_000, encoding="utf-8")
    shown = f"{tmp_path}/log_data/lat\\xe9.json"
    result = sparkify(tmp_path, "etl", *_DATA)
    assert (result.exit_code, result.error.startswith(f"{shown}:")) == (3, True)
    inside(tmp_path, "etl", *_DATA, "--skip", "lat\\xe9.json").ok()
    inside(tmp_path, "etl", *_DATA, "--max-errors", "100000").ok()
    assert ask(tmp_path, "select distinct url from etl_rejects") == [(shown,)]
    [row, *_] = json.loads(inside(tmp_path, "rejects", "-f", "json", "--limit", "1").ok().out)
    assert row["file"] == shown


def test_folders_of_any_name_are_read_written_and_compacted(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    folder.mkdir()
    laid = lay(folder / "log_data")
    plays = sum(laid.values())
    mapping = folder / "paths.json"
    names = [name for name in event() if name != "artist"]
    fields = ["artist", "auth", "firstName", "gender", "itemInSession", "lastName", "length", "level", "location",
              "method", "page", "registration", "sessionId", "song", "status", "ts", "userAgent", "userId"]  # fmt: skip
    assert set(names) < set(fields)
    mapping.write_text(json.dumps({"jsonpaths": [f"$['{field}']" for field in fields]}), encoding="utf-8")
    data = ("--log-data", f"{ODD}/log_data")
    sparkify(tmp_path, "etl", *data).ok()
    inside(tmp_path, "etl", *data, "--jsonpaths", f"{ODD}/paths.json", "--warehouse", "duckdb:///mapped.duckdb").ok()
    for _ in range(2):
        done = inside(tmp_path, "compact", f"{ODD}/log_data", f"{ODD}/compacted").ok()
    assert f"{len(laid)} files already compacted" in done.out
    inside(tmp_path, "etl", "--log-data", f"{ODD}/compacted", "--warehouse", "duckdb:///compacted.duckdb").ok()
    for database in ("sparkify.duckdb", "mapped.duckdb", "compacted.duckdb"):
        assert ask(tmp_path, "select count(*) from songplays", database=database) == [(plays,)], database
    urls = "select url from etl_files where url not like '%.zst' order by url"
    assert ask(tmp_path, urls, database="compacted.duckdb") == ask(tmp_path, urls)
    inside(tmp_path, "export", f"{ODD}/out").ok()
    assert len(list((folder / "out").iterdir())) == 5
    for form in ("table", "csv", "json", "parquet"):
        inside(tmp_path, "query", "peak-hour", "-f", form, "-o", f"{ODD}/{ODD}.{form}").ok()
    copy = tmp_path / "copy.parquet"
    copy.write_bytes((folder / f"{ODD}.parquet").read_bytes())
    assert read_parquet(copy).columns == ["hour", "total_plays"]
    inside(tmp_path, "simulate", f"{ODD}/made", "--events", "50", "--days", "1").ok()
    assert not [path.name for path in folder.rglob(".*")]


def test_what_the_engine_cannot_open_is_refused_by_its_name(tmp_path: Path) -> None:
    """A warehouse and a spool are opened by the engine, which takes UTF-8 only."""
    small_company(tmp_path)
    (tmp_path / ODD).mkdir()
    (tmp_path / "link").symlink_to(ODD)
    before = sorted(path.name for path in tmp_path.iterdir())
    for url in (f"duckdb:///{ODD}/w.duckdb", "duckdb:///link/w.duckdb", f"duckdb:///{ODD}.duckdb"):
        for command in (("etl", *_DATA), ("create-tables",), ("query", "peak-hour"), ("status",)):
            message = inside(tmp_path, *command, "--warehouse", url).failed(2)
            assert "is not UTF-8" in message
            message.encode()
    assert "fold\\xe9r: is not UTF-8" in inside(tmp_path, "etl", *_DATA, "--spool-dir", ODD).failed(2)
    assert "no such folder" in inside(tmp_path, "etl", "--log-data", f"{ODD}/none").failed(2)
    assert "no such file" in inside(tmp_path, "etl", *_DATA, "--jsonpaths", f"{ODD}/none").failed(2)
    assert "match" in inside(tmp_path, "etl", *_DATA, "--match", ODD).failed(2)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_name_is_as_long_as_those_beside_it_may_be(tmp_path: Path) -> None:
    write_json(tmp_path / "log_data" / "one.json", [event()])
    for length in (240, 241, 256, 300, 5000):
        for command in (("etl", *_DATA), ("query", "peak-hour"), ("status", *_DATA)):
            result = inside(tmp_path, *command, "--warehouse", f"duckdb:///{'w' * length}")
            if length == 240:
                result.ok()
            else:
                assert "its name is too long; use a shorter one" in result.failed(2)
    for option in ("--log-data", "--jsonpaths"):
        assert inside(tmp_path, "etl", *_DATA, option, "x" * 300).failed(2).startswith(f"{option} xxx")
    for arguments in (("report", "x" * 300), ("query", "peak-hour", "-o", "x" * 300)):
        message = inside(tmp_path, *arguments, "--warehouse", f"duckdb:///{'w' * 240}").failed(2)
        assert "name a file in a folder that exists" in message


def test_an_address_of_a_file_spells_any_name(tmp_path: Path) -> None:
    folder = tmp_path / ODD
    write_json(folder / "one.json", [event()])
    address = f"file://{tmp_path}/fold%E9r"
    inside(tmp_path, "etl", "--log-data", address).ok()
    assert ask(tmp_path, "select url from etl_files") == [(f"{tmp_path}/fold\\xe9r/one.json",)]
    for setting in ("warehouse", "song_data", "log_data", "jsonpaths", "spool_dir"):
        value = "duckdb:///a\\u0000b" if setting == "warehouse" else "a\\u0000b"
        data = "" if setting == "log_data" else 'log_data = "."\n'
        (tmp_path / "sparkify.toml").write_text(f'{data}{setting} = "{value}"\n', encoding="utf-8")
        inside(tmp_path, "etl").failed(2)
    (tmp_path / "sparkify.toml").unlink()
    inside(tmp_path, "etl", "--log-data", f"{address}%00").failed(2)


def test_messages_hold_text_only() -> None:
    str(UsageError(f"{ODD}: is a folder")).encode()
    assert str(UsageError("\udce9 \ud800")).encode()
