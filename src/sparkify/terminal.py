"""What is written to a terminal and asked there."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from typing import NoReturn

LINGER = 2.0
"""Seconds that what was given up has to end."""


def printable(text: str) -> str:
    """Text without control characters: a title must not write to the terminal on its own account."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def say(line: str) -> None:
    """Print a line of the answer; what it quotes must not write to the terminal on its own account."""
    sys.stdout.write("\n".join(map(printable, line.split("\n"))) + "\n")


def spell() -> None:
    """Let the streams spell what their encoding has no character for, instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(message: str, exit_code: int) -> int:
    """Print one line that says what is wrong."""
    sys.stdout.flush()
    sys.stderr.write(f"sparkify: {printable(' '.join(message.split()))}\n")
    return exit_code


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
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
