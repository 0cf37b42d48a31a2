"""Errors of the system, made by `strace` at the n-th call of a kind, in processes that run the command."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.command import TIMEOUT, Result, environment

CALLS: dict[str, tuple[str, ...]] = {
    "openat": ("EACCES", "EMFILE", "ENOSPC", "EIO", "EROFS", "ELOOP", "ENAMETOOLONG"),
    "mkdir": ("EACCES", "ENOSPC", "EROFS", "EDQUOT"),
    "rename": ("EACCES", "ENOSPC", "EXDEV", "EIO"),
    "unlink": ("EACCES", "EIO", "EROFS", "EBUSY"),
    "unlinkat": ("EACCES", "EIO"),
    "rmdir": ("EBUSY", "EACCES"),
    "write": ("ENOSPC", "EIO", "EDQUOT", "EFBIG"),
    "pwrite64": ("ENOSPC", "EIO", "EDQUOT"),
    "read": ("EIO", "ESTALE", "EISDIR"),
    "pread64": ("EIO", "ESTALE"),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "fdatasync": ("EIO", "ENOSPC"),
    "ftruncate": ("EIO", "ENOSPC", "EFBIG"),
    "fallocate": ("ENOSPC", "EOPNOTSUPP"),
    "flock": ("ENOLCK", "EINTR", "EWOULDBLOCK"),
    "fcntl": ("ENOLCK", "EAGAIN"),
    "fstat": ("EIO", "ESTALE"),
    "newfstatat": ("EACCES", "EIO", "ELOOP", "ESTALE"),
    "stat": ("EACCES", "EIO", "ESTALE"),
    "lstat": ("EACCES", "EIO"),
    "statx": ("EACCES", "EIO"),
    "statfs": ("EIO", "ENOSYS"),
    "fstatfs": ("EIO",),
    "getdents64": ("EIO", "EACCES"),
    "getcwd": ("ENOENT",),
    "readlink": ("EACCES", "EIO"),
    "lseek": ("EIO",),
    "close": ("EIO", "ENOSPC"),
    "chmod": ("EPERM",),
    "link": ("EPERM", "EMLINK"),
    "symlink": ("EPERM", "ENOSPC"),
    "clone3": ("EAGAIN",),
    "clone": ("EAGAIN",),
}
"""What is made to fail, and how; other calls fail for no reason that a user could act upon."""


def why_not() -> str:
    """Why no faults can be made here; empty when they can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    done = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"strace may not trace here: {done.stderr.strip()}"


@dataclass(frozen=True, slots=True)
class Fault:
    """The n-th call of a kind in any thread fails."""

    call: str
    error: str
    number: int
    more: bool = False
    """And every later one too."""

    @property
    def option(self) -> str:
        """For strace."""
        return f"inject={self.call}:error={self.error}:when={self.number}{'+' * self.more}"


class Commands:
    """Runs commands quickly, each in a process of its own that can be made to meet a fault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            cwd=Path(__file__).parents[1],
            env=environment(wait="0.3", threads="2") | {"OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, folder: Path, arguments: list[str], *tracing: str) -> Result:
        """A command to its end, watched by strace with these options, or by nobody."""
        out, err = self._folder / "out", self._folder / "err"
        asked = {"folder": str(folder), "arguments": arguments, "out": str(out), "err": str(err)}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        pid = self._answer()
        watcher = self._watch(pid, tracing) if tracing else None
        os.kill(pid, signal.SIGCONT)
        try:
            code = self._answer(pid)
        finally:
            if watcher is not None:
                watcher.kill()
                watcher.communicate()
        return Result(code, out.read_text("utf-8", "replace"), err.read_text("utf-8", "replace"))

    def calls(self, folder: Path, arguments: list[str]) -> Counter[str]:
        """How often a command makes each call, in the thread that makes it most."""
        log = self._folder / "calls"
        self.run(folder, arguments, "-o", str(log), "-e", f"trace={','.join(CALLS)}")
        found: dict[str, Counter[str]] = {}
        for line in log.read_text("utf-8", "replace").splitlines():
            match = re.match(r"(\d+) +(\w+)\(", line)
            if match:
                found.setdefault(match[2], Counter())[match[1]] += 1
        return Counter({call: max(counts.values()) for call, counts in found.items()})

    def _answer(self, pid: int | None = None) -> int:
        """What the server says next; strace may leave the process that it watches stopped, so that is told to go on."""
        assert self._process.stdout is not None
        for _ in range(TIMEOUT):
            if select.select([self._process.stdout], [], [], 1)[0]:
                return int(self._process.stdout.readline())
            if pid is not None:
                os.kill(pid, signal.SIGCONT)
        raise AssertionError("stuck")

    def _watch(self, pid: int, tracing: tuple[str, ...]) -> subprocess.Popen[str]:
        options = tracing if "-o" in tracing else ("-o", os.devnull, *tracing)
        watcher = subprocess.Popen(
            ["strace", "-f", *options, "-p", str(pid)], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert watcher.stderr is not None
        line = watcher.stderr.readline()
        assert "attached" in line, line
        return watcher
