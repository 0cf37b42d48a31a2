"""Names of files as text. A name is bytes; text is what tables, terminals and engines take.

Python holds bytes that are not UTF-8 as lone surrogates, which none of these takes.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")
_LOOKALIKE = re.compile(rb"\\(?=x[0-9a-f]{2})")


def is_text(path: Path | str) -> bool:
    """Whether a path is UTF-8, so that an engine can open it by its name."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def as_text(path: Path | str) -> str:
    r"""A path as text that any table holds: bytes that are not UTF-8 are written `\xNN`, so is what looks like that."""
    name = os.fspath(path)
    if name.isascii() and "\\x" not in name:
        return name
    return _LOOKALIKE.sub(rb"\\x5c", os.fsencode(name)).decode("utf-8", "backslashreplace")


def as_path(text: str) -> Path:
    """The path that `as_text` was given."""
    if "\\x" not in text:
        return Path(text)
    return Path(os.fsdecode(_ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode())))


def shown(message: str) -> str:
    """A message that quotes names, as text that any table holds."""
    if is_text(message):
        return message
    try:
        return message.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a surrogate that stands in data
        return message.encode("utf-8", "backslashreplace").decode()
