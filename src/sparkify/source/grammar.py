"""Where JSON values begin and end in the bytes of a file: design section 4.1, "What one reject is".

A file is split into complete JSON values and what lies between them. The grammar is RFC 8259 over bytes, as the
tables below spell it out; whether bytes are UTF-8, and whether a value fits its columns, is looked at elsewhere
(`records.py`).

Two promises hold for every input. The bounds of the blocks in which a file is read decide nothing: no token that
may go on in the next block is judged before that is there. And the work is linear in the bytes. What makes that
hard is that reading begins again at every `{` behind text that came to no end, and each may run to the end of the
file again. But a brace that the broken reading took for the beginning of an object, and that was still open where
it broke, breaks there too, and for the same reason: so a `Scan` keeps where its open objects begin, and nothing
open in it is read twice. A brace that it took for a part of a text is read anew, with texts and the rest having
changed places; there are no more than these two ways to read a byte, so none is looked at by more than two scans.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from sparkify.source.fields import MAX_RECORD, RECORD_SHOWN
from sparkify.source.malformed import ABOUT, Expected, reason

BLOCK = 1 << 20
"""Bytes of a file that are read at a time."""
BOM = b"\xef\xbb\xbf"
_SHOWN = 4 * RECORD_SHOWN  # bytes of as many characters

# The grammar. Repetitions of characters are possessive: what they took is never given back. Those of groups are not
# (before Python 3.11.5 they lose their place when a round fails); where a round is given back, what follows it fails at
# once, so matching stays linear.
_SPACE = rb"[ \t\n\r]*+"
_STRING = rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*"'
_NUMBER = rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_SCALAR = rb"(?:%b|%b|true|false|null)" % (_STRING, _NUMBER)
# Any number of members or elements at once: a comma follows each, so none of them can go on in the next block.
_MEMBER = rb"%b%b:%b%b%b" % (_STRING, _SPACE, _SPACE, _SCALAR, _SPACE)
_MEMBERS = re.compile(rb"(?:%b,%b){0,512}" % (_MEMBER, _SPACE))
_ELEMENTS = re.compile(rb"(?:%b%b,%b){0,512}" % (_SCALAR, _SPACE, _SPACE))
# Most records: objects that hold neither object nor array. Nothing can go on behind the brace that closes one.
_FLAT = re.compile(rb"\{%b(?:%b(?:,%b%b)*)?\}" % (_SPACE, _MEMBER, _SPACE, _MEMBER))
_KEY = re.compile(rb"(%b)%b:%b" % (_STRING, _SPACE, _SPACE))
_ONE_SCALAR = re.compile(_SCALAR)
_BOUNDS = re.compile(rb'[^"{}[\]]*+(?:%b|([{[])|([}\]]))' % _STRING)
_BLANK = re.compile(_SPACE)
TEXT = re.compile(_STRING)
"""A text, in its quotes."""
_OPEN_TEXT = re.compile(_STRING[:-1])
_WHOLE_NUMBER = re.compile(_NUMBER)
_MAYBE_NUMBER = re.compile(rb"[-+.0-9eE]*+")
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_ESCAPE_BEGUN = re.compile(rb"\\(?:u[0-9A-Fa-f]{0,3})?")

_BRACE, _BRACE_CLOSED, _BRACKET, _BRACKET_CLOSED, _COMMA, _COLON, _QUOTE = b'{}[],:"'
_RUNS = {
    Expected.KEY: (_MEMBERS, Expected.KEY),
    Expected.KEY_OR_END: (_MEMBERS, Expected.KEY),
    Expected.ELEMENT: (_ELEMENTS, Expected.ELEMENT),
    Expected.ELEMENT_OR_END: (_ELEMENTS, Expected.ELEMENT),
}
_KEYS = frozenset({Expected.KEY, Expected.KEY_OR_END})
_PUNCTUATION = {Expected.COMMA: _COMMA, Expected.COLON: _COLON}
_MAY_END = frozenset({Expected.COMMA, Expected.KEY_OR_END, Expected.ELEMENT_OR_END})

# What may stand between records, and where reading begins again.
_BETWEEN = b" \t\r\n\f\v"
_SEPARATORS = re.compile(rb"[%b]*+" % _BETWEEN)
_NO_RECORD = re.compile(rb"(?:[^\n}]++|[\n}][%b}]*+(?!\{|\Z))*" % _BETWEEN)
_BEFORE_RECORD = re.compile(rb"[%b}]*+" % _BETWEEN)


class Readable(Protocol):
    """What is read: decompressed bytes."""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes; empty at the end."""


