"""The exact reader: splits a file into JSON values and holds every record against design section 4.1.

The engine's own reader is fast, but bends what the design rejects. So it reads the files whose shape it
reads exactly (`shape.py` tells), and this module reads all others: it writes each good record again in a
form that cannot be misread, and sets each bad one aside with its line and reason. It runs at tens of
thousands of records a second in bounded memory.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined] # what the decoder itself reads keys with
from typing import Protocol

from sparkify.source.fields import EPOCH_MAX, EPOCH_MIN, INT_MAX, INT_MIN, MAX_RECORD, Field, Type
from sparkify.source.jsonpaths import JsonPaths

RECORD_SHOWN = 1000
"""Characters of a rejected record that are kept."""

_BLOCK = 1 << 20
_SEPARATORS = re.compile(r"[ \t\r\n\f\v]*")
_NEXT_RECORD = re.compile(r"\n(?=\{)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_SUSPICIOUS_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_SPACE = re.compile(r"[ \t\n\r]*")
_JSON_SPACE = " \t\r\n"


class Readable(Protocol):
    """What is read: decompressed bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


class Number(str):
    """A JSON number as the source writes it: `1.10` stays `1.10`."""

    __slots__ = ()


class BadValue(ValueError):
    """A record does not fit its columns; the message is the reason of its reject."""


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number, parse_constant=_no_constant)


@dataclass(frozen=True, slots=True)
class Deep:
    """An object or array that nests deeper than the decoder goes (about a thousand levels); not looked into."""


_CONTAINER = (dict, list, Deep)


def _value(text: str, start: int) -> tuple[object, int]:
    """The JSON value that starts there and where it ends; raises json.JSONDecodeError when there is none."""
    try:
        return _DECODER.raw_decode(text, start)
    except RecursionError:
        return Deep(), _end_of_deep(text, start)


