"""What is written to a terminal and asked there."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from typing import NoReturn

from sparkify.streams import lost

LINGER = 2.0
"""Seconds that what was given up has to end."""


def printable(text: str) -> str:
    """Text without control characters: a title must not write to the terminal on its own account."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def say(line: str) -> None:
    """Print a line of the answer; what it quotes must not write to the terminal on its own account."""
    sys.stdout.write("\n".join(map(printable, line.split("\n"))) + "\n")


def fail(message: str, exit_code: int) -> int:
    """Print one line that says what is wrong."""
    sys.stdout.flush()
    sys.stderr.write(f"sparkify: {printable(' '.join(message.split()))}\n")
    return exit_code


def delivered(exit_code: int, *, acts: bool) -> int:
    """The exit code once it is clear whether standard output took what was said.

    That fails only a command that was asked for nothing else. Whoever closed it, or read no further, knows.
    """
    error = lost(sys.stdout)
    if error is None or exit_code != 0:
        return exit_code
    if error.errno != errno.EPIPE and not (acts and error.errno == errno.EBADF):
        fail(f"standard output cannot be written ({error.strerror}){'; all was done' if acts else ''}", 1)
    return 0 if acts else 1


def stopped() -> int:
    """Say that a signal ended the command."""
    return fail("stopped; batches that were committed stay, run the command again to complete", 1)


def leave(exit_code: int) -> NoReturn:
    """End the process, even if requests that were given up are still under way in other threads.

    The interpreter would wait for them, up to minutes when a store answers a byte now and then.
    """
    deadline = time.monotonic() + LINGER
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(exit_code)
    sys.exit(exit_code)


def confirmed(question: str) -> bool:
    """Ask on the terminal; no terminal means no."""
    return answered(f"{question} [y/N] ").lower() in ("y", "yes")


def answered(question: str) -> str:
    """What is typed on the terminal; nothing where there is none, or it went away."""
    if not sys.stdin.isatty():
        return ""
    sys.stdout.flush()
    sys.stderr.write(question)
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip()
    except (OSError, UnicodeDecodeError):
        return ""
