"""The records of a JSON file as COPY sees them: root objects with nothing or white space between.

orjson reads the lines that hold one object each. What it cannot tell (how a number was written, a key that stands twice,
an object over several lines, bytes that are no UTF-8) is read again by an exact parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

TRICKY = re.compile(rb'"\s+:|[0-9]{19}|-0[^.0-9]')
"""In files with blanks before colons keys are not counted; of long integers orjson makes floats, and 0 of -0."""

BLANK = re.compile(r"[ \t\r\n]*")
NEXT_OBJECT = re.compile(r"\n(?=[ \t]*\{)")


class Number(str):
    """A number as it was written."""

    __slots__ = ()


@dataclass(frozen=True)
class Junk:
    """What is no JSON value, or none that is a row."""

    reason: str
    text: str


Record = dict[str, Any] | list[Any] | Junk


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of keys that stand twice the first counts."""
    made: dict[str, Any] = {}
    for key, value in pairs:
        made.setdefault(key, value)
    return made


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


EXACT = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=Number, parse_int=Number, parse_constant=_constant, strict=True
)


def records(data: bytes) -> Iterator[tuple[int, Record]]:
    """Each root value with the line it ends in, from 1."""
    quick = TRICKY.search(data) is None
    loads = orjson.loads
    at = number = 0
    size = len(data)
    while at < size:
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else size]
        number += 1
        if line and not line.isspace():
            value = None
            if quick and line[:1] == b"{":
                try:
                    value = loads(line)
                except orjson.JSONDecodeError:
                    value = None
            if value is not None and line.count(b'":') == len(value):
                yield number, value
            else:
                found = _whole_line(line)
                if found is None:
                    yield from _rest(data[at:].decode("utf-8", "surrogateescape"), number)
                    return
                for record in found:
                    yield number, record
        if end < 0:
            return
        at = end + 1


def _whole_line(line: bytes) -> list[Record] | None:
    """The objects of a line that holds nothing else."""
    text = line.decode("utf-8", "surrogateescape")
    found: list[Record] = []
    at = 0
    while True:
        at = _skip(text, at)
        if at == len(text):
            return found
        if text[at] != "{":
            return None
        try:
            value, at = EXACT.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(value)


def _skip(text: str, at: int) -> int:
    found = BLANK.match(text, at)
    assert found is not None
    return found.end()


def _rest(text: str, line: int) -> Iterator[tuple[int, Record]]:
    """The same for a text of any shape. After junk the next line that begins an object goes on."""
    at = counted = 0
    while True:
        at = _skip(text, at)
        if at == len(text):
            return
        start = at
        record: Record
        if text[at] in "{[":
            try:
                record, at = EXACT.raw_decode(text, at)
            except (ValueError, RecursionError) as failure:
                record = Junk(f"Invalid JSON: {failure}", text[start : start + 1024])
        else:
            record = Junk("Invalid JSON: no object", text[start : start + 1024])
        if isinstance(record, Junk):
            following = NEXT_OBJECT.search(text, start)
            at = len(text) if following is None else following.end()
            line += text.count("\n", counted, start)
            yield line, record
            line += text.count("\n", start, at)
        else:
            line += text.count("\n", counted, at)
            yield line, record
        counted = at
