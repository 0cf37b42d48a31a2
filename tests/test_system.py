"""What a system denies, without anybody's fault injected: no folder to write to, no working folder, no characters."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.command import (
    TIMEOUT,
    Result,
    ask,
    environment,
    event,
    finish,
    inside,
    small_company,
    start_python,
    write_json,
)

DATA = ("--song-data", "song_data", "--log-data", "log_data")
ROOT = Path(__file__).parents[1]
Commands = list[tuple[str, ...]]
WAREHOUSE = ("--warehouse", "duckdb:///room/w.duckdb")

READ_ONLY = """
mount --make-rprivate /
for folder in "$(df --output=target "$1" | tail -n 1)" /tmp /var/tmp; do
    if test "$folder" = / ; then continue; fi
    mount --bind "$folder" "$folder" && mount -o remount,ro,bind "$folder"
done
mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"
if test "$2" = writable; then mount --bind "$1/room" "$1/room" && mount -o remount,rw,bind "$1/room"; fi
cd "$1"
shift 2
exec "$@"
"""
"""A mount namespace in which the folder is read-only, and so are those for temporary files."""


SEVERAL = """
import json, sys
from dataclasses import astuple
from pathlib import Path
from tests.command import inside
print(json.dumps([astuple(inside(Path.cwd(), *command)) for command in json.loads(sys.argv[1])]))
"""
"""A process that runs one command after the other, each with streams of its own."""


def several(folder: Path, before: Sequence[str], commands: Commands) -> list[tuple[tuple[str, ...], Result]]:
    """What commands say in a process that something like `setpriv` starts."""
    kept = {name: value for name, value in environment().items() if name not in ("TMPDIR", "TEMP", "TMP")}
    done = subprocess.run(
        [*before, sys.executable, "-c", SEVERAL, json.dumps(commands)],
        cwd=folder, env=kept | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = [Result(*each) for each in json.loads(done.stdout)]
    return list(zip(commands, results, strict=True))


def jailed(folder: Path, room: str, commands: Commands) -> list[tuple[tuple[str, ...], Result]]:
    """What commands say in a container that can write nowhere, or but to the folder `room`."""
    before = ("unshare", "--mount", "bash", "-ec", READ_ONLY, "jail", str(folder), room)
    return several(
        folder, before, [(*command, *WAREHOUSE) if command[0] != "compact" else command for command in commands]
    )


def may_jail() -> bool:
    """Whether this user may make mounts of its own."""
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    asked = ["unshare", "--mount", "mount", "--make-rprivate", "/"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


needs_mounts = pytest.mark.skipif(not may_jail(), reason="mounts of its own take root and unshare")


ASKING: Commands = [("query", "peak-hour"), ("sql", "select 1"), ("status",), ("check",), ("rejects",)]
PARQUET = ("query", "peak-hour", "-f", "parquet", "-o", "room/x.parquet")


@needs_mounts
def test_a_load_in_a_read_only_container_needs_no_temporary_folder(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / "room").mkdir()
    writing: Commands = [("etl", *DATA), ("export", "room/out"), PARQUET]
    compact = ("compact", "log_data", "room/compacted")
    (_, refused), *others = jailed(
        tmp_path, "writable", [compact, *writing, *ASKING, (*compact, "--spool-dir", "room")]
    )
    assert refused.failed(2) == "no folder for temporary files can be written; set TMPDIR or SPARKIFY_SPOOL_DIR to one"
    for _, result in others:
        result.ok()
    assert ask(tmp_path / "room", "select count(*) from songplays", database="w.duckdb") == [(2,)]
    assert sorted(path.name for path in (tmp_path / "room").iterdir()) == ["compacted", "out", "w.duckdb", "x.parquet"]


@needs_mounts
def test_where_nothing_can_be_written_it_can_be_asked_still(tmp_path: Path) -> None:
    small_company(tmp_path)
    (tmp_path / "room").mkdir()
    inside(tmp_path, "etl", *DATA, *WAREHOUSE).ok()
    for command, result in jailed(tmp_path, "read-only", ASKING):
        assert result.exit_code == 0, (command, result)
    writing: Commands = [("etl", *DATA), ("create-tables",), ("export", "room/out"), PARQUET]
    for command, result in jailed(tmp_path, "read-only", writing):
        assert "Read-only file system); name a place that can be written" in result.failed(1), command
    assert [path.name for path in (tmp_path / "room").iterdir()] == ["w.duckdb"]


GONE = """
import io, json, os, sys
from contextlib import redirect_stderr, redirect_stdout
from sparkify import cli
os.mkdir("gone")
os.chdir("gone")
os.rmdir(os.getcwd())
said = []
for command in json.loads(sys.argv[1]):
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        code = cli.main(command)
    said.append((code, out.getvalue(), err.getvalue()))