def _end_of_deep(text: str, start: int) -> int:
    """Where an object or array ends, however deep it nests: the decoder's grammar without its recursion.

    Raises json.JSONDecodeError where the text is no JSON.
    """
    closing: list[str] = []
    position = start
    while True:
        if text[position : position + 1] in ("{", "["):
            closing.append("}" if text[position] == "{" else "]")
            position = _space(text, position + 1)
            if text[position : position + 1] != closing[-1]:
                if closing[-1] == "}":
                    position = _key(text, position)
                continue
        else:
            _, position = _DECODER.raw_decode(text, position)
            position = _space(text, position)
        while closing and text[position : position + 1] == closing[-1]:
            closing.pop()
            position = _space(text, position + 1) if closing else position + 1
        if not closing:
            return position
        if text[position : position + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' delimiter", text, position)
        position = _space(text, position + 1)
        if closing[-1] == "}":
            position = _key(text, position)


def _key(text: str, position: int) -> int:
    """Where the value of a member begins whose key stands there."""
    if text[position : position + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, position)
    _, position = scanstring(text, position + 1)
    position = _space(text, position)
    if text[position : position + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, position)
    return _space(text, position + 1)


def _space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    assert match is not None
    return match.end()


@dataclass(frozen=True, slots=True)
class Value:
    """One complete JSON value of the file."""

    line: int
    text: str
    data: object


@dataclass(frozen=True, slots=True)
class Garbage:
    """Text that is no JSON value, up to the next line that begins with `{`."""

    line: int
    text: str
    reason: str


class _Window:
    """The part of a file that is being looked at: text from `position` on, and the line it stands in."""

    def __init__(self, stream: Readable) -> None:
        self.text = ""
        self.position = 0
        self.line = 1
        self.ended = False
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        while not self.text and not self.ended:
            self.extend()
        self.text = self.text.removeprefix("\ufeff")

    def extend(self) -> None:
        """Read on, by as much again as is held, so that a long record is not looked at too often."""
        wanted = max(_BLOCK, len(self.text) - self.position)
        data = self._stream.read(wanted)
        self.ended = not data
        more = self._decoder.decode(data, final=self.ended)
        self.text = self.text[self.position :] + more
        self.position = 0

    def advance(self, end: int) -> None:
        self.line += self.text.count("\n", self.position, end)
        self.position = end

    def skip_separators(self) -> bool:
        """Go to the next character that is no white space; False at the end of the file."""
        while True:
            match = _SEPARATORS.match(self.text, self.position)
            assert match is not None
            self.advance(match.end())
            if self.position < len(self.text):
                return True
            if self.ended:
                return False
            self.extend()


def split(stream: Readable) -> Iterator[Value | Garbage]:
    """The JSON values of a file and what lies between them, in order, with lines counted from 1."""
    window = _Window(stream)
    while window.skip_separators():
        try:
            data, end = _decode(window)
        except ValueError as error:
            yield _skip(window, _reason(error))
        else:
            yield Value(window.line, window.text[window.position : end], data)
            window.advance(end)


def _decode(window: _Window) -> tuple[object, int]:
    """The value at the window's position and where it ends; raises ValueError when there is none."""
    while True:
        try:
            data, end = _value(window.text, window.position)
        except json.JSONDecodeError as error:
            # Tokens do not span lines, so an error before the last line is final; one in it may only
            # mean that the rest has not been read yet.
            if window.ended or window.text.find("\n", error.pos) not in (-1, len(window.text) - 1):
                raise
        else:
            bare = not isinstance(data, _CONTAINER) and window.text[end - 1] != '"'
            if end < len(window.text) or window.ended:
                following = window.text[end : end + 1]
                if bare and following not in ("", "\f", "\v", *'{["', *_JSON_SPACE):
                    raise ValueError("malformed JSON: no value")
                return data, end
        if len(window.text) - window.position > MAX_RECORD:
            raise ValueError(f"longer than {MAX_RECORD >> 20} MiB")
        window.extend()


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"malformed JSON: {error.msg[:1].lower()}{error.msg[1:]}".removesuffix(" at")
    return str(error)


def _skip(window: _Window, reason: str) -> Garbage:
    """Pass over everything up to the next line that begins with `{`; the window stands there afterwards."""
    line = window.line
    text = None
    while True:
        match = _NEXT_RECORD.search(window.text, window.position)
        stop = len(window.text) if match is None else match.start()
        if text is None:
            text = window.text[window.position : min(stop, window.position + RECORD_SHOWN)].rstrip()
        if match is not None or window.ended:
            window.advance(stop if match is None else match.end())
            return Garbage(line, text, reason)
        # Keep the last character: it may be the LF before a `{` that is not read yet.
        window.advance(max(window.position, len(window.text) - 1))
        window.extend()


class Checker:
    """Turns the JSON objects of one kind of file into values for the staging columns.

    The values come keyed by the public field name: text, int (EPOCH: milliseconds) or float, without NULLs.
    """

    def __init__(self, fields: tuple[Field, ...], paths: JsonPaths | None = None) -> None:
        self._fields = fields
        self._paths = paths.paths if paths is not None else None

    def check(self, value: Value) -> dict[str, str | int | float]:
        """The record's values; raises BadValue with the reason when it must be rejected."""
        if isinstance(value.data, Deep) and value.text[0] == "{":
            members = {str(key): _value(value.text, start)[0] for key, start, _ in _members(value.text, 0)}
            value = Value(value.line, value.text, members)
        if not isinstance(value.data, dict):
            raise BadValue("not a JSON object")
        if len(value.text) > MAX_RECORD:
            raise BadValue(f"longer than {MAX_RECORD >> 20} MiB")
        check_text(value)
        found = self._by_path(value) if self._paths is not None else self._by_name(value)
        record: dict[str, str | int | float] = {}
        for field, source in zip(self._fields, found, strict=True):
            typed = convert(field, source)
            if typed is not None:
                record[field.name] = typed
            if field.required and (typed is None or typed == ""):
                raise BadValue(f"{field.name} is missing")
        return record

    def _by_name(self, value: Value) -> list[object]:
        """What the public names hold, matched exactly, then ignoring case."""
        data: dict[str, object] = value.data  # type: ignore[assignment]
        folded: dict[str, str] | None = None
        found: list[object] = []
        for field in self._fields:
            key = field.name
            if key not in data:
                if folded is None:
                    folded = {name.lower(): name for name in data}
                key = folded.get(key.lower(), "")
                if key == "":
                    found.append(None)
                    continue
            item = data[key]
            if isinstance(item, _CONTAINER) and field.type is Type.TEXT:
                item = source_text(value.text, (key,))
            found.append(item)
        return found

    def _by_path(self, value: Value) -> list[object]:
        assert self._paths is not None
        found: list[object] = []
        for field, path in zip(self._fields, self._paths, strict=True):
            item: object = value.data
            for step in path:
                if isinstance(step, str) and isinstance(item, dict):
                    item = item.get(step)
                elif isinstance(step, int) and isinstance(item, list) and step < len(item):
                    item = item[step]
                else:
                    item = None
            if isinstance(item, _CONTAINER) and field.type is Type.TEXT:
                item = source_text(value.text, path)
            found.append(item)
        return found


def check_text(value: Value) -> None:
    """Raise BadValue when a text of the record is no Unicode text or holds U+0000."""
    try:
        value.text.encode()
    except UnicodeEncodeError as error:
        raise BadValue("invalid UTF-8") from error
    if _SUSPICIOUS_ESCAPE.search(value.text):
        for start in _STRING.finditer(value.text):
            text, _ = scanstring(value.text, start.start() + 1)
            if "\0" in text:
                raise BadValue("U+0000 in text")
            try:
                text.encode()
            except UnicodeEncodeError as error:
                raise BadValue("half a surrogate pair in text") from error


def convert(field: Field, source: object) -> str | int | float | None:
    """A source value as its column holds it; raises BadValue when it does not fit."""
    if source is None:
        return None
    if field.type is Type.TEXT:
        text = str(source) if isinstance(source, str) else "true" if source is True else "false"
        if len(text) * 4 > field.width and len(text.encode()) > field.width:
            raise BadValue(f"{field.name} is {len(text.encode()):,} bytes long, {field.width:,} fit")
        return text
    if source == "" and not isinstance(source, Number):
        return None
    match = _NUMBER.fullmatch(source) if isinstance(source, str) else None
    if match is None:
        raise BadValue(f"{field.name} {_shown(source)} is no number")
    assert isinstance(source, str)
    if field.type is Type.DOUBLE:
        number = float(source)
        if not math.isfinite(number):
            raise BadValue(f"{field.name} {_shown(source)} is too large")
        return number
    return _whole(field, source, plain=match.group(1) is None and match.group(2) is None)


def _whole(field: Field, source: str, *, plain: bool) -> int:
    low, high = (EPOCH_MIN, EPOCH_MAX) if field.type is Type.EPOCH else (INT_MIN, INT_MAX)
    if plain:
        whole = int(source) if len(source) <= 20 else high + 1
    else:
        number = float(source)
        if not number.is_integer() and math.isfinite(number):
            raise BadValue(f"{field.name} {_shown(source)} is no whole number")
        whole = int(number) if math.isfinite(number) else high + 1
    if not low <= whole <= high:
        raise BadValue(f"{field.name} {_shown(source)} is out of range")
    return whole


def _shown(source: object) -> str:
    if isinstance(source, _CONTAINER):
        return "an object or array"
    text = str(source) if isinstance(source, str) else json.dumps(source)
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}…'"


def source_text(text: str, path: tuple[str | int, ...]) -> str:
    """The text of a nested value as the source writes it; the last of equal keys wins, as in the value."""
    start, end = 0, len(text)
    for step in path:
        for key, first, last in list(_members(text, start)):
            if key == step:
                start, end = first, last
    return text[start:end]


def _members(text: str, start: int) -> Iterator[tuple[str | int, int, int]]:
    """Key or index, start and end of each member of the object or array that starts at `start`."""
    position = _space(text, start + 1)
    index = 0
    is_object = text[start] == "{"
    while text[position] not in "}]":
        key: str | int = index
        if is_object:
            key, position = scanstring(text, position + 1)
            position = _space(text, _space(text, position) + 1)
        _, end = _value(text, position)
        yield key, position, end
        index += 1
        position = _space(text, end)
        if text[position] == ",":
            position = _space(text, position + 1)
