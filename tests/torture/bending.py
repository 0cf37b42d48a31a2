"""Files that are nearly right: lines as the simulator writes them, bent in the ways that the world bends them.

Everything follows from one `Random`, so that a seed and a number give the same file again. Each bend is a
function of a `Random` and bytes; its name tells what was done (`Case.story`).
"""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import zstandard

from sparkify.simulate import Company, simulate
from tests.public_data import DATA
from tests.reference import Version, members, value_end
from tests.strategies import BASE_TIME, LOG_LIMITS, SONG_LIMITS

Bend = Callable[[Random, bytes], bytes]

BLOCK = 1 << 20
CHUNK = 1 << 17
"""Bytes that the loader is known to read at once: large files put what is bent across a multiple of them."""


@dataclass(frozen=True)
class Stock:
    """Lines to start from, as bytes without their end."""

    logs: tuple[bytes, ...]
    songs: tuple[bytes, ...]


@dataclass(frozen=True)
class Case:
    version: Version
    story: tuple[str, ...]
    """What was done to it, in order."""


def simulated() -> Stock:
    """Lines of a simulated company; some of its songs are played."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        simulate(root, Company(events=3000, songs=60, users=30, days=3, seed=11))
        return _stock(root)


def public() -> Stock | None:
    """Lines of the public data, if they lie beside the checkout."""
    return _stock(DATA) if DATA.is_dir() else None


def _stock(root: Path) -> Stock:
    logs, songs = (
        tuple(
            line
            for path in sorted((root / kind).rglob("*.json"))
            for line in path.read_bytes().splitlines()
            if line.startswith(b"{") and b"jsonpaths" not in line
        )
        for kind in ("log_data", "song_data")
    )
    return Stock(logs, songs)


# --- Values ----------------------------------------------------------------------------------------------

NUMBERS = (
    *(b"0", b"-0", b"1", b"-1", b"1.5", b"200.0", b"2e2", b"1.84E2", b"0e5", b"-0.0", b"1e0", b"12e-1", b"120e-1"),
    *(b"2147483647", b"2147483648", b"-2147483648", b"-2147483649", b"2147483647.5", b"2147483647.0"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808", b"18446744073709551616"),
    *(b"9223372036854775", b"9223372036854776", b"-210866803200000", b"-210866803200001", b"-62135596800001"),
    *(b"253402300800000", b"9007199254740993", b"1541121934796.0001", b"1541121934796.0", b"1541121934796e0"),
    *(b"7.00000000000000000001", b"1e-400", b"-1e-400", b"1e400", b"-1e400", b"1e308", b"1.7976931348623157e308"),
    *(b"1.7976931348623159e308", b"5e-324", b"2e-324", b"1e305", b"1.8e305", b"0.1", b"1e-7", b"123456789.123456789"),
    *(b"1" + b"0" * 30 + b"e-30", b"0." + b"0" * 400 + b"1e401", b"9" * 400, b"1e" + b"9" * 30, b"1e-" + b"9" * 30),
    *(b"01", b"+1", b"1.", b".5", b"1e", b"1e+", b"-", b"--1", b"0x10", b"1_0", b"NaN", b"-NaN", b"Infinity"),
    *(b"-Infinity", b"inf", b"1,5", b"1 000", b"1L", b"1.0f", b"\xd9\xa5"),
)
TEXTS = (
    *(b"", b" ", b"\\u0020", b"\\t", b"\\n", b"\\r\\n", b"\\u0000", b"a\\u0000b", b"\\ud800", b"\\udc00\\ud800"),
    *(b"\\ud83d\\ude00", b"\\uD83D", b"\\ud83dx", b"\\u00e9", b"\\u", b"\\u12", b"\\u12G4", b"\\x41", b"\\'", b"\\0"),
    *(b"\\", b'\\"', b"\\\\", b"\\\\\\", b"\\/", b"\xc3\xa9", b"\xe9", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"),
    *(b"\xf0\x9f\x8e\xb5", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\xf8\x88\x80\x80\x80", b"\xef\xbb\xbf", b"\xef\xbf\xbe"),
    *(b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\x00", b"\x01", b"\x1f", b"\x7f", b"\t", b"\n", b"\r", b"\x0b"),
    *(b"\x0c", b"}", b"{", b"}{", b"}\\n{", b"[1, 2]", b'{\\"ts\\": 1}', b"null", b"NextSong", b"NextSong ", b"Home"),
    *(b"7", b"7 ", b" 7", b"7.0", b"07", b"1541990258796", b"1e3", b"NaN", b"true", b"\xc3\x83\xc2\xa9", b"it's; --"),
    *("Jóga".encode().decode("latin-1").encode(), "JÓGA".encode(), "İI".encode(), "ΑΣ".encode(), b"702"),
)
VALUES = (
    *(b"null", b"true", b"false", b"[]", b"{}", b"[null]", b'{"a": 1}', b'["}{"]', b'{"a": [1, {"b": "x"}]}'),
    *(b"nul", b"True", b"None", b"undefined", b"'x'", b"", b"[", b"{", b"]", b'"', b'"x', b"[1,]", b'{"a": 1,}'),
    *(b"/* x */ 1", b"1 // x", b"# x", b'["\\u0000"]', b'{"\\ud800": 1}', b'["\xff"]', b"[[[[[[[[[[]]]]]]]]]]"),
)
SPECIAL = (
    *(b"{", b"}", b"[", b"]", b",", b":", b'"', b"'", b"\\", b"\n", b"\r", b"\r\n", b"\n\n", b" ", b"\t", b"\x0b"),
    *(b"\x0c", b"\x00", b"\x1a", b"\x04", b"\xc2\x85", b"\xe2\x80\xa8", b"\xc2\xa0", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"\xfe\xff", b"\xff", b"\x1f\x8b", b"//", b"/*", b"*/", b"#", b"<!--", b"-", b"e", b"-1.5e", b"5e3 ", b"0", b"."),
    *(b"null", b"tru", b"NaN", b"}{", b"} {", b"},\n{", b"}\n{", b"{}", b"{}{}", b"[]", b'""', b'"}', b'{"', b"{\n"),
    *(b"}\n  {", b"\n{", b"\n}", b"\n]", b"[\n", b"<html>", b"\x1e", b"data: ", b"2018-11-02 ERROR ", b";", b"\xc3"),
)
SEPARATORS = (
    *(b"\n",) * 12,
    *(b"\r\n", b"\r\n", b"\r", b"\n\n", b"", b"", b" ", b"\t", b"\x0b", b"\x0c", b"\x00", b"\xc2\x85", b"\xe2\x80\xa8"),
    *(b",\n", b",", b"\n,", b"\n\xef\xbb\xbf", b"\n  ", b" \n \t\r\n", b"\n\x00", b"\x1e", b";\n", b"\n---\n", b"\\n"),
)


# --- Bends of one record -----------------------------------------------------------------------------------


def _fields(line: bytes) -> list[tuple[bytes, bytes]]:
    return [(json.dumps(key).encode(), source) for key, source in members(line)]


def _rebuilt(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    return b"{" + b",".join(key + b":" + source for key, source in fields) + b"}"


def _value(random: Random, key: bytes) -> bytes:
    """A value that may or may not do for the field."""
    way = random.random()
    name = key.strip(b'"').decode(errors="replace")
    if way < 0.35:
        number = random.choice(NUMBERS)
        return number if random.random() < 0.7 else b'"%b"' % number
    if way < 0.75:
        return b'"%b"' % b"".join(random.choice(TEXTS) for _ in range(random.choice((1, 1, 1, 2, 3))))
    if way < 0.85:
        limits = (*LOG_LIMITS.items(), *SONG_LIMITS.items())
        limit = next((size for size, names in limits if name in names), 256)
        size = limit + random.choice((-1, 0, 1, 1, 500))
        body = random.choice((b"x", "é".encode(), "🎵".encode(), b" ", b"1"))
        text = (body * size)[:size]
        return text if body == b"1" else b'"%b"' % text
    return random.choice(VALUES)


def one_value(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    place = random.randrange(len(fields))
    key, _ = fields[place]
    fields[place] = key, _value(random, key)
    return _rebuilt(fields)


def several_values(random: Random, line: bytes) -> bytes:
    for _ in range(random.randint(2, 4)):
        if value_end(line, 0) == len(line):
            line = one_value(random, line)
    return line


def a_key_again(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    key, source = random.choice(fields)
    if random.random() < 0.5:
        fields.remove((key, source))
    for _ in range(random.choice((1, 1, 2, 4))):
        other = random.choice((key, key.upper(), key.lower(), key.swapcase(), key.title()))
        fields.insert(random.randint(0, len(fields)), (other, random.choice((source, _value(random, key)))))
    return _rebuilt(fields)


def other_case(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    return _rebuilt(
        [(random.choice((key, key.upper(), key.lower(), key.swapcase())), source) for key, source in fields]
    )


def escaped_key(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    place = random.randrange(len(fields))
    key, source = fields[place]
    letters = key[1:-1].decode()
    at = random.randrange(len(letters)) if letters else 0
    if letters:
        key = f'"{letters[:at]}\\u{ord(letters[at]):04x}{letters[at + 1 :]}"'.encode()
    fields[place] = key, source
    return _rebuilt(fields)


def unknown_field(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    key = random.choice((b'"extra"', b'""', b'"\\u0000"', b'"\\ud800"', b'"t s"', b'"pages"', b'"\xff"', b'"Records"'))
    fields.insert(random.randint(0, len(fields)), (key, _value(random, key)))
    return _rebuilt(fields)


def a_field_less(random: Random, line: bytes) -> bytes:
    fields = _fields(line)
    del fields[random.randrange(len(fields))]
    return _rebuilt(fields)


def deep(random: Random, line: bytes) -> bytes:
    """Nested to hundreds or thousands, closed or not."""
    depth = random.choice((20, 100, 500, 1000, 3000))
    opening, closing = random.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"ts":', b"}]"), (b"[[\n", b"]]")))
    inner = opening * depth + random.choice((b"1", b"{}", b"")) + closing * (depth - random.choice((0, 0, 0, 1, 5)))
    fields = _fields(line)
    fields.insert(random.randint(0, len(fields)), (random.choice((b'"extra"', b'"song"', b'"title"')), inner))
    return _rebuilt(fields)


def blanks(random: Random, line: bytes) -> bytes:
    def blank() -> bytes:
        return random.choice((b"", b" ", b"\t", b"\n", b"\r\n", b"\n  ", b"\x0b", b"\x0c"[: random.random() < 0.1]))

    pieces = [blank() + key + blank() + b":" + blank() + source + blank() for key, source in _fields(line)]
    return b"{" + b",".join(pieces) + b"}"


def pretty(random: Random, line: bytes) -> bytes:
    return json.dumps(json.loads(line), indent=random.choice((0, 1, 2))).encode()


def like_python(random: Random, line: bytes) -> bytes:
    """As `print(record)` writes it: single quotes, None and True."""
    return repr(json.loads(line)).encode()


def with_comments(random: Random, line: bytes) -> bytes:
    comment = random.choice((b"// why\n", b"/* why */", b"# why\n", b"-- why\n"))
    place = random.choice((0, 1, line.find(b",") + 1, len(line)))
    return line[:place] + comment + line[place:]


def cut(random: Random, line: bytes) -> bytes:
    return line[: random.randrange(len(line) + 1)] if random.random() < 0.7 else line[random.randrange(len(line) + 1) :]


def cut_behind_a_colon(random: Random, line: bytes) -> bytes:
    return line[: line.find(b":", random.randrange(len(line))) + 1]


def in_a_list(random: Random, line: bytes) -> bytes:
    return random.choice((b"[%b]", b"[%b,", b'{"Records": [%b]}', b'{"message": %b}', b"%b,")) % line


RECORD_BENDS: tuple[Bend, ...] = (
    *(one_value,) * 8,
    *(several_values, a_key_again, a_key_again, other_case, escaped_key, unknown_field, unknown_field, a_field_less),
    *(deep, blanks, blanks, pretty, like_python, with_comments, cut, cut, cut_behind_a_colon, in_a_list),
)


# --- Bends of bytes ----------------------------------------------------------------------------------------


def _span(random: Random, data: bytes, longest: int = 60) -> tuple[int, int]:
    begin = random.randrange(len(data) + 1)
    return begin, min(len(data), begin + random.randint(1, longest))


def flipped_bit(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 5)) if data else 0):
        changed[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return bytes(changed)


def other_byte(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 3)) if data else 0):
        changed[random.randrange(len(data))] = random.randrange(256)
    return bytes(changed)


def cut_out(random: Random, data: bytes) -> bytes:
    begin, end = _span(random, data)
    return data[:begin] + data[end:]


def doubled(random: Random, data: bytes) -> bytes:
    begin, end = _span(random, data, 400)
    return data[:end] + data[begin:end] * random.choice((1, 1, 2, 30)) + data[end:]


def moved(random: Random, data: bytes) -> bytes:
    begin, end = _span(random, data)
    rest = data[:begin] + data[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + data[begin:end] + rest[place:]


def put_in(random: Random, data: bytes) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        place = random.randrange(len(data) + 1)
        data = data[:place] + random.choice(SPECIAL) + data[place:]
    return data


def written_over(random: Random, data: bytes) -> bytes:
    begin, end = _span(random, data, 8)
    return data[:begin] + random.choice(SPECIAL) + data[end:]


def zeros(random: Random, data: bytes) -> bytes:
    """As a machine leaves a file that loses its power."""
    begin, end = _span(random, data, 500)
    return data[:begin] + b"\0" * (end - begin) + data[end:] if random.random() < 0.5 else data[:begin] + b"\0" * 300


def ends_early(random: Random, data: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def begins_late(random: Random, data: bytes) -> bytes:
    return data[random.randrange(len(data) + 1) :]


def in_two_places(random: Random, data: bytes) -> bytes:
    """Two writers at once: the halves interleaved."""
    half = len(data) // 2
    size = random.choice((1, 7, 64, 200))
    pairs = zip(
        [data[at : at + size] for at in range(0, half, size)],
        [data[at : at + size] for at in range(half, len(data), size)],
        strict=False,
    )
    return b"".join(piece for pair in pairs for piece in pair)


BYTE_BENDS: tuple[Bend, ...] = (
    *(flipped_bit, flipped_bit, other_byte, cut_out, cut_out, doubled, moved, put_in, put_in, put_in, put_in),
    *(written_over, written_over, zeros, ends_early, ends_early, begins_late, in_two_places),
)


# --- Bends of a file -----------------------------------------------------------------------------------------


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def in_another_encoding(random: Random, data: bytes) -> bytes:
    name = random.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7", "cp037"))
    return _text(data).encode(name, errors="replace")


def in_latin_1(random: Random, data: bytes) -> bytes:
    return _text(data).replace("a", "é", random.randint(1, 3)).encode("latin-1", errors="replace")


def encoded_twice(random: Random, data: bytes) -> bytes:
    return data.decode("latin-1").encode()


def overlong(random: Random, data: bytes) -> bytes:
    """One ASCII character in two bytes, as UTF-8 forbids."""
    place = random.randrange(len(data)) if data else 0
    char = data[place] if data else 0
    return data[:place] + bytes((0xC0 | char >> 6, 0x80 | char & 0x3F)) + data[place + 1 :] if char < 128 else data


def with_a_mark(random: Random, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" * random.choice((1, 1, 1, 2)) + data


def joined_with_marks(random: Random, data: bytes) -> bytes:
    return b"\xef\xbb\xbf" + data + random.choice((b"", b"\n")) + b"\xef\xbb\xbf" + data


def as_a_list(random: Random, data: bytes) -> bytes:
    return b"[" + data.replace(b"}\n{", b"},\n{") + random.choice((b"]", b"]\n", b",]", b""))


def on_one_line(random: Random, data: bytes) -> bytes:
    return data.replace(b"\n", b"") * random.choice((1, 1, 3, 20))


def old_line_ends(random: Random, data: bytes) -> bytes:
    return data.replace(b"\n", random.choice((b"\r", b"\r\n", b"\n\r", b"\x85", b"\x0b", b"\x0c", b"\x00")))


def not_ours(random: Random, data: bytes) -> bytes:
    foreign = (
        *(b"<!DOCTYPE html>\n<html><body>404</body></html>\n", b'<?xml version="1.0"?>\n<Error/>', b"oops", b"\n\n{"),
        *(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", b"a,b,c\n1,2,3\n", b"%PDF-1.4\n"),
        *(
            b"PK\x03\x04",
            b"PAR1",
            b"Obj\x01",
            b"SQLite format 3\0",
            b"BZh9",
            b"\xfd7zXZ\0",
            b"\x1f\x8b",
            b"\x28\xb5\x2f\xfd",
        ),
    )
    other = random.choice(foreign)
    return random.choice((other, other, other + data, data + other, other * 2))


FILE_BENDS: tuple[Bend, ...] = (
    *(in_another_encoding, in_latin_1, encoded_twice, overlong, overlong, with_a_mark, with_a_mark, joined_with_marks),
    *(as_a_list, on_one_line, on_one_line, old_line_ends, old_line_ends, not_ours),
)


# --- Archives ------------------------------------------------------------------------------------------------


def _pieces(random: Random, data: bytes) -> list[bytes]:
    cuts = sorted(random.randrange(len(data) + 1) for _ in range(random.choice((0, 0, 0, 1, 2, 4))))
    return [data[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def gz(random: Random, data: bytes) -> bytes:
    packed = b"".join(gzip.compress(piece, random.choice((0, 1, 9)), mtime=0) for piece in _pieces(random, data))
    return packed + b"\0" * random.choice((0, 0, 0, 1, 511))


def zst(random: Random, data: bytes) -> bytes:
    packed = b""
    for piece in _pieces(random, data):
        parameters = zstandard.ZstdCompressionParameters.from_level(
            random.choice((1, 3)),
            window_log=random.choice((10, 20, 27)),
            write_checksum=random.random() < 0.5,
            write_content_size=random.random() < 0.5,
        )
        packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        packed += packer.compress(piece) + packer.flush()
    return packed


def damaged(random: Random, packed: bytes) -> bytes:
    way = random.random()
    if way < 0.5:
        return packed[: random.randrange(len(packed) + 1)]
    if way < 0.8:
        return flipped_bit(random, packed)
    return packed + random.choice((b"x", b"{}\n", b"\0", b"\x1f\x8b", packed[: len(packed) // 2]))


# --- Cases ---------------------------------------------------------------------------------------------------

PLAIN = ("json",) * 8 + ("jsonl", "ndjson")


def case(random: Random, number: int, stock: Stock, *, large: bool = False) -> Case:
    """The file of this number: bent or, now and then, as it should be."""
    is_log = random.random() < 0.7
    story: list[str] = []

    def bend(bends: Sequence[Bend], data: bytes) -> bytes:
        chosen = random.choice(bends)
        story.append(chosen.__name__)
        return chosen(random, data)

    lines = [random.choice(stock.logs if is_log else stock.songs) for _ in range(random.choice((1, 1, 2, 3, 3, 4, 6)))]
    if random.random() < 0.01:
        lines[0] = random.choice(stock.songs if is_log else stock.logs)
    for place, line in enumerate(lines):
        if random.random() < 0.4:
            lines[place] = bend(RECORD_BENDS, line)
    separators = SEPARATORS if random.random() < 0.3 else (b"\n",)
    data = b"".join(part for line in lines for part in (line, random.choice(separators)))
    if random.random() < 0.3:
        data = data.rstrip(b"\n")
    for _ in range(random.choice((0, 0, 0, 1, 1, 2))):
        data = bend(BYTE_BENDS, data)
    if random.random() < 0.12:
        data = bend(FILE_BENDS, data)
    if large:
        story.append("large")
        data = _filler(random, len(data)) + data
    suffix = random.choice(PLAIN)
    if random.random() < 0.2:
        packer, ending = random.choice(((gz, ".gz"), (zst, ".zst")))
        story.append(packer.__name__)
        data = packer(random, data)
        if random.random() < 0.25:
            data = bend((damaged,), data)
        if random.random() < 0.03:
            story.append("wrong name")
            ending = random.choice(("", ".gz", ".zst"))
        suffix += ending
    name = f"{'log' if is_log else 'song'}_data/{number:07}.{suffix}"
    return Case(Version(name, data, BASE_TIME + number * 1_000_000), tuple(story))


def _filler(random: Random, size: int) -> bytes:
    """What brings a multiple of a block into the bytes that follow: blank space or one long good line."""
    whole = random.choice((CHUNK, CHUNK, 2 * CHUNK, BLOCK, BLOCK, 2 * BLOCK)) - random.randint(0, min(size, 2000))
    way = random.random()
    if way < 0.2:
        return b"\n" * whole
    if way < 0.4:
        return b" " * whole
    head = b'{"ts":1,"page":"Home","song_id":"S","pad":"'
    if way < 0.7:
        return head + b"x" * (whole - len(head) - 3) + b'"}\n'
    line = head + b"x" * 1000 + b'"}\n'
    return b" " * (whole % len(line)) + line * (whole // len(line))


def crc(cases: Sequence[Case]) -> int:
    """A sum over the files' bytes, to see that a seed gives the same files again."""
    total = 0
    for each in cases:
        total = zlib.crc32(each.version.data, total)
    return total