print(json.dumps(said))
"""


def test_a_working_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    small_company(tmp_path)
    commands: Commands = [("etl", *DATA), ("status",), ("query", "peak-hour"), ("export", "out"), ("compact", "a", "b"),
                          ("report", "x.html"), ("create-tables",)]  # fmt: skip
    done = finish(start_python(tmp_path, "-c", GONE, json.dumps(commands))).ok()
    for command, said in zip(commands, json.loads(done.out), strict=True):
        assert "working folder" in Result(*said).failed(2), command


def said_in(encoding: str, folder: Path, *arguments: str) -> Result:
    """What the command says to a terminal of some encoding."""
    done = subprocess.run(
        [sys.executable, "-m", "sparkify", *arguments],
        cwd=folder, env=environment() | {"PYTHONIOENCODING": encoding}, stdin=subprocess.DEVNULL,
        capture_output=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout.decode(encoding), done.stderr.decode(encoding))


def test_a_terminal_that_lacks_characters_spells_them(tmp_path: Path) -> None:
    write_json(tmp_path / "song_data" / "é€😀.json", [{"song_id": "S", "title": "é€😀", "artist_id": "A"}])
    (tmp_path / "log_data").mkdir()
    said_in("ascii", tmp_path, "etl", *DATA).ok()
    table = said_in("ascii", tmp_path, "sql", "select title from songs").ok().out
    assert "\\xe9\\u20ac\\U0001f600" in table
    assert "-----" in table
    answer = said_in("ascii", tmp_path, "sql", "select title from songs", "-f", "json").ok().out
    assert json.loads(answer) == [{"title": "é€😀"}]
    said_in("ascii", tmp_path, "status").ok()
    assert "é\\u20ac" in said_in("latin-1", tmp_path, "etl", "--log-data", "é€").failed(2)


def test_neither_home_nor_standard_input_is_needed(tmp_path: Path) -> None:
    small_company(tmp_path)
    bare = {name: value for name, value in environment().items() if name not in ("HOME", "USER", "LOGNAME", "PATH")}
    for command in (("etl", *DATA), ("query", "peak-hour"), ("status", *DATA), ("create-tables",)):
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$0" -m sparkify "$@" <&-', sys.executable, *command],
            cwd=tmp_path, env=bare, capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        Result(done.returncode, done.stdout, done.stderr).ok()
    assert ask(tmp_path, "select count(*) from songplays") == [(2,)]


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("setpriv") is None, reason="another user takes root and setpriv")
def test_what_another_user_may_not_do_is_told_with_what_to_do() -> None:
    """Who may read but not write, and who may not even read."""
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    with TemporaryDirectory() as name:  # the folders of pytest are closed to others
        folder = Path(name)
        folder.chmod(0o755)
        if subprocess.run([*nobody, sys.executable, "-c", "import tests"], cwd=ROOT, check=False).returncode:
            pytest.skip("another user cannot reach this checkout")
        (small_company(folder) / "open").mkdir()
        (folder / "open").chmod(0o777)
        write_json(folder / "log_data" / "big.json", [event(ts=1541200000000 + each) for each in range(900)])
        inside(folder, "etl", *DATA).ok()
        (folder / "log_data" / "big.json").chmod(0o600)
        (folder / "closed.duckdb").touch(mode=0o600)
        for command, result in several(folder, nobody, ASKING):
            assert result.exit_code == 0, (command, result)
        writing: Commands = [
            ("etl", *DATA), ("create-tables",), ("export", "out"),
            ("query", "peak-hour", "-f", "parquet", "-o", "x.parquet"),
            ("etl", *DATA, "--warehouse", "duckdb:///open/w.duckdb"),
            ("query", "peak-hour", "--warehouse", "duckdb:///closed.duckdb"),
        ]  # fmt: skip
        for command, result in several(folder, nobody, writing):
            assert result.exit_code == 1, (command, result)
            assert "Permission denied" in result.error, command
            assert "check its permissions" in result.error or command[0] == "query", command
