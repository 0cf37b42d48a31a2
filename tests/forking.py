"""A process that has loaded the program and runs each command in a copy of itself: half of a short command is loading it.

    python -m tests.forking

Reads a line of JSON for each command: its folder, environment, arguments, and the files where its output goes. Answers
with the copy's number, and with its exit code when it has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import NoReturn

STARTING = ("PYTHON", "LC_", "LANG", "LD_")
"""What Python and the system heed as a process starts only; a command that is told other ones needs a start of its own."""


def heeded(environment: dict[str, str]) -> dict[str, str]:
    """What of an environment is heeded as a process starts only."""
    return {name: value for name, value in environment.items() if name.startswith(STARTING)}


class Server:
    """The process, from outside."""

    def __init__(self) -> None:
        root = Path(__file__).parents[1]
        self.environment = heeded(dict(os.environ))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, folder: Path, environment: dict[str, str], arguments: list[str], out: str, err: str) -> int:
        """Run the command to its end, with its output in files; its exit code as `subprocess` has it."""
        asked = {"folder": str(folder.resolve()), "environment": environment, "arguments": arguments}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked | {"out": out, "err": err}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@cache
def server() -> Server:
    """The one of this process; it ends with it, as its standard input does."""
    return Server()


def _be(folder: str, environment: dict[str, str], arguments: list[str], out: str, err: str) -> NoReturn:
    """Be the command, in a process that is a copy."""
    code = 70
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        for number, target in enumerate((nothing, os.open(out, os.O_WRONLY), os.open(err, os.O_WRONLY))):
            os.dup2(target, number)
            os.close(target)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
        sys.argv = ["sparkify", *arguments]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from sparkify.__main__ import main

        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve(timeout: int) -> None:
    """Until standard input ends; a command that takes longer is killed."""
    import sparkify.cli
    import sparkify.cli_asking
    import sparkify.etl
    import sparkify.warehouse.duckdb  # noqa: F401

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            signal.alarm(timeout)
            _be(**json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    from tests.command import TIMEOUT

    serve(TIMEOUT)
