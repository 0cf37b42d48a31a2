"""A value as somebody gave it: how an error shows it, and what may have become of it on its way here."""

from __future__ import annotations

import re
from collections.abc import Callable


def visible(value: str) -> str:
    r"""The value as an error shows it: in quotes and with escapes such as `\r` where one would not see all of it."""
    return value if value and value.isprintable() and value == value.strip() else repr(value)


def remark(value: str, otherwise: str) -> str:
    """What to do about a value that names nothing: what its look tells, or `otherwise`."""
    return next((told for looks_so, told in _LOOKS if looks_so(value)), otherwise)


def _is_quoted(value: str) -> bool:
    return len(value) > 1 and value[0] == value[-1] and value[0] in "'\""


_LOOKS: tuple[tuple[Callable[[str], object], str], ...] = (
    (
        lambda value: "\r" in value,
        "it holds a carriage return (\\r), as lines of a file edited on Windows do: remove it",
    ),
    (
        lambda value: not value.isprintable() or value != value.strip(),
        "it holds characters that one does not see: remove them",
    ),
    (_is_quoted, "the quotes are part of it: leave them out"),
    (lambda value: value.startswith("--"), "it is an option: the value of the one before it is missing"),
    (lambda value: value.startswith("~"), "~ stands for no folder here: write the whole path"),
    (re.compile(r"\$\w|\$\{|%\w+%").search, "variables are not filled in here: write the whole path"),
)
