"""Whether the engine's JSON reader will read a piece of a file exactly as design section 4.1 says.

DuckDB's reader is strict about most of JSON but lenient about some, and silent about what it bends. This
module looks at the raw bytes, vectorised, for everything the engine would let pass: `NaN` and infinities,
trailing commas, U+0000, nested values, `-0`. What it counts lets the loader prove after the fact that no
field was overlooked because its name differs in case:

    In a piece with R records and n fields, let the engine find N cells NULL. If the piece holds exactly
    n x R keys, then as many keys are foreign as known fields are missing. If it also holds exactly N keys
    whose value is null, all foreign keys are null, so none of them can hold what a known field lacks.

The check may say no where the engine would do well (that costs time), never yes where it would not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sparkify.source.fields import MAX_RECORD

CHUNK = 1 << 17
"""Bytes looked at together: small enough for the arrays to stay in the processor's cache."""

_OTHER, _STRING, _DIGIT, _MINUS, _NULL, _BOOLEAN = range(6)
_FIRST_BYTE = np.zeros(256, dtype=np.uint8)
_FIRST_BYTE[ord('"')] = _STRING
_FIRST_BYTE[ord("0") : ord("9") + 1] = _DIGIT
_FIRST_BYTE[ord("-")] = _MINUS
_FIRST_BYTE[ord("n")] = _NULL
_FIRST_BYTE[[ord("t"), ord("f")]] = _BOOLEAN

_SPACE_BEFORE_COLON = re.compile(rb'"[ \t\r\n]+:')
_TRAILING_COMMA = re.compile(rb",[ \t\r\n]*\}")
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"[ \t\r\n]*:')


@dataclass(slots=True)
class Shape:
    """What was counted in a file or a part of one."""

    lines: int = 0
    """Lines that are not blank."""
    keys: int = 0
    nulls: int = 0
    """Keys whose value is the literal null."""
    plain: bool = True
    """False: the engine might bend something; leave the file to the exact reader."""

    def add(self, other: Shape) -> None:
        """Take in what was counted in the next piece."""
        self.lines += other.lines
        self.keys += other.keys
        self.nulls += other.nulls
        self.plain = self.plain and other.plain


def measure(chunk: bytes) -> Shape:
    """Count what one piece of a file holds; it must begin and end at the bounds of lines."""
    data = np.frombuffer(chunk, dtype=np.uint8)
    if len(data) < 2:
        return Shape(lines=int(bool(chunk.strip())), plain=not chunk.strip())
    colons = np.flatnonzero(data == ord(":"))
    before = data[colons - 1]
    first = _value_starts(data, colons[before == ord('"')])
    kinds = _FIRST_BYTE[data[first]]
    counts = np.bincount(kinds, minlength=6)
    plain = (
        counts[_OTHER] == 0
        and _literals_are_plain(data, first, kinds)
        and not _has_escaped_nul(data)
        and not (bool((before <= ord(" ")).any()) and _SPACE_BEFORE_COLON.search(chunk) is not None)
        and not _has_trailing_comma(chunk, data)
    )
    return Shape(_count_lines(chunk, data), len(first), int(counts[_NULL]), bool(plain))


def _value_starts(data: npt.NDArray[np.uint8], colons: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Where each value begins: after the colon, or after the one space that some writers put there."""
    first = np.minimum(colons + 1, len(data) - 1)
    first += data[first] == ord(" ")
    return np.minimum(first, len(data) - 1, out=first)


def _literals_are_plain(data: npt.NDArray[np.uint8], first: npt.NDArray[np.intp], kinds: npt.NDArray[np.uint8]) -> bool:
    """No `nan` among the nulls; no `-inf` and no `-0` (which the engine writes as 0) among the numbers."""
    last = len(data) - 1
    second = np.minimum(first[kinds == _NULL] + 1, last)
    if bool((data[second] != ord("u")).any()):
        return False
    minus = first[kinds == _MINUS]
    digit = data[np.minimum(minus + 1, last)]
    zero = digit == ord("0")
    return bool((_FIRST_BYTE[digit] == _DIGIT).all()) and bool(
        (data[np.minimum(minus[zero] + 2, last)] == ord(".")).all()
    )


def _has_escaped_nul(data: npt.NDArray[np.uint8]) -> bool:
    r"""Whether `\u0000` stands somewhere; an escaped backslash before `u0000` counts too."""
    last = len(data) - 1
    escapes = np.flatnonzero(data == ord("\\"))
    for offset, character in enumerate("u0000", start=1):
        escapes = escapes[data[np.minimum(escapes + offset, last)] == ord(character)]
    return len(escapes) > 0


def _has_trailing_comma(chunk: bytes, data: npt.NDArray[np.uint8]) -> bool:
    closing = np.flatnonzero(data == ord("}"))
    before = data[closing - 1]
    doubtful = bool(((before == ord(",")) | (before <= ord(" "))).any())
    return doubtful and _TRAILING_COMMA.search(chunk) is not None


def _count_lines(chunk: bytes, data: npt.NDArray[np.uint8]) -> int:
    """Lines that are not blank; counted one by one only where a line may end in white space."""
    ends = np.flatnonzero(data == ord("\n"))
    if chunk[:1].isspace() or bool((data[ends - 1] <= ord(" ")).any()):
        return sum(1 for line in chunk.split(b"\n") if line.strip())
    return len(ends) + (not chunk.endswith(b"\n"))


def pieces(path: Path) -> Iterator[bytes]:
    """The bytes of a file in pieces that end at line bounds; a line that is too long ends the reading."""
    with path.open("rb", buffering=0) as stream:
        rest = b""
        while block := stream.read(CHUNK):
            cut = block.rfind(b"\n") + 1
            if cut:
                yield rest + block[:cut]
                rest = block[cut:]
            else:
                rest += block
                if len(rest) > MAX_RECORD:
                    break
        if rest:
            yield rest


def measure_file(path: Path) -> Shape:
    """Count what a plain file holds; a single line longer than any record makes it not plain."""
    total = Shape()
    for piece in pieces(path):
        total.add(measure(piece))
        if len(piece) > MAX_RECORD:
            total.plain = False
    return total


def names_are_exact(path: Path, names: Collection[str]) -> bool:
    """Whether no key of the file differs from one of the names in case, or hides behind an escape.

    Slower than counting (about 100 MB/s), so it is asked only where the counts prove nothing: in files
    with fields that the public data does not have, or lacks.
    """
    exact = {name.encode() for name in names}
    folded = {name.lower() for name in exact}
    found: set[bytes] = set()
    for piece in pieces(path):
        found.update(_KEY.findall(piece))
    return not any(b"\\" in key or key.lower() in folded for key in found - exact)
