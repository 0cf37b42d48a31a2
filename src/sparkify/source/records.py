"""The exact reader: holds every record of a file against design section 4.1.

The engine's own reader is fast, but bends what the design rejects. So it reads the files whose shape it
reads exactly (`shape.py` tells), and all others are split by `grammar.py` and judged here: each good record
is written again in a form that cannot be misread, each bad one set aside with its line and reason. It runs at
tens of thousands of records a second in bounded memory.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from sparkify.source.fields import EPOCH_MAX, EPOCH_MIN, FIELDS, INT_MAX, INT_MIN, Field, Type
from sparkify.source.grammar import TEXT, Value, members
from sparkify.source.jsonpaths import JsonPaths, Step

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
_LONGEST_EXPONENT = 10
"""Digits of an exponent with which no number that fits into a file is both whole and in any range, unless it is 0."""
_LONGEST_WHOLE = 20
"""Digits from which on a whole number is out of every range."""
_TOO_LARGE: int = 10**_LONGEST_WHOLE
_SUSPICIOUS_ESCAPE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_LONG = 1 << 20
"""Bytes from which on a record is not decoded as a whole: what is unknown in it may take many times its bytes."""
_OBJECTS = re.compile(rb"\[[ \t\n\r]*\{")


class Number(str):
    """A JSON number as the source writes it: `1.10` stays `1.10`."""

    __slots__ = ()


class BadValue(ValueError):
    """A record does not fit its columns; the message is the reason of its reject."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An object or array that is too long for the decoder, or too deep (a thousand levels), to be looked into."""


_CONTAINER = (dict, list, Unread)
_DECODER = json.JSONDecoder(parse_float=Number, parse_int=Number)


def decode(text: bytes) -> dict[str, object]:
    """The members of a complete JSON object, the last of equal keys; raises UnicodeDecodeError."""
    whole = text.decode()
    if len(text) <= _LONG:
        try:
            return cast("dict[str, object]", _DECODER.decode(whole))
        except RecursionError:
            pass
    return {str(key): _decode_scalar(text[start:end]) for key, start, end in members(text)}


def _decode_scalar(text: bytes) -> object:
    return Unread() if text[:1] in (b"{", b"[") else _DECODER.decode(text.decode())


class Checker:
    """Turns the JSON objects of one kind of file into values for the staging columns.

    The values come keyed by the public field name: text, int (EPOCH: milliseconds) or float, without NULLs.
    """

    def __init__(self, fields: tuple[Field, ...], paths: JsonPaths | None = None) -> None:
        self._fields = fields
        self._named = [(field, field.name, (field.name,)) for field in fields]
        self._required = [field.name for field in fields if field.required]
        self._paths = paths.paths if paths is not None else None

    def check(self, value: Value) -> dict[str, str | int | float]:
        """The record's values; raises BadValue with the reason when it must be rejected."""
        if not value.is_object:
            raise BadValue(_no_object(value.text))
        try:
            data = decode(value.text)
        except UnicodeDecodeError as error:
            raise BadValue(f"invalid UTF-8, byte 0x{value.text[error.start]:02x}") from error
        suspicious = _SUSPICIOUS_ESCAPE.search(value.text) is not None
        found = self._by_path(data, value.text) if self._paths is not None else self._by_name(data, value.text)
        record: dict[str, str | int | float] = {}
        for field, path, source in found:
            if source is None:
                continue
            nested = isinstance(source, _CONTAINER)
            text = source_text(value.text, path) or b"" if nested else b""
            if suspicious:
                _check_texts(field, text if nested else source)
            typed = convert(field, text.decode() if nested and field.type is Type.TEXT else source)
            if typed is not None:
                record[field.name] = typed
        for name in self._required:
            if record.get(name, "") == "":
                raise BadValue(f"{name} is missing{self._instead(record, data)}")
        return record

    def _by_name(self, data: dict[str, object], text: bytes) -> Iterator[tuple[Field, tuple[Step, ...], object]]:
        """What the public names hold, matched exactly, then ignoring case, and where that is."""
        folded: dict[str, str] | None = None
        for field, name, path in self._named:
            if name in data:
                yield field, path, data[name]
                continue
            if folded is None:
                folded = {key.lower(): key for key in data}
                if len(folded) < len(data):  # the last wins, and a key that comes again stands where it first was
                    folded = {str(key).lower(): str(key) for key, _, _ in members(text)}
            key = folded.get(name.lower())
            if key is not None:
                yield field, (key,), data[key]

    def _by_path(self, data: dict[str, object], text: bytes) -> Iterator[tuple[Field, tuple[Step, ...], object]]:
        assert self._paths is not None
        for field, path in zip(self._fields, self._paths, strict=True):
            item: object = data
            for step in path:
                if isinstance(step, str) and isinstance(item, dict):
                    item = item.get(step)
                elif isinstance(step, int) and isinstance(item, list) and step < len(item):
                    item = item[step]
                elif isinstance(item, Unread):
                    found = source_text(text, path)
                    item = _decode_scalar(found) if found is not None else None
                    break
                else:
                    item = None
            yield field, path, item

    def _instead(self, record: dict[str, str | int | float], data: dict[str, object]) -> str:
        """What the object is instead of a record, for the message."""
        is_event = self._fields is FIELDS["log"]
        if is_event and "song_id" in data:
            return "; this is a song, so check --song-data and --log-data"
        if not is_event and "ts" in data and "page" in data:
            return "; this is an event, so check --song-data and --log-data"
        for key, item in data.items():
            if not record and isinstance(item, list) and item and isinstance(item[0], dict):
                return f"; '{key[:40]}' holds a list of records, so write each of them on a line of its own"
        return ""


