"""Why text is no JSON, told by one look at where its reading broke."""

from __future__ import annotations

import re
from enum import IntEnum, auto

ABOUT = 40
"""Bytes before and behind the place that are looked at, at most."""


class Expected(IntEnum):
    """What the grammar wants next."""

    VALUE = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    ELEMENT = auto()
    ELEMENT_OR_END = auto()
    COMMA = auto()
    """Or the end of the object or array."""


_NOT_JSON = frozenset({"NaN", "nan", "Infinity", "inf", "None", "True", "False", "undefined"})
_WORD = re.compile(rb"^[-+]?[A-Za-z]+")
_NUMBER = re.compile(rb"[-+.\w]{1,40}")
_NUMBER_BEFORE = re.compile(rb"[-+.\w]*$")
_SPACE = b" \t\r\n\f\v"
_BOM = b"\xef\xbb\xbf"


def reason(data: bytes, start: int, at: int, expected: Expected, *, in_text: bool) -> str:
    """Why no JSON value begins at `start`: the reading broke `at` there, perhaps within a text."""
    told = (
        _cut_short(data, start, at)
        or _no_character(data, at)
        or (_in_text(data, at) if in_text else None)
        or _no_token(data, start, at, expected)
        or (_no_beginning(data, at) if at == start else None)
        or _out_of_place(data, start, at, expected)
    )
    return f"malformed JSON: {told}"


def _cut_short(data: bytes, start: int, at: int) -> str | None:
    if at >= len(data):
        return "cut short, the file ends within the record"
    if data[at : at + 1] == b"{" and at > start and _begins_line(data, start, at):
        return "cut short, another record begins within it"
    return None


def _no_character(data: bytes, at: int) -> str | None:
    if data[at : at + 1] == b"\0":
        return "a NUL byte"
    return "a byte order mark that does not begin the file" if data.startswith(_BOM, at) else None


def _in_text(data: bytes, at: int) -> str:
    byte = data[at]
    if byte in b"\n\r":
        return "a text that is not closed at the end of its line"
    if byte == ord("\\"):
        return f"'{_shown(data[at : at + 2])}' is not an escape of JSON"
    return f"control character U+{byte:04X} in a text, which JSON writes \\u{byte:04x}"


def _no_token(data: bytes, start: int, at: int, expected: Expected) -> str | None:
    """What other languages write, and JSON does not."""
    if data[at : at + 1] == b"'":
        return "single quotes where JSON has double quotes"
    if found := _odd_number(data, start, at, expected):
        return f"'{_shown(found)}' is not a number of JSON"
    word = _match(_WORD, data[at : at + ABOUT]).decode()
    return f"{word} is not a value of JSON" if word.lstrip("-+") in _NOT_JSON else None


def _no_beginning(data: bytes, at: int) -> str:
    if data[at : at + 1] == b",":
        return "a comma between records"
    return f"no JSON value begins with '{_shown(data[at : at + 12])}'"


def _out_of_place(data: bytes, start: int, at: int, expected: Expected) -> str:
    found = f"'{_shown(data[at : at + 1])}'"
    before = data[max(start, at - ABOUT) : at].rstrip(_SPACE)[-1:]
    closing = data[at : at + 1] in (b"}", b"]")
    if closing and before == b",":
        return f"a trailing comma before {found}"
    if expected is Expected.COLON:
        return f"{found} where a name wants ':'"
    if expected is Expected.COMMA:
        return f"{found} where ',' or the end of the object or array is wanted"
    if expected in (Expected.KEY, Expected.KEY_OR_END):
        return f"{found} where a name in double quotes is wanted"
    if closing or data[at : at + 1] == b",":
        return f"{found} where a value is wanted"
    return f"{found} begins no value; text wants double quotes"


def _odd_number(data: bytes, start: int, at: int, expected: Expected) -> bytes | None:
    """A number that is not written as JSON writes it, such as 01, 1., .5 or +1."""
    if expected is Expected.COMMA:  # the part of it that is a number was taken
        begin = at - len(_match(_NUMBER_BEFORE, data[max(start, at - ABOUT) : at]))
        is_number = begin < at and data[begin] in b"-0123456789" and _NUMBER.match(data, at) is not None
        return _match(_NUMBER, data[begin : at + ABOUT]) if is_number else None
    if expected in (Expected.VALUE, Expected.ELEMENT) and data[at] in b"-+.":
        found = _match(_NUMBER, data[at : at + ABOUT])
        return found if found[1:2].isdigit() or len(found) == 1 else None
    return None


def _match(pattern: re.Pattern[bytes], data: bytes) -> bytes:
    found = pattern.search(data)
    return found[0] if found else b""


def _begins_line(data: bytes, start: int, at: int) -> bool:
    """Whether a `{` stands where a record may begin: at the beginning of a line, or behind a `}`."""
    before = data[start:at]
    solid = before.rstrip(_SPACE)
    return solid.endswith(b"}") or b"\n" in before[len(solid) :]


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "backslashreplace")
