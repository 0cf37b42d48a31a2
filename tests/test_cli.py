"""The command line as people and scripts meet it: exit codes, messages, formats, settings, help."""

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import duckdb
import pytest

from sparkify import sql_queries
from tests.command import (
    DATABASE,
    Result,
    ask,
    contents,
    environment,
    etl,
    event,
    finish,
    inside,
    leftovers,
    more_plays,
    runs,
    small_company,
    song,
    sparkify,
    start_python,
    tamper,
    unchanged,
    write_json,
)

LOAD = ("etl", "--song-data", "song_data", "--log-data", "log_data")
READERS = (("status",), ("check",), ("rejects",), ("query", "peak-hour"), ("sql", "SELECT 1"), ("export", "out"))
COMMANDS = (
    "demo", "create-tables", "etl", "status", "rejects", "check", "query", "sql", "export", "simulate",
)  # fmt: skip


@pytest.fixture
def folder(loaded: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed; its files count as other ones, because they lie elsewhere."""
    return shutil.copytree(loaded, tmp_path / "copy")


def load(folder: Path, *arguments: str, **settings: str) -> Result:
    """Load the folder's own files, within this process."""
    return inside(folder, *LOAD, *arguments, **settings)


# -- messages ---------------------------------------------------------------------------------------

# Command, exit code, what the message says, from its beginning to its end unless it ends in an ellipsis.
MESSAGES = [
    # locations
    ("etl", 2, "nothing to load: give --song-data and --log-data (or one of them), or set song_data and log_data in sparkify.toml"),
    ("etl --song-data nowhere", 2, "--song-data nowhere: no such folder; check the path"),
    ("etl --song-data song_data/*", 2, "--song-data song_data/*: nothing is there, and a location is not a pattern; give the folder, and --skip for what to leave out"),
    ("etl --log-data /dev/null", 2, "--log-data /dev/null: is neither a folder nor a file; give one of them"),
    ("etl --log-data nowhere", 2, "--log-data nowhere: no such folder; check the path"),
    ("etl --log-data log_data --song-data nowhere", 2, "--song-data nowhere: no such folder; check the path"),
    ("etl --song-data song_data --log-data song_data", 2, "--song-data and --log-data overlap; give each kind of file a folder of its own"),
    ("etl --song-data . --log-data log_data", 2, "--song-data and --log-data overlap; give each kind of file a folder of its own"),
    ("etl --song-data song_data --log-data song_data/A/../A", 2, "--song-data and --log-data overlap; give each kind of file a folder of its own"),
    ("etl --song-data ftp://bucket/songs", 2, "ftp://bucket/songs: ftp:// is not known; …"),
    ("etl --log-data log_data --jsonpaths nowhere.json", 2, "--jsonpaths nowhere.json: no such file; check the path"),
    ("etl --log-data log_data --jsonpaths log_data", 2, "--jsonpaths log_data: is a folder; name the file in it"),
    ("etl --log-data log_data --dry-run --song-data nowhere", 2, "--song-data nowhere: no such folder; check the path"),
    # options
    ("etl --nope", 2, "No such option: --nope …"),
    ("etl song_data", 2, "Got unexpected extra argument…"),
    ("etl --song-data", 2, "Option '--song-data' requires an argument. Try `sparkify etl --help`."),
    ("etl --song-data song_data --match fuzzy", 2, "--match fuzzy: choose exact or resolve"),
    ("etl --song-data song_data --max-errors -1", 2, "--max-errors -1: give a whole number from 0 to 1,000,000,000"),
    ("etl --song-data song_data --max-errors many", 2, "Invalid value for '--max-errors': …"),
    ("etl --song-data song_data --batch-bytes 0", 2, "--batch-bytes 0: is not a valid size; write it like 256MB or 268435456"),
    ("etl --song-data song_data --batch-bytes -5", 2, "--batch-bytes -5: is not a valid size; write it like 256MB or 268435456"),
    ("etl --song-data song_data --batch-bytes 5XB", 2, "--batch-bytes 5XB: is not a valid size; write it like 256MB or 268435456"),
    ("etl --max-errors --song-data song_data", 2, "--max-errors has no value: --song-data follows it. Try `sparkify etl --help`."),
    ("etl --log-data --song-data song_data", 2, "--log-data has no value: --song-data follows it. Try `sparkify etl --help`."),
    ("etl --song-data --json", 2, "--song-data --json: no such folder; it is an option: the value of the one before it is missing"),
    ("--song-data song_data etl", 2, "--song-data belongs behind the command: sparkify etl …. Try `sparkify --help`."),
    ("rejects --limit 0", 2, "--limit 0: give a whole number from 1 to 1,000,000"),
    ("rejects --limit 99999999999999999999", 2, "--limit 99999999999999999999: give a whole number from 1 to 1,000,000"),
    ("compact song_data parts --part-bytes 0", 2, "--part-bytes 0: is not a valid size; write it like 256MB or 268435456"),
    ("compact song_data parts --part-bytes 999999T", 2, "--part-bytes 999999T: give a size from 1 to 1TB"),
    ("demo --events 0", 2, "--events: events must be at least 1, not 0"),
    ("nonsense", 2, "No such command 'nonsense'. Try `sparkify --help`."),
    ("sql", 2, "Missing argument 'SELECT'. Try `sparkify sql --help`."),
    # the address of the warehouse
    ("status --warehouse duckdb://x", 2, "--warehouse duckdb://x: is not the address of a warehouse; use duckdb:///FILE (relative), duckdb:////DIR/FILE (absolute) or redshift://USER@HOST/DATABASE"),
    ("status --warehouse duckdb:///", 2, "--warehouse duckdb:///: is not the address of a warehouse; …"),
    ("status --warehouse sparkify.duckdb", 2, "--warehouse sparkify.duckdb: is not the address of a warehouse; write duckdb:///sparkify.duckdb"),
    ("status --warehouse duckdb:///song_data", 2, "--warehouse duckdb:///song_data: is a folder; name a file in it, such as duckdb:///song_data/sparkify.duckdb"),
    ("status --warehouse duckdb:///nowhere/x.duckdb", 2, "--warehouse duckdb:///nowhere/x.duckdb: there is no folder nowhere; make it first"),
    ("etl --song-data song_data --warehouse duckdb:///nowhere/x.duckdb", 2, "--warehouse duckdb:///nowhere/x.duckdb: there is no folder nowhere; make it first"),
    ("create-tables --warehouse sqlite:///x", 2, "--warehouse sqlite:///x: is not the address of a warehouse; …"),
    *(
        (f"{command} --warehouse duckdb:///missing.duckdb", 2, "duckdb:///missing.duckdb: there is no warehouse; run `sparkify create-tables` or `sparkify etl`")
        for command in ("status", "check", "rejects", "query peak-hour", "sql FROM(users)", "export out")
    ),
    *(
        (f"{command} --warehouse duckdb:///empty.duckdb", 2, "duckdb:///empty.duckdb: has no tables yet; run `sparkify create-tables` or `sparkify etl`")
        for command in ("status", "check", "rejects", "query peak-hour", "sql FROM(users)", "export out")
    ),
    *(
        (f"{command} --warehouse duckdb:///text.duckdb", 2, "duckdb:///text.duckdb: is no DuckDB file that this version can open; name another file …")
        for command in ("status", "check", "etl --song-data song_data", "etl --song-data song_data --dry-run", "create-tables", "sql FROM(users)")
    ),
    ("status --warehouse duckdb:///text.csv", 2, "duckdb:///text.csv: is no DuckDB file that this version can open; name another file …"),
    ("etl --song-data song_data --warehouse duckdb:///text.csv", 2, "duckdb:///text.csv: is no DuckDB file that this version can open; name another file …"),
    ("status --warehouse duckdb:///circle.duckdb", 2, "--warehouse duckdb:///circle.duckdb: cannot be looked at (Too many levels of symbolic links); …"),
    ("etl --song-data song_data --warehouse duckdb:///circle.duckdb", 2, "--warehouse duckdb:///circle.duckdb: cannot be looked at (Too many levels of symbolic links); …"),
    # questions
    ("query nonsense", 2, "no query 'nonsense'; there are active-users, artist-places, by-device, by-gender, …"),
    ("query top-songs -p limit=0", 2, "-p limit=0: give a whole number from 1 to 1000"),
    ("query top-songs -p limit=many", 2, "-p limit=many: give a whole number from 1 to 1000"),
    ("query top-songs -p limit", 2, "-p limit: top-songs takes limit=…, start=…, end=…, level=…, place=…"),
    ("query top-songs -p size=3", 2, "-p size=3: top-songs takes limit=…, start=…, end=…, level=…, place=…"),
    ("query match-quality -p limit=3", 2, "-p limit=3: match-quality takes start=…, end=…, level=…, place=…"),
    ("query plays-over-time -p by=hour", 2, "-p by=hour: give day, week or month"),
    ("query overview -p start=2018-02-30", 2, "-p start=2018-02-30: give a day like 2018-11-01"),
    ("query overview -p level=gold", 2, "-p level=gold: give all, free or paid"),
    ("query overview -p start=2018-11-02 -p end=2018-11-01", 2, "-p start=2018-11-02: is after -p end=2018-11-01; give an earlier day"),
    ("query overview -p end=0 --warehouse duckdb:///missing.duckdb", 2, "-p end=0: give a day like 2018-11-01"),
    ("query peak-hour --format xml", 2, "--format xml: choose table, csv, json or parquet"),
    ("query peak-hour --format parquet", 2, "--format parquet: name a file with --output"),
    ("query peak-hour --format xml --warehouse duckdb:///missing.duckdb", 2, "--format xml: choose table, csv, json or parquet"),
    ("sql FROM(users) --format parquet --warehouse duckdb:///missing.duckdb", 2, "--format parquet: name a file with --output"),
    ("sql FROM(users) --output nowhere/x.txt", 2, "--output nowhere/x.txt: name a file in a folder that exists"),
    ("sql FROM(users) --format parquet --output nowhere/x.parquet", 2, "--output nowhere/x.parquet: name a file in a folder that exists"),
    ("export text.duckdb", 2, "DIR text.duckdb: is a file; name a folder"),
    ("export taken", 1, "taken/users.parquet: cannot be written …"),
    # simulate and demo
    ("simulate sim --events 0", 2, "events must be at least 1, not 0"),
    ("simulate sim --start 1.11.2018", 2, "--start 1.11.2018: write a day like 2018-11-01"),
    ("simulate sim --exact 0.9 --title 0.9", 2, "exact, title and artist together must be at most 1, not …"),
    ("simulate .", 2, "song_data is not empty: name another folder, or remove it first"),
    ("demo song_data", 2, "song_data: is not the demo's own folder; name another one"),
    ("demo text.duckdb", 2, "text.duckdb: is not the demo's own folder; name another one"),
    ("create-tables --drop", 2, "nothing was dropped; pass --yes to drop without a question"),
]  # fmt: skip


@pytest.fixture(scope="module")
def crowded(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loaded folder with what gets in the way of commands."""
    folder = shutil.copytree(loaded, tmp_path_factory.mktemp("crowded") / "copy")
    duckdb.connect(str(folder / "empty.duckdb")).close()
    (folder / "circle.duckdb").symlink_to("circle.duckdb")
    (folder / "text.duckdb").write_text("no database\n" * 2000)
    (folder / "text.csv").write_text("a,b\n1,2\n")
    (folder / "taken" / "users.parquet").mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("command", "exit_code", "message"), MESSAGES, ids=[command for command, _, _ in MESSAGES])
def test_what_is_wrong_is_said_in_one_line(crowded: Path, command: str, exit_code: int, message: str) -> None:
    files = {path.name: path.lstat().st_mtime_ns for path in crowded.iterdir()}
    said = inside(crowded, *command.split(), wait="0").failed(exit_code)
    # Only what the message has no room for stands in for an ellipsis at its end; `limit=…` is a text of its own.
    if message.endswith("…") and not message.endswith("=…"):
        assert said.startswith(message[:-1].rstrip()), said
    else:
        assert said == message
    assert "should not happen" not in said
    assert {path.name: path.lstat().st_mtime_ns for path in crowded.iterdir() if path.name != "taken"} == {
        name: time for name, time in files.items() if name != "taken"
    }


@pytest.mark.parametrize(
    "command",
    ["etl", "etl --nope", "status --warehouse duckdb:///missing.duckdb", "status --warehouse duckdb:///text.duckdb"],
)
def test_a_process_says_it_too(crowded: Path, command: str) -> None:
    [(exit_code, message)] = [(code, text) for words, code, text in MESSAGES if words == command]
    assert sparkify(crowded, *command.split()).failed(exit_code).startswith(message.rstrip("…").rstrip())


def test_a_password_in_an_address_is_not_repeated(tmp_path: Path) -> None:
    assert "hush" not in inside(tmp_path, "status", "--warehouse", "redshift://me:hush@host/db\r").failed(2)
    for address in (
        "redshift://me:hush@host/d\tb",
        "me:hush@host/db",
        "redshift://me:hush@host/db",
        "postgres://me:hush@host/db",
        "duckdb://me:hush@host",
    ):
        result = inside(tmp_path, "status", "--warehouse", address)
        assert "hush" not in result.failed(2)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOLCK, "its file system has no such thing, use a disk of this machine"),
        (errno.EOPNOTSUPP, "its file system has no such thing, use a disk of this machine"),
        (errno.ENOSPC, "make room"),
        (errno.EIO, "check its disk and run again"),
    ],
)
def test_a_lock_that_cannot_be_had_is_told_as_what_it_is(tmp_path: Path, number: int, advice: str) -> None:
    small_company(tmp_path)
    with patch("fcntl.flock", side_effect=OSError(number, os.strerror(number))):
        said = load(tmp_path).failed(1)
    assert (
        said == f"duckdb:///{DATABASE}: cannot be locked ({DATABASE}.lock beside it: {os.strerror(number)}); {advice}"
    )


JSONPATHS = [
    ("{", "is not valid JSON"),
    ("\xff", "is not valid JSON"),
    ("[]", "has no list of paths"),
    ("{}", "has no list of paths"),
    ('{"jsonpaths": "$.artist"}', "has no list of paths"),
    ('{"jsonpaths": [1]}', "has no list of paths"),
    ('{"jsonpaths": []}', "gives 0 of 18 paths"),
    (json.dumps({"jsonpaths": ["$['artist']"] * 17}), "gives 17 of 18 paths"),
    (
        json.dumps({"jsonpaths": ["$['artist']"] * 17 + ["artist"]}),
        "'artist' is no path; write it like $['artist'] or $.artist",
    ),
    (json.dumps({"jsonpaths": ["$['artist']"] * 17 + ["$"]}), "'$' is no path"),
    (json.dumps({"jsonpaths": ["$['artist']"] * 17 + ["$['artist'"]}), "'$['artist'' is no path"),
    (json.dumps({"jsonpaths": ["$['artist']"] * 17 + ["$[*]"]}), "is no path"),
    (json.dumps({"jsonpaths": ["$['artist']"] * 17 + ["$.artist"]}), "mixes bracket and dot notation"),
]


@pytest.mark.parametrize(("text", "message"), JSONPATHS)
def test_a_jsonpaths_file_that_is_none_is_refused_before_anything_is_made(
    tmp_path: Path, text: str, message: str
) -> None:
    small_company(tmp_path)
    (tmp_path / "paths.json").write_text(text, encoding="latin-1")
    said = load(tmp_path, "--jsonpaths", "paths.json").failed(2)
    assert said.startswith("--jsonpaths paths.json: ")
    assert message in said
    assert not (tmp_path / DATABASE).exists()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"batch_bytes": "much"}, "SPARKIFY_BATCH_BYTES much: "),
        ({"max_errors": "-1"}, "SPARKIFY_MAX_ERRORS -1: "),
        ({"match": "fuzzy"}, "SPARKIFY_MATCH fuzzy: "),
        ({"wait": "long"}, "SPARKIFY_WAIT long: "),
        ({"memory": "lots"}, "SPARKIFY_MEMORY lots: "),
        ({"threads": "0"}, "SPARKIFY_THREADS 0: "),
        ({"warehouse": "nonsense", "song_data": "."}, "SPARKIFY_WAREHOUSE nonsense: "),
        ({"song_data": "nowhere"}, "SPARKIFY_SONG_DATA nowhere: no such folder; check the path"),
        ({"skip": "*.json"}, "SPARKIFY_SKIP"),
        (
            {"warehuose": "duckdb:///x"},
            "SPARKIFY_WAREHUOSE: there is no such setting; did you mean SPARKIFY_WAREHOUSE?",
        ),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_a_wrong_environment_is_named(tmp_path: Path, settings: dict[str, str], named: str) -> None:
    assert inside(tmp_path, "etl", **settings).failed(2).startswith(named)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("memory", ["268435456", "256MB", "256 MiB", "1g"])
def test_a_size_of_memory_is_taken_as_the_message_says_to_write_it(loaded: Path, memory: str) -> None:
    inside(loaded, "sql", "SELECT 1", memory=memory).ok()
    inside(loaded, "check", memory=memory).ok()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b"song_data = ", "sparkify.toml: is not valid TOML: "),
        (b"song_data = 'a'\nsong_data = 'b'\n", "sparkify.toml: is not valid TOML: "),
        (
            b"wait = 1\nsong_data = '\xe9'\n",
            "sparkify.toml: is not valid TOML: line 2 holds the byte 0xe9, which is not UTF-8; save it as UTF-8",
        ),
        ("wait = 1\n".encode("utf-16"), "sparkify.toml: is not valid TOML: it is written in UTF-16; save it as UTF-8"),
        (b"x = " + b"[" * 10_000, "sparkify.toml: is not valid TOML: "),
        (b"max_errors = " + b"9" * 5_000, "sparkify.toml: is not valid TOML: "),
        (b"songdata = 'songs'\n", "sparkify.toml: songdata: there is no such setting; did you mean song_data?"),
        (b"max_errors = 'many'\n", "sparkify.toml: max_errors many: give a whole number from 0 to 1,000,000,000"),
        (b"max_errors = -1\n", "sparkify.toml: max_errors -1: give a whole number from 0 to 1,000,000,000"),
        (
            b"batch_bytes = 'big'\n",
            "sparkify.toml: batch_bytes big: is not a valid size; write it like 256MB or 268435456",
        ),
        (b"match = 'fuzzy'\n", "sparkify.toml: match fuzzy: choose exact or resolve"),
        (b"skip = 3\n", 'sparkify.toml: skip 3: give a list like ["*.tmp.json", "2018-11-01-*"]'),
        (b"anonymous = 'perhaps'\n", "sparkify.toml: anonymous perhaps: give true or false"),
        (b"warehouse = 3\n", "sparkify.toml: warehouse: give text"),
        (b"redshift_password = ['hush']\n", "sparkify.toml: redshift_password: give text"),
        (b"song_data = ''\n", "sparkify.toml: song_data: is empty; name a place, or leave it out"),
        (b"song_data = 'nowhere'\n", "sparkify.toml: song_data nowhere: no such folder; check the path"),
        (
            b"song_data = '.'\nspool_dir = 'nowhere'\n",
            "sparkify.toml: spool_dir nowhere: there is no such folder; make it first",
        ),
        (b"[etl]\nsong_data = 'songs'\n", "sparkify.toml: etl: there is no such setting; "),
    ],
)
def test_a_wrong_settings_file_is_named(tmp_path: Path, text: bytes, named: str) -> None:
    (tmp_path / "sparkify.toml").write_bytes(text)
    assert inside(tmp_path, "etl").failed(2).startswith(named)


def test_a_settings_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sparkify.toml"
    file.mkdir()
    said = inside(tmp_path, "status").failed(2)
    assert said == "sparkify.toml: is a folder; the settings are a file of this name"
    file.rmdir()
    file.symlink_to("gone.toml")
    said = inside(tmp_path, "status").failed(2)
    assert said == "sparkify.toml: is a link to a file that is not there; mend it, or remove it"
    file.unlink()
    file.symlink_to("sparkify.toml")
    assert "cannot be read (Too many levels of symbolic links)" in inside(tmp_path, "status").failed(2)


def test_a_settings_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "sparkify.toml").write_bytes(b"\xef\xbb\xbfwarehouse = 'duckdb:///marked.duckdb'\r\n")
    assert "duckdb:///marked.duckdb" in inside(tmp_path, "create-tables").ok().out


def test_what_kubernetes_puts_into_the_environment_is_no_setting(tmp_path: Path) -> None:
    given = {"service_host": "10.0.0.1", "port_8501_tcp_addr": "10.0.0.1", "dashboard_service_port": "8501"}
    inside(tmp_path, "create-tables", **given, port="tcp://10.0.0.1:8501").ok()


# -- what became of a value on its way --------------------------------------------------------------

MANGLED = [
    ("nowhere\r", r"SPARKIFY_LOG_DATA 'nowhere\r': no such folder; it holds a carriage return (\r), as lines of a file edited on Windows do: remove it"),
    ("log_data\u200b", r"SPARKIFY_LOG_DATA 'log_data\u200b': no such folder; it holds characters that one does not see: remove them"),
    ("log_data ", "SPARKIFY_LOG_DATA 'log_data ': no such folder; it holds characters that one does not see: remove them"),
    ('"log_data"', 'SPARKIFY_LOG_DATA "log_data": no such folder; the quotes are part of it: leave them out'),
    ("~/log_data", "SPARKIFY_LOG_DATA ~/log_data: no such folder; ~ stands for no folder here: write the whole path"),
    ("$HOME/log_data", "SPARKIFY_LOG_DATA $HOME/log_data: no such folder; variables are not filled in here: write the whole path"),
    ("log_data/2018-11-01-events.json/x", "SPARKIFY_LOG_DATA log_data/2018-11-01-events.json/x: no such folder; check the path"),
    ("circle.duckdb", "SPARKIFY_LOG_DATA circle.duckdb: cannot be read (Too many levels of symbolic links); its links lead around in a circle, check them"),
    ("x" * 300, f"SPARKIFY_LOG_DATA {'x' * 300}: cannot be read (File name too long); use a shorter name"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), MANGLED)
def test_a_location_that_is_none_is_shown_as_it_is(crowded: Path, value: str, message: str) -> None:
    assert inside(crowded, "etl", log_data=value).failed(2) == message
    jsonpaths = inside(crowded, "etl", log_data="log_data", jsonpaths=value)
    if value != "log_data/2018-11-01-events.json":
        assert jsonpaths.failed(2).startswith(message.partition(":")[0].replace("LOG_DATA", "JSONPATHS"))


def test_what_a_crontab_edited_on_windows_ends_in_is_told(crowded: Path) -> None:
    told = "it holds a carriage return (\\r), as lines of a file edited on Windows do: remove it"
    for arguments, shown in (
        (("query", "peak-hour\r"), r"'peak-hour\r'"),
        (("query", "peak-hour", "--format", "csv\r"), r"--format 'csv\r'"),
        ((*LOAD, "--json\r"), r"'--json\r'"),
    ):
        assert inside(crowded, *arguments).failed(2) == f"{shown}: {told}"
    inside(crowded, "sql", "SELECT 1;\r").ok()


def test_a_warehouse_of_a_mangled_name_is_not_made(crowded: Path) -> None:
    for address, told in (
        ("duckdb:///x.duckdb\r", r"SPARKIFY_WAREHOUSE 'duckdb:///x.duckdb\r': it holds a carriage return"),
        (
            "'duckdb:///x.duckdb'",
            "SPARKIFY_WAREHOUSE 'duckdb:///x.duckdb': is not the address of a warehouse; the quotes",
        ),
        (
            "duckdb:///~/x.duckdb",
            "SPARKIFY_WAREHOUSE duckdb:///~/x.duckdb: there is no folder ~; ~ stands for no folder",
        ),
    ):
        assert inside(crowded, "create-tables", warehouse=address).failed(2).startswith(told)


# -- exit codes of a load ---------------------------------------------------------------------------

KEYS = {
    "run_id": None,
    "status": None,
    "engine": None,
    "files": {"discovered", "new", "changed", "skipped"},
    "bytes": None,
    "rows": {"staging_events", "staging_songs", "songplays", "users", "songs", "artists", "time"},
    "rejected": None,
    "resolution": {"exact", "title", "artist", "none"},
    "seconds": {"discover", "stage", "transform", "audit", "total"},
}


def report(out: str) -> dict[str, object]:
    """The one JSON object that standard output carries, with every key that the design names."""
    assert out.count("\n") == 1
    assert out.endswith("\n")
    found: dict[str, object] = json.loads(out)
    assert found.keys() == KEYS.keys()
    for key, inner in KEYS.items():
        value = found[key]
        if inner is not None:
            assert isinstance(value, dict)
            assert value.keys() == inner
    return found


def test_loaded_then_nothing_new(tmp_path: Path) -> None:
    small_company(tmp_path)
    result = etl(tmp_path, "--json").ok()
    first = report(result.out)
    assert "loaded" not in result.out.replace('"loaded"', "")
    assert result.err.startswith("loading 2 files")
    [(run_id,)] = ask(tmp_path, "select run_id from etl_runs")
    assert first | {"seconds": 0} == {
        "run_id": run_id,
        "status": "loaded",
        "engine": "duckdb",
        "files": {"discovered": 2, "new": 2, "changed": 0, "skipped": 0},
        "bytes": sum(path.stat().st_size for path in tmp_path.rglob("*.json")),
        "rows": {"staging_events": 3, "staging_songs": 1, "songplays": 2, "users": 1, "songs": 1, "artists": 1, "time": 2},
        "rejected": 0,
        "resolution": {"exact": 2, "title": 0, "artist": 0, "none": 0},
        "seconds": 0,
    }  # fmt: skip
    second = report(etl(tmp_path, "--json").ok().out)
    assert second["status"] == "nothing-new"
    assert second["files"] == {"discovered": 2, "new": 0, "changed": 0, "skipped": 0}
    assert set(second["rows"].values()) == {0}  # type: ignore[attr-defined]
    assert runs(tmp_path) == ["loaded", "nothing-new"]


def test_what_people_read_of_a_load(tmp_path: Path) -> None:
    small_company(tmp_path)
    out = load(tmp_path).ok().out
    assert re.fullmatch(
        r"loaded 2 files \(1\.3 kB\) in 1 batch and \d+\.\d s\n"
        r"added or changed: songplays 2, users 1, songs 1, artists 1, time 2\n"
        r"plays found: exact 2 \(100%\), title 0 \(0%\), artist 0 \(0%\), none 0 \(0%\)\n",
        out,
    )
    assert load(tmp_path).ok().out == "nothing new: 2 files already loaded\n"


@pytest.mark.parametrize("kind", ["song", "log"])
def test_an_empty_folder_is_nothing_new_and_worth_a_warning(tmp_path: Path, kind: str) -> None:
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "notes.txt").write_text("not data")
    result = inside(tmp_path, "etl", f"--{kind}-data", "data", "--json").ok()
    assert report(result.out)["status"] == "nothing-new"
    assert re.match(r"warning: .* no data file", result.err)
    assert runs(tmp_path) == ["nothing-new"]


def test_too_many_rejects(tmp_path: Path) -> None:
    small_company(tmp_path)
    bad = tmp_path / "log_data" / "zz.json"
    good = json.dumps(event(ts=1541200000000))
    bad.write_text(f'{good}\n{{"page": "NextSong"}}\n{good}\nnull\n')
    result = etl(tmp_path, "--batch-bytes", "1", "--json")
    assert result.exit_code == 3
    assert re.match(
        rf"{bad}:2: .*ts.*; 2 records rejected, 0 allowed, nothing of this batch was loaded\. .*--max-errors 2.*--skip",
        result.error,
    )
    found = report(result.out)
    assert (found["status"], found["rejected"]) == ("failed", 2)
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]  # the batches before stay
    assert ask(tmp_path, "select status, message is not null from etl_runs") == [("failed", True)]
    assert ask(tmp_path, "from etl_rejects") == []
    assert sparkify(tmp_path, "rejects").ok().out == "no rejected records\n"
    assert str(bad) in sparkify(tmp_path, "status", "--log-data", "log_data").ok().out

    assert etl(tmp_path, "--max-errors", "1", "--json").exit_code == 3
    etl(tmp_path, "--max-errors", "2").ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(3,)]
    rejects = json.loads(sparkify(tmp_path, "rejects", "--format", "json").ok().out)
    assert [(row["file"], row["line"], row["record"]) for row in rejects] == [
        (str(bad), 2, '{"page": "NextSong"}'),
        (str(bad), 4, "null"),
    ]
    assert all(row["reason"] for row in rejects)
    assert len(json.loads(sparkify(tmp_path, "rejects", "--format", "json", "--limit", "1").ok().out)) == 1
    [(run,)] = ask(tmp_path, "select max(run_id) from etl_runs")
    assert len(json.loads(sparkify(tmp_path, "rejects", "--format", "json", "--run", run).ok().out)) == 2
    assert sparkify(tmp_path, "rejects", "--run", "nobody").ok().out == "no rejected records\n"


def test_an_audit_that_fails_rolls_the_batch_back(folder: Path) -> None:
    tamper(folder, "insert into users from users")
    before = contents(folder)
    more_plays(folder)
    result = etl(folder, "--json")
    assert result.exit_code == 4
    assert result.error.startswith("audit failed: r3_one_row_per_user: 1 rows, such as user_id 7. ")
    assert report(result.out)["status"] == "failed"
    assert contents(folder) == before
    assert runs(folder) == ["loaded", "failed"]
    assert "r3_one_row_per_user" in sparkify(folder, "status").ok().out


@pytest.mark.parametrize("code", [1, 2, 5])
def test_the_report_has_every_key_when_nothing_was_opened(tmp_path: Path, code: int) -> None:
    small_company(tmp_path)
    holder = None
    if code == 1:
        sparkify(tmp_path, "create-tables").ok()
        with (tmp_path / DATABASE).open("r+b") as stream:  # damaged behind its beginning
            stream.seek(4096)
            stream.write(b"\xff" * 8192)
    if code == 5:
        sparkify(tmp_path, "create-tables").ok()
        script = f"import duckdb, time; c = duckdb.connect({DATABASE!r}); print(1, flush=True); time.sleep(600)"
        holder = start_python(tmp_path, "-c", script)
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
    try:
        result = etl(tmp_path, "--json", *(("--match", "fuzzy") if code == 2 else ()), wait="0")
    finally:
        if holder is not None:
            holder.kill()
            finish(holder)
    result.failed(code)
    assert report(result.out)["status"] == "failed"
    assert report(result.out)["run_id"] is None


@pytest.mark.parametrize("name", ["users", "etl_files", "etl_settings", "time"])
@pytest.mark.parametrize(
    "command", [LOAD, (*LOAD, "--dry-run"), ("create-tables",), ("create-tables", "--drop", "--yes")], ids=" ".join
)
def test_a_table_of_our_name_that_is_not_ours_is_refused(tmp_path: Path, name: str, command: tuple[str, ...]) -> None:
    small_company(tmp_path)
    connection = duckdb.connect(str(tmp_path / DATABASE))
    connection.execute(f"create table {name} as select 42 as precious")
    connection.close()
    same = unchanged(tmp_path / DATABASE)
    message = inside(tmp_path, *command).failed(2)
    assert message.startswith(f"duckdb:///{DATABASE}: ")
    assert "ade by Sparkify" in message or name in message
    assert same()
    assert leftovers(tmp_path) == []


def test_a_view_of_our_name_is_refused(tmp_path: Path) -> None:
    small_company(tmp_path)
    connection = duckdb.connect(str(tmp_path / DATABASE))
    connection.execute("create view users as select 42 as precious")
    connection.close()
    load(tmp_path).failed(2)
    assert ask(tmp_path, "from users") == [(42,)]
    assert ask(tmp_path, "select count(*) from duckdb_tables()") == [(0,)]


def test_other_tables_in_the_file_are_left_alone(folder: Path) -> None:
    tamper(
        folder,
        "create table precious as select 42 as x",
        "create schema other",
        "create table other.users as select 1 as x",
    )
    load(folder, "--full-refresh").ok()
    inside(folder, "create-tables", "--drop", "--yes").ok()
    assert ask(folder, "from precious") == [(42,)]
    assert ask(folder, "from other.users") == [(1,)]


def test_a_file_that_cannot_be_read_fails_the_run(tmp_path: Path) -> None:
    small_company(tmp_path)
    locked = more_plays(tmp_path, name="zz")
    locked.chmod(0)
    # Root may read everything, but for this.
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if bound and subprocess.run([*bound, "true"], check=False, capture_output=True).returncode:
        pytest.skip("root may read everything here, and cannot be kept from it")
    command = [*bound, sys.executable, "-m", "sparkify", *LOAD]
    result = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False)
    assert Result(result.returncode, result.stdout, result.stderr).error.startswith(f"{locked}: cannot be read")


# -- dry runs, skipping, settings -------------------------------------------------------------------


def test_a_dry_run_says_what_it_would_do_and_makes_nothing(tmp_path: Path) -> None:
    small_company(tmp_path)
    files = sorted(tmp_path.rglob("*"))
    result = load(tmp_path, "--dry-run").ok()
    assert result.out.splitlines() == [
        f"Would load {tmp_path / 'song_data/A/one.json'}",
        f"Would load {tmp_path / 'log_data/2018-11-01-events.json'}",
        "Would load 2 files, 1.3 kB, in 1 batch",
    ]
    assert sorted(tmp_path.rglob("*")) == files
    found = report(load(tmp_path, "--dry-run", "--json", "--batch-bytes", "1").ok().out)
    assert found["files"] == {"discovered": 2, "new": 2, "changed": 0, "skipped": 0}
    assert found["run_id"] is None
    assert sorted(tmp_path.rglob("*")) == files


def test_a_dry_run_knows_what_is_loaded(tmp_path: Path) -> None:
    load(small_company(tmp_path)).ok()
    added = more_plays(tmp_path)
    grown = write_json(tmp_path / "log_data" / "2018-11-01-events.json", [event()])
    same = unchanged(tmp_path / DATABASE)
    found = report(load(tmp_path, "--dry-run", "--json").ok().out)
    assert found["files"] == {"discovered": 3, "new": 1, "changed": 1, "skipped": 0}
    out = load(tmp_path, "--dry-run").ok().out
    assert str(added) in out
    assert str(grown) in out
    assert "one.json" not in out
    assert "one.json" in load(tmp_path, "--dry-run", "--full-refresh").ok().out
    assert same()


def test_skip_passes_files_over_and_status_names_what_waits(tmp_path: Path) -> None:
    small_company(tmp_path)
    bad = tmp_path / "log_data" / "zz-bad.json"
    bad.write_text("{\n")
    other = more_plays(tmp_path)
    found = report(load(tmp_path, "--skip", "zz-*.json", "--skip", "more.json", "--json").ok().out)
    assert found["files"] == {"discovered": 4, "new": 2, "changed": 0, "skipped": 2}
    out = inside(tmp_path, "status", "--song-data", "song_data", "--log-data", "log_data").ok().out
    assert "2 new and 0 changed files" in out
    assert str(bad) in out
    assert str(other) in out
    found = json.loads(inside(tmp_path, "status", "--log-data", "log_data", "--json", skip='["*/more.json"]').ok().out)
    assert found["pending"] == {"new": 1, "changed": 0, "skipped": 1, "files": [str(bad)]}
    assert found["tables"]["songplays"] == 2
    assert found["health"].startswith("healthy")


def test_flags_win_over_the_environment_over_the_file_over_the_defaults(tmp_path: Path) -> None:
    small_company(tmp_path)
    for name in ("file", "environment", "flag"):
        write_json(tmp_path / name / "x.json", [song(song_id=f"SO{name}")])

    def loaded_from(*arguments: str, **settings: str) -> str:
        return sparkify(tmp_path, "etl", "--dry-run", *arguments, **settings).ok().out

    assert "nothing to load" in sparkify(tmp_path, "etl").failed(2)
    assert "/environment/" in loaded_from(song_data="environment")
    (tmp_path / "sparkify.toml").write_text("song_data = 'file'\nwarehouse = 'duckdb:///file.duckdb'\nwait = 1\n")
    assert "/file/" in loaded_from()
    assert "/environment/" in loaded_from(song_data="environment")
    assert "/flag/" in loaded_from("--song-data", "flag", song_data="environment")

    sparkify(tmp_path, "etl").ok()
    sparkify(tmp_path, "etl", warehouse="duckdb:///environment.duckdb").ok()
    sparkify(tmp_path, "etl", "--warehouse", "duckdb:///flag.duckdb", warehouse="duckdb:///environment.duckdb").ok()
    made = sorted(path.name for path in tmp_path.glob("*.duckdb"))
    assert made == ["environment.duckdb", "file.duckdb", "flag.duckdb"]


def test_an_absolute_address_does_not_depend_on_the_folder(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    address = f"duckdb:///{tmp_path / 'there' / 'x.duckdb'}"
    assert address.startswith("duckdb:////")
    inside(tmp_path / "here", "create-tables", "--warehouse", address).ok()
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["x.duckdb"]
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize("name", ["a b", "it's", "a[b]c", "st*r", "50%", "ü", "a;b", "{x}", "#1"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = small_company(tmp_path / name)
    load(folder).ok()
    inside(folder, "export", "out").ok()
    inside(tmp_path, "check", "--warehouse", f"duckdb:///{name}/{DATABASE}").ok()
    more_plays(folder)
    inside(tmp_path, "etl", "--warehouse", f"duckdb:///{name}/{DATABASE}", "--log-data", f"{name}/log_data").ok()
    assert ask(folder, "select count(*) from songplays") == [(3,)]
    assert leftovers(folder) == []


def test_match_is_kept_in_the_warehouse(folder: Path) -> None:
    write_json(folder / "log_data" / "title.json", [event(ts=1541200000000, song="THE song")])
    load(folder, "--match", "exact").ok()
    quality = "select match, count(*) from etl_plays join etl_tracks using (track_id) group by all order by all"
    assert ask(folder, quality) == [("exact", 2), ("none", 1)]
    load(folder).ok()
    assert ask(folder, quality) == [("exact", 2), ("none", 1)]
    assert report(load(folder, "--match", "resolve", "--json").ok().out)["status"] == "loaded"
    assert ask(folder, quality) == [("exact", 2), ("title", 1)]


# -- tables -----------------------------------------------------------------------------------------


def test_create_tables_makes_every_table_once(tmp_path: Path) -> None:
    out = inside(tmp_path, "create-tables").ok().out
    assert out == f"created {len(sql_queries.TABLES)} tables in duckdb:///{DATABASE}\n"
    tables = ask(tmp_path, "select table_name from duckdb_tables() order by all")
    assert tables == sorted((name,) for name in sql_queries.TABLES)
    assert inside(tmp_path, "create-tables").ok().out == f"every table is there already in duckdb:///{DATABASE}\n"
    tamper(tmp_path, "drop table users")
    assert "users" in inside(tmp_path, "status").failed(2)
    inside(tmp_path, "create-tables").ok()
    inside(tmp_path, "status").ok()
    assert leftovers(tmp_path) == []


def test_drop_asks_first_and_nobody_answering_means_no(folder: Path) -> None:
    same = unchanged(folder / DATABASE)
    sparkify(folder, "create-tables", "--drop").failed(2)
    assert same()
    sparkify(folder, "create-tables", "--drop", "--yes").ok()
    assert ask(folder, "select count(*) from songplays") == [(0,)]
    etl(folder).ok()
    assert ask(folder, "select count(*) from songplays") == [(2,)]


@pytest.mark.parametrize(("answer", "dropped"), [("y\n", True), ("yes\n", True), ("n\n", False), ("\n", False)])
def test_drop_takes_an_answer_from_a_terminal(folder: Path, answer: str, dropped: bool) -> None:
    keyboard, terminal = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sparkify", "create-tables", "--drop"],
        cwd=folder, env=environment(), stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
    )  # fmt: skip
    os.write(keyboard, answer.encode())
    result = finish(process)
    os.close(keyboard)
    os.close(terminal)
    assert f"Drop every table of duckdb:///{DATABASE}, with all its data? [y/N]" in result.err
    assert result.exit_code == (0 if dropped else 2)
    assert ask(folder, "select count(*) from songplays") == [(0 if dropped else 2,)]


# -- help, and the other doors ----------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(tmp_path: Path, command: str) -> None:
    out = inside(tmp_path, command, "--help").ok().out
    assert f"Example: sparkify {command}" in out
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_command_and_exit_code(tmp_path: Path) -> None:
    out = inside(tmp_path, "--help").ok().out
    listed = re.findall(r"^  ([a-z][a-z-]+)  ", out.partition("Commands:")[2], re.MULTILINE)
    assert set(listed) >= set(COMMANDS)
    for command in listed:
        assert "Example: sparkify" in inside(tmp_path, command, "-h").ok().out
    text = " ".join(out.split())
    assert (
        "Exit codes: 0 done; 1 failed; 2 wrong usage; 3 too many rejected records; 4 an audit failed; 5 the warehouse is in use."
        in text
    )


def test_no_command_at_all_shows_the_help_as_it_is(tmp_path: Path) -> None:
    result = inside(tmp_path)
    assert result.exit_code in (0, 2)
    assert "\nCommands:\n" in result.out + result.err


def test_help_is_quick(tmp_path: Path) -> None:
    script = (
        "import resource, subprocess, sys; subprocess.run([sys.executable, '-m', 'sparkify', '--help'], check=True, "
        "stdout=subprocess.DEVNULL); used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    )
    seconds = [float(finish(start_python(tmp_path, "-c", script)).ok().out) for _ in range(5)]
    assert min(seconds) < 0.3


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"sparkify \d+\.\d+\.\d+\n", sparkify(tmp_path, "--version").ok().out)


def test_debug_shows_where_and_nothing_else_does(tmp_path: Path) -> None:
    result = sparkify(tmp_path, "--debug", "status")
    assert result.exit_code != 0
    assert "Traceback" in result.err
    sparkify(tmp_path, "status").failed(2)


def test_the_three_doors_of_the_mission(tmp_path: Path) -> None:
    small_company(tmp_path)

    def door(*arguments: str) -> str:
        return finish(start_python(tmp_path, "-m", *arguments)).ok().out

    assert "created" in door("sparkify.create_tables")
    assert "every table is there already" in door("sparkify.create_tables")
    assert "loaded 2 files" in door("sparkify.etl", "--song-data", "song_data", "--log-data", "log_data")
    assert "nothing new" in door("sparkify.etl", "--song-data", "song_data", "--log-data", "log_data")
    assert "models/time" in door("sparkify.sql_queries").splitlines()
    assert door("sparkify.sql_queries", "models/time").startswith("-- table: time")
    assert "insert into time" in door("sparkify.sql_queries", "models/time", "duckdb")
    for arguments in (("sparkify.sql_queries", "nonsense"), ("sparkify.etl",), ("sparkify.create_tables", "--nope")):
        finish(start_python(tmp_path, "-m", *arguments)).failed(2)
    assert finish(start_python(tmp_path, "-m", "sparkify.sql_queries", "x", "oracle")).exit_code == 2


def test_the_demo_needs_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    for _ in range(2):
        out = sparkify(tmp_path, "demo", "--events", "500").ok().out
        assert "sparkify query most-played-song" in out
        assert "sparkify query peak-hour" in out
    sparkify(tmp_path, "check", "--warehouse", "duckdb:///demo/sparkify.duckdb").ok()


def test_what_simulate_says_to_run_runs(tmp_path: Path) -> None:
    out = sparkify(tmp_path, "simulate", "raw", "--events", "300", "--songs", "20", "--days", "3", "--dirty").ok().out
    told = re.search(r"^load them: sparkify (etl .*)$", out, re.MULTILINE)
    assert told is not None
    sparkify(tmp_path, *told.group(1).split()).ok()
    sparkify(tmp_path, "check").ok()
