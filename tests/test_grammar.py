"""Where JSON values begin and end in a file: whatever the bytes, whatever the blocks in which they are read."""

from __future__ import annotations

import gzip
import io
import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
import zstandard

from sparkify.source import grammar
from sparkify.source.compressed import DAMAGE, unpacking
from sparkify.source.grammar import Garbage, Value, split
from tests import reference
from tests.command import etl, event, write_json

TOKENS = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\", b"'", b" ", b"\t", b"\n", b"\r\n", b"\r", b"\f", b"\v", b"\0"),
    *(b'"a"', b'"a":', b'{"a":', b'{"a":[', b'{"a":1}', b"{}", b"[]", b'{"a": {"b": [null, "}{"]}}', b'"}{', b"}{"),
    *(b"0", b"-1", b"-", b"1.5", b"2.", b"3e", b"4E+5", b"01", b"true", b"false", b"null", b"tru", b"NaN", b"x"),
    *(b'"\\n"', b'"\\u00e9"', b'"\\ud83d\\ude00"', b"\\u12", b"\\x", '"é"'.encode(), "🎵".encode(), b"\xff", b"\xe2\x82"),
    *(b"\xef\xbb\xbf", b"\xef\xbb", b"\xc2\x85"),
)  # fmt: skip


def texts(seed: int, count: int) -> Iterator[bytes]:
    """Files made of every kind of token, whole and broken, in any order."""
    rng = random.Random(seed)
    for _ in range(count):
        yield b"".join(rng.choices(TOKENS, k=rng.randint(1, rng.choice((6, 20, 60)))))


def read(data: bytes, **given: int) -> list[Value | Garbage]:
    return list(split(io.BytesIO(data), **given))


@pytest.mark.parametrize("seed", range(4))
def test_no_bound_of_a_block_is_felt(seed: int) -> None:
    """Blocks of 1 to 64 bytes give what the whole file gives, to the letter; and that is what the reference says."""
    rng = random.Random(seed)
    kinds = {"malformed": "garbage", "not-an-object": "value", "encoding": "object"}
    for data in texts(seed, 250):
        whole = read(data)
        found = [
            (item.line, "garbage" if isinstance(item, Garbage) else "object" if item.is_object else "value")
            for item in whole
        ]
        expected = [
            (item.line, "object" if isinstance(item, reference.Record) else kinds[item.reason_class])
            for item in reference.parse(data)
        ]
        assert found == expected, data
        for block in (1, 2, 3, rng.randint(4, 64)):
            assert read(data, block=block) == whole, (data, block)


def test_no_bound_of_a_block_is_felt_where_values_are_too_long() -> None:
    for number, data in enumerate(texts(5, 250)):
        longest = 1 + number % 12
        whole = read(data, longest=longest)
        for block in (1, 2, 5, 13):
            assert read(data, longest=longest, block=block) == whole, (data, longest, block)


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_no_bound_is_felt_in_what_comes_out_of_an_archive(suffix: str) -> None:
    """Whatever its frames, and whatever is broken in it: all that comes out before the damage is read."""
    rng = random.Random(suffix)
    for data in texts(6, 120):
        half = rng.randint(0, len(data))
        packed = bytearray(
            b"".join(gzip.compress(part, mtime=0) for part in (data[:half], data[half:]))
            if suffix == ".gz"
            else zstandard.compress(data[:half]) + zstandard.compress(data[half:])
        )
        if rng.random() < 0.5:
            packed[rng.randrange(len(packed))] ^= 1 << rng.randrange(8)
        stored = bytes(packed[: rng.choice((len(packed), rng.randint(1, len(packed))))])
        whole, complete = reference.decompress(reference.Version(f"log_data/a.json{suffix}", stored, 1))
        for size in (1, 3, 1 << 20):
            came, damage = b"", False
            with unpacking(io.BytesIO(stored), suffix) as stream:
                try:
                    while piece := stream.read1(size):
                        came += piece
                except DAMAGE:
                    damage = True
            assert (came, damage) == (whole, not complete), (stored, size)


# --- Linear in the bytes ---------------------------------------------------------------------------------

WORST = (
    *(b'{"a":\n', b'{"a":', b"[", b"[\n", b"}{", b'{"ts": 1, "page":\n', b'{"ts": 1, "page": "x\n', b'"', b"\\", b'\\"'),
    *(b'{"x":"}{}', b'}{"', b"{}[", b"[{},\n", b'{"a":{}\n', b'{"a":[\n', b'}{"a":"', b'{"a":"}{', b"}\n{[", b"}{}{}{"),
    *(b"\n", b"\nx", b"} ", b" ", b"x", b"1", b"1,", b"1e", b"-", b'"\\u12', b'{"":"\\"}', b",\n", b"{\n", b"\0", b"\xff{"),
    *(b'{"k": 1, "k": 2, ', b'{"a":\n"', b'["}{"a":"', b"\n{\\", b'{"a":"\\\\'),
)  # fmt: skip


class _Counted:
    """A pattern that counts the bytes it passes, and its calls."""

    def __init__(self, pattern: re.Pattern[bytes], counted: list[int]) -> None:
        self.pattern, self.counted = pattern, counted

    def match(self, data: bytes, at: int = 0, limit: int = 1 << 62) -> re.Match[bytes] | None:
        found = self.pattern.match(data, at, limit)
        self.counted[0] += 1 + (found.end() - at if found else 0)
        return found