@dataclass(frozen=True, slots=True)
class Value:
    """One complete JSON value of the file."""

    line: int
    text: bytes

    @property
    def is_object(self) -> bool:
        return self.text.startswith(b"{")


@dataclass(frozen=True, slots=True)
class Garbage:
    """Text that is no JSON value, up to where reading begins again; white space at its end left out."""

    line: int
    text: bytes
    """As much of it as a reject shows."""
    size: int
    """Bytes of all of it."""
    reason: str


def split(stream: Readable, *, block: int = BLOCK, longest: int = MAX_RECORD) -> Iterator[Value | Garbage]:
    """The JSON values of a file and what lies between them, in order, with lines counted from 1.

    It is read in blocks of `block` bytes; a value of more than `longest` bytes is garbage.
    """
    window = _Window(stream, block, longest)
    scans: list[Scan] = []
    """Those that reach beyond the window's position: at most two, as the module's text says."""
    while window.skip_separators():
        start = window.offset
        scan = next((each for each in scans if each.take_up(start)), None)
        if scan is None:
            if flat := _FLAT.match(window.data, window.position, window.limit - 1):
                yield Value(window.line, flat[0])
                window.advance(flat.end())
                continue
            scan = Scan(start)
            scans.append(scan)
        while (state := scan.go_on(window)) is State.OPEN and window.held <= longest:
            window.extend()
        if state is State.OPEN or scan.offset - start > longest:
            yield window.skip(f"longer than {longest >> 20} MiB")
        elif state is State.BROKEN:
            yield window.skip(scan.fault)
        else:
            end = scan.offset - window.base
            yield Value(window.line, window.data[window.position : end])
            scans.remove(scan)
            window.advance(end)
        scans = [each for each in scans if each.offset > window.offset]


def members(text: bytes) -> Iterator[tuple[str | int, int, int]]:
    """Key or index, start and end of each member of a complete object or array."""
    at = _end(_BLANK, text, 1)
    index = 0
    while text[at] not in b"}]":
        key: str | int = index
        if text.startswith(b"{"):
            found = _KEY.match(text, at)
            assert found is not None
            key, at = json.loads(found[1].decode()), found.end()
        end = _value_end(text, at)
        yield key, at, end
        index += 1
        at = _end(_BLANK, text, end)
        if text[at] == _COMMA:
            at = _end(_BLANK, text, at + 1)


def _value_end(text: bytes, at: int) -> int:
    """Where a value ends that begins there and is known to be complete."""
    if text[at] not in b"{[":
        return _end(_ONE_SCALAR, text, at)
    depth = 0
    for found in _BOUNDS.finditer(text, at):
        depth += (found[1] is not None) - (found[2] is not None)
        if depth == 0:
            return found.end()
    raise AssertionError("the value is not complete")


