"""What may be written to a terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Text without control characters: a title must not write to the terminal on its own account."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