@contextmanager
def counting() -> Iterator[list[int]]:
    """Count the bytes that the grammar's patterns pass."""
    counted = [0]
    patterns = {name: value for name, value in vars(grammar).items() if isinstance(value, re.Pattern)}
    wrapped = {name: _Counted(pattern, counted) for name, pattern in patterns.items()}
    of = {id(pattern): wrapped[name] for name, pattern in patterns.items()}
    runs = {expected: (of[id(run)], following) for expected, (run, following) in grammar._RUNS.items()}
    with patch.dict(vars(grammar), {**wrapped, "_RUNS": runs}):
        yield counted


def worst_inputs() -> Iterator[bytes]:
    yield from WORST
    rng = random.Random(7)
    for _ in range(25):
        yield b"".join(rng.choices(TOKENS, k=rng.randint(1, 5)))


def test_no_byte_is_looked_at_more_than_a_few_times() -> None:
    """For inputs repeated without end, also where each value in them is too long."""
    for unit in worst_inputs():
        data = unit * (4_000 // len(unit))
        for given in (dict[str, int](), {"longest": 500, "block": 64}, {"block": 1000}):
            with counting() as counted:
                for _ in split(io.BytesIO(data), **given):
                    pass
            assert counted[0] < 16 * len(data) + 1000, (unit, given, counted[0] / len(data))


def test_twice_the_worst_input_takes_twice_the_time() -> None:
    """In user time of the processor, eight times as much: 24 is far from 8, and farther from 64."""
    for unit in WORST:
        taken = []
        for size in (2_000, 16_000):
            data = unit * (size // len(unit))
            started = time.process_time()
            for _ in split(io.BytesIO(data)):
                pass
            taken.append(time.process_time() - started)
        assert taken[1] < 24 * taken[0] + 0.1, (unit, taken)


def test_open_objects_closed_after_more_than_is_held_lose_none_that_fits() -> None:
    """Those around are too long, and each that is not is found: reading begins again at every line."""
    data = b'{"a":\n' * 1000 + b"1" + b"}" * 1000
    found = read(data, longest=700, block=64)
    assert [isinstance(item, Garbage) for item in found] == [True] * 901 + [False, True]
    value = found[901]
    assert value.line == 902
    assert value.text == b'{"a":\n' * 99 + b"1" + b"}" * 99


def test_a_small_file_of_open_objects_is_loaded_at_once(tmp_path: Path) -> None:
    """It took hours once; the command would be stuck."""
    path = write_json(tmp_path / "log_data/a.json", [event()])
    path.write_bytes(b'{"a":\n' * 5_000 + path.read_bytes())
    (tmp_path / "song_data").mkdir()
    assert "5,000 records set aside" in etl(tmp_path, "--max-errors", "5000").ok().out


# --- What one reject is, in words ----------------------------------------------------------------------------

REASONS = {
    b'{"a": 1': "cut short, the file ends within the record",
    b'{"a": "x': "cut short, the file ends within the record",
    b'{"a": 1,\n{"b": 2}': "cut short, another record begins within it",
    b'{"a": {}{}': "cut short, another record begins within it",
    b"{'a': 1}": "single quotes where JSON has double quotes",
    b'{"a": NaN}': "NaN is not a value of JSON",
    b'{"a": -Infinity}': "-Infinity is not a value of JSON",
    b'{"a": None}': "None is not a value of JSON",
    b'{"a": 1,}': "a trailing comma before '}'",
    b"[1, ]": "a trailing comma before ']'",
    b"{a: 1}": "'a' where a name in double quotes is wanted",
    b'{"a": oops}': "'o' begins no value; text wants double quotes",
    b'{"a": 1 "b": 2}': "'\"' where ',' or the end of the object or array is wanted",
    b'{"a" 1}': "'1' where a name wants ':'",
    b'{"a": }': "'}' where a value is wanted",
    b'{"a": [1}': "'}' where ',' or the end of the object or array is wanted",
    b'{"a": 01}': "'01' is not a number of JSON",
    b'{"a": +1}': "'+1' is not a number of JSON",
    b'{"a": .5}': "'.5' is not a number of JSON",
    b'{"a": 5.}': "'5.' is not a number of JSON",
    b'{"a": 0x1F}': "'0x1F' is not a number of JSON",
    b'{"a": "x\ty"}': "control character U+0009 in a text, which JSON writes \\u0009",
    b'{"a": "x\ny"}': "a text that is not closed at the end of its line",
    b'{"a": "\\x"}': "'\\x' is not an escape of JSON",
    b'{"a": "x"y"}': "'y' where ',' or the end of the object or array is wanted",
    b"\0\0\0": "a NUL byte",
    b'{"a": "\0"}': "a NUL byte",
    b"\xef\xbb\xbf\xef\xbb\xbf{}": "a byte order mark that does not begin the file",
    b", {}": "a comma between records",
    b"hello": "no JSON value begins with 'hello'",
}


@pytest.mark.parametrize("data", REASONS, ids=REASONS.values())
def test_a_reject_says_what_is_wrong(data: bytes) -> None:
    [first, *_] = read(data)
    assert isinstance(first, Garbage)
    assert first.reason == f"malformed JSON: {REASONS[data]}"
    assert read(data, block=1)[0] == first
