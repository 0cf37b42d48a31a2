"""What is written to a terminal and asked there."""

from __future__ import annotations

import sys


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


def stopped() -> int:
    """Say that a signal ended the command."""
    return fail("stopped; batches that were committed stay, run the command again to complete", 1)


def confirmed(question: str) -> bool:
    """Ask on the terminal; no terminal means no."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