def _no_object(text: bytes) -> str:
    """What a complete JSON value is that is no object."""
    if _OBJECTS.match(text):
        return "not a JSON object but an array of objects; write each of them on a line of its own"
    kind = {b"[": "an array", b'"': "a text", b"t": "a boolean", b"f": "a boolean", b"n": "null"}
    return f"not a JSON object but {kind.get(text[:1], 'a number')}"


def _check_texts(field: Field, source: object) -> None:
    """Raise BadValue when a text, or one within the JSON text (bytes) of a value, is no Unicode or holds U+0000."""
    if isinstance(source, bytes):
        texts = [str(_DECODER.decode(found[0].decode())) for found in TEXT.finditer(source)]
    else:
        texts = [source] if isinstance(source, str) else []
    for text in texts:
        if "\0" in text:
            raise BadValue(f"U+0000 in {field.name}")
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadValue(f"half a surrogate pair in {field.name}") from error


def convert(field: Field, source: object) -> str | int | float | None:
    """A source value, not null, as its column holds it; raises BadValue when it does not fit."""
    if field.type is Type.TEXT:
        text = str(source) if isinstance(source, str) else "true" if source is True else "false"
        if len(text) * 4 > field.width and len(text.encode()) > field.width:
            raise BadValue(f"{field.name} is {len(text.encode()):,} bytes long, {field.width:,} fit")
        return text
    if source == "":
        return None
    match = _NUMBER.fullmatch(source) if isinstance(source, str) else None
    if match is None:
        raise BadValue(f"{field.name} {_shown(source)} is no number")
    if field.type is Type.DOUBLE:
        number = float(match[0])
        if not math.isfinite(number * field.factor):
            raise BadValue(f"{field.name} {_shown(source)} is too large")
        return number
    low, high = (EPOCH_MIN, EPOCH_MAX) if field.type is Type.EPOCH else (INT_MIN, INT_MAX)
    plain = len(match[0]) < _LONGEST_WHOLE and match[0].lstrip("-").isdecimal()
    whole: int | None = int(match[0]) if plain else _whole(*match.groups(default=""))
    if whole is None:
        raise BadValue(f"{field.name} {_shown(source)} is no whole number")
    if not low <= whole <= high:
        raise BadValue(f"{field.name} {_shown(source)} is out of range")
    return whole


def _whole(sign: str, before: str, after: str, exponent: str) -> int | None:
    """The value of a number as a decimal, None when it is not whole; far out of range when it has too many digits.

    The number is `digits` times ten to the power of `scale`. Either may be written with thousands of digits, so
    nothing is computed before that is known to be short.
    """
    digits = (before + after).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return 0
    power = exponent.lstrip("+-").lstrip("0")
    if len(power) > _LONGEST_EXPONENT:
        return None if exponent.startswith("-") else _TOO_LARGE
    scale = -int(power or "0") if exponent.startswith("-") else int(power or "0")
    scale += len(digits) - len(significant) - len(after)
    if scale < 0:
        return None
    if len(significant) + scale >= _LONGEST_WHOLE:
        return _TOO_LARGE
    return int(sign + significant + "0" * scale)


def _shown(source: object) -> str:
    if isinstance(source, _CONTAINER):
        return "an object or array"
    text = str(source) if isinstance(source, str) else json.dumps(source)
    return f"'{text}'" if len(text) <= 40 else f"'{text[:40]}…'"


def source_text(text: bytes, path: tuple[Step, ...]) -> bytes | None:
    """A nested value as the source writes it, None when there is none; the last of equal keys wins, as in the value."""
    for step in path:
        if text[:1] not in (b"{", b"["):
            return None
        spans = [text[start:end] for key, start, end in members(text) if key == step]
        if not spans:
            return None
        text = spans[-1]
    return text
