"""A process that has loaded everything and runs commands in copies of itself, which wait until somebody watches them.

Reads a line of JSON for each: the folder, the arguments, where its output goes. Answers with the copy's number, and
when that is told to go on and has ended, with its exit code.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from sparkify import cli


def run(folder: str, arguments: list[str], out: str, err: str) -> None:
    """Be the command, in a process that is a copy."""
    os.chdir(folder)
    for name, number in ((out, 1), (err, 2)):
        target = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(target, number)
        os.close(target)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.kill(os.getpid(), signal.SIGSTOP)
    code = 70
    try:
        cli.door(arguments)
    except SystemExit as left:
        code = int(str(left.code))
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)


def warm() -> None:
    """Load what commands load when they need it, by running each of them once."""
    data = ("--song-data", "data/song_data", "--log-data", "data/log_data")
    commands = (
        ("simulate", "data", "--events", "40", "--songs", "3", "--users", "3", "--days", "1"), ("etl", *data),
        ("status", *data), ("check",), ("rejects",), ("query", "peak-hour"), ("sql", "select 1 as a", "-f", "json"),
        ("query", "peak-hour", "-f", "parquet", "-o", "x.parquet"), ("export", "out"), ("compact", "data/log_data", "c"),
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for command in commands:
            with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as err:
                code = cli.main(list(command))
            assert code == 0, (command, err.getvalue())
    threads = [path.joinpath("comm").read_text().strip() for path in Path("/proc/self/task").iterdir()]
    assert len(threads) == 1, f"a copy of a process has but one of its threads: {threads}"


def main() -> None:
    """Serve until standard input ends."""
    warm()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            run(**asked)
        _, status = os.waitpid(child, os.WUNTRACED)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
