"""A value as somebody gave it: how an error shows it, and what may have become of it on its way here."""

from __future__ import annotations

import re


def visible(value: str) -> str:
    r"""The value as an error shows it: in quotes and with escapes such as `\r` where one would not see all of it."""
    return value if value and value.isprintable() and value == value.strip() else repr(value)


def remark(value: str, otherwise: str) -> str:
    """What to do about a value that names nothing: what its look tells, or `otherwise`."""
    if "\r" in value:
        return "it holds a carriage return (\\r), as lines of a file edited on Windows do: remove it"
    if not value.isprintable() or value != value.strip():
        return "it holds characters that one does not see: remove them"
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return "the quotes are part of it: leave them out"
    if value.startswith("~"):
        return "~ stands for no folder here: write the whole path"
    if re.search(r"\$\w|\$\{|%\w+%", value):
        return "variables are not filled in here: write the whole path"
    return otherwise