class _Window:
    """The part of a file that is being looked at: data from `position` on, and the line it stands in."""

    def __init__(self, stream: Readable, block: int, longest: int) -> None:
        self.data = b""
        self.base = 0
        """Where in the file the data begins."""
        self.position = 0
        self.line = 1
        self.ended = False
        self._stream, self._block, self.longest = stream, block, longest
        while len(self.data) < len(BOM) and not self.ended:
            self.extend()
        if self.data.startswith(BOM):
            self.position = len(BOM)

    @property
    def offset(self) -> int:
        """Of the position in the file."""
        return self.base + self.position

    @property
    def limit(self) -> int:
        """Where in the data a value that begins at the position is too long."""
        return min(len(self.data), self.position + self.longest + 1)

    @property
    def held(self) -> int:
        """Bytes from the position on."""
        return len(self.data) - self.position

    def extend(self) -> None:
        """Read on, by as much again as is held, so that a long token is not looked at too often."""
        pieces = [self.data[self.position :]]
        wanted = max(self._block, min(self.held, self.longest))
        while wanted > 0 and not self.ended:
            piece = self._stream.read(wanted)
            self.ended = not piece
            wanted -= len(piece)
            pieces.append(piece)
        self.data = b"".join(pieces)
        self.base += self.position
        self.position = 0

    def show(self, offset: int) -> None:
        """Read on up to there, if the file is as long."""
        while self.base + len(self.data) < offset and not self.ended:
            self.extend()

    def advance(self, end: int) -> None:
        self.line += self.data.count(b"\n", self.position, end)
        self.position = end

    def skip_separators(self) -> bool:
        """Go to the next byte that is no white space; False at the end of the file."""
        while True:
            self.advance(_end(_SEPARATORS, self.data, self.position))
            if self.position < len(self.data):
                return True
            if self.ended:
                return False
            self.extend()

    def skip(self, reason: str) -> Garbage:
        """Pass over everything up to the next `{` at the beginning of a line or behind a `}`, white space aside."""
        line, begin, size = self.line, self.offset, 0
        shown = bytearray()
        begins = False
        """Whether a `{` would be such a one if it came next."""
        while True:
            start = self.position
            stop = _end(_BEFORE_RECORD, self.data, start) if begins else start
            found = begins and self.data[stop : stop + 1] == b"{"
            if not found and stop < len(self.data):
                stop = _end(_NO_RECORD, self.data, stop)
                begins = stop < len(self.data)
                stop = _end(_BEFORE_RECORD, self.data, stop)
                found = begins and stop < len(self.data)
            passed = self.data[start:stop].rstrip(_BETWEEN)
            if passed:
                size = self.base + start + len(passed) - begin
            shown += self.data[start : min(stop, start + _SHOWN - len(shown))]
            self.advance(stop)
            if found or self.ended:
                return Garbage(line, bytes(shown[:size]), size, reason)
            self.extend()


class State(Enum):
    """How far the reading of a value has come."""

    OPEN = auto()
    """At the end of what is there; the rest of the file decides."""
    COMPLETE = auto()
    BROKEN = auto()
    """This is no JSON value."""


class Scan:
    """The reading of one JSON value, which stops at the end of what is there and goes on when there is more.

    Where it broke, or had to be given up because the value is too long, it can be taken up for any object in it
    that was open there.
    """

    def __init__(self, start: int) -> None:
        self.offset = start
        """In the file: what lies before is read."""
        self.fault = ""
        """Why it is no JSON value, once that is known."""
        self._state = State.OPEN
        self._expected = Expected.VALUE
        self._closings = bytearray()
        """What closes each open object and array, outermost first."""
        self._starts = array("q")
        """Where each open object begins."""
        self._levels = array("q")
        """How many objects and arrays it lies in."""
        self._forgotten = 0
        """Outermost levels that are kept no longer, because nothing will be read up to their end."""
        self._root = 0
        """The level of the value that is being read."""

    def take_up(self, start: int) -> bool:
        """Make the object that begins there the value that is read, if it is open where the reading stands."""
        place = bisect_left(self._starts, start)
        if place == len(self._starts) or self._starts[place] != start:
            return False
        self._root = self._levels[place]
        outer = self._root - self._forgotten
        if outer > len(self._closings) // 2:
            del self._closings[:outer], self._starts[:place], self._levels[:place]
            self._forgotten = self._root
        return True

    def go_on(self, window: _Window) -> State:
        """Read on, up to the end of the value or of what the window holds of it."""
        if self._state is not State.BROKEN:
            try:
                self._state = self._read(window)
            except _Broken as broken:
                self._state = State.BROKEN
                self.offset = window.base + broken.at
                window.show(self.offset + ABOUT)
                at = self.offset - window.base
                self.fault = reason(window.data, window.position, at, self._expected, in_text=broken.in_text)
        return self._state

    def _read(self, window: _Window) -> State:
        data, base, limit = window.data, window.base, window.limit
        ended = window.ended and window.held <= window.longest
        while True:
            at = self._pass_over(data, self.offset - base, limit)
            self.offset = base + at
            if at >= limit and ended:
                raise _Broken(at)
            end = self._step(data, at, limit, base=base, ended=ended) if at < limit else None
            if end is None:
                return State.OPEN
            self.offset = base + end
            if self._expected is Expected.COMMA and self._forgotten + len(self._closings) == self._root:
                return State.COMPLETE

    def _pass_over(self, data: bytes, at: int, limit: int) -> int:
        """Pass over white space, and over members or elements that need no single look."""
        at = _end(_BLANK, data, at, limit)
        if self._expected in _RUNS:
            run, following = _RUNS[self._expected]
            end = _end(run, data, at, limit)
            if end > at:
                self._expected = following
            return end
        return at

    def _step(self, data: bytes, at: int, limit: int, *, base: int, ended: bool) -> int | None:
        """Read one token; where it ends, None when that is not there yet."""
        byte, expected = data[at], self._expected
        if expected in _MAY_END and byte == self._closings[-1]:
            self._close()
            return at + 1
        if expected in _PUNCTUATION:
            if byte != _PUNCTUATION[expected]:
                raise _Broken(at)
            self._expected = Expected.VALUE
            if expected is Expected.COMMA:
                self._expected = Expected.KEY if self._closings[-1] == _BRACE_CLOSED else Expected.ELEMENT
            return at + 1
        if byte in (_BRACE, _BRACKET) and expected not in _KEYS:
            self._open(byte, base + at)
            return at + 1
        end = _token(data, at, limit, ended=ended, key=expected in _KEYS)
        if end is not None:
            self._expected = Expected.COLON if expected in _KEYS else Expected.COMMA
        return end

    def _open(self, byte: int, start: int) -> None:
        if byte == _BRACE:
            self._starts.append(start)
            self._levels.append(self._forgotten + len(self._closings))
        self._closings.append(_BRACE_CLOSED if byte == _BRACE else _BRACKET_CLOSED)
        self._expected = Expected.KEY_OR_END if byte == _BRACE else Expected.ELEMENT_OR_END

    def _close(self) -> None:
        if self._closings.pop() == _BRACE_CLOSED:
            self._starts.pop()
            self._levels.pop()
        self._expected = Expected.COMMA


class _Broken(Exception):
    """Here the text is no JSON."""

    def __init__(self, at: int, *, in_text: bool = False) -> None:
        super().__init__()
        self.at = at
        self.in_text = in_text


def _token(data: bytes, at: int, limit: int, *, ended: bool, key: bool) -> int | None:
    """Where the text, number or literal ends that stands there; None when its end is not there yet.

    Raises _Broken where there is none.
    """
    byte = data[at]
    if byte == _QUOTE:
        if (text := TEXT.match(data, at, limit)) is not None:
            return text.end()
        end = _end(_OPEN_TEXT, data, at, limit)
        begun = _ESCAPE_BEGUN.match(data, end, limit)
        if not ended and (end == limit or (begun is not None and begun.end() == limit)):
            return None
        raise _Broken(end, in_text=True)
    if key:
        raise _Broken(at)
    if literal := _LITERALS.get(byte):
        found = data[at : min(at + len(literal), limit)]
        if found == literal:
            return at + len(literal)
        if not ended and at + len(found) == limit and literal.startswith(found):
            return None
        raise _Broken(at)
    if not ended and _end(_MAYBE_NUMBER, data, at, limit) == limit:
        return None
    number = _WHOLE_NUMBER.match(data, at, limit)
    if number is None:
        raise _Broken(at)
    return number.end()


def _end(pattern: re.Pattern[bytes], data: bytes, at: int, limit: int = sys.maxsize) -> int:
    """Where the match of a pattern ends that matches everywhere, if only nothing."""
    found = pattern.match(data, at, limit)
    return at if found is None else found.end()
