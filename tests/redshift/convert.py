"""What COPY makes of a JSON value in a column of some type, as text for PostgreSQL's own COPY."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import Any

from tests.redshift.json_rows import Number
from tests.redshift.options import CopyOrder
from tests.redshift.wire import SqlError

Convert = Callable[[Any], str | None]

EPOCH = datetime(1970, 1, 1)
RANGES = {"smallint": 2**15, "integer": 2**31, "bigint": 2**63}
DIGITS = re.compile(r"-?[0-9]+")
MOST_DIGITS = 4000
"""Beyond, Python does not read a text as an integer."""

FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|NaN")
ISO = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:[ T]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]+))?)?(?: ?(?:Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?)?"
)
PATTERN = {
    "YYYY": "%Y", "YY": "%y", "MONTH": "%B", "MON": "%b", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%I",
    "HH": "%H", "MI": "%M", "SS": "%S", "US": "%f", "MS": "%f", "AM": "%p", "PM": "%p",
}  # fmt: skip
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class LoadError(Exception):
    """A value that does not go into its column."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


def written(value: Any) -> str:
    """A value that is no string, as text: fractions do not come as they were written.

    That numbers lose precision while parsing is documented; how they then look in VARCHAR is not. So a fraction, or
    what has an exponent, comes as the shortest text of its double: 1.10 as 1.1, 1e3 as 1000.0.
    """
    if isinstance(value, Number):
        return str(value) if DIGITS.fullmatch(value) or math.isinf(float(value)) else repr(float(value))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, (dict, list)):
        return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))
    return {True: "true", False: "false"}.get(value) or str(value) if isinstance(value, bool) else str(value)


def plain(value: Any) -> Any:
    """For nested values: numbers are numbers again."""
    if isinstance(value, Number):
        if DIGITS.fullmatch(value):
            return int(value) if len(value) < MOST_DIGITS else str(value)
        return float(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value


def converter(kind: str, width: int, scale: int, order: CopyOrder) -> Convert:
    """The conversion for a type: by its name, its bytes or digits, and the options of the COPY."""
    if kind in ("character varying", "character", "text"):
        return _text(width, kind == "character", order)
    if kind in RANGES:
        return _integer(RANGES[kind], kind)
    if kind in ("double precision", "real"):
        return _float
    if kind == "numeric":
        return _decimal(width, scale, rounding="roundec" in order.flags)
    if kind.startswith("timestamp"):
        return _timestamp(order.values.get("timeformat", "YYYY-MM-DD HH:MI:SS"))
    if kind == "boolean":
        return _boolean
    if kind == "date":
        return _date
    raise SqlError("0A000", f"the stand-in does not copy into {kind}")


def _text(width: int, single: bool, order: CopyOrder) -> Convert:
    truncate, empty, blank = (name in order.flags for name in ("truncatecolumns", "emptyasnull", "blanksasnull"))
    trim = "trimblanks" in order.flags
    replacement = order.values.get("acceptinvchars")

    def convert(value: Any) -> str | None:
        if value is None:
            return None
        text = value if type(value) is str else written(value)
        if not text:
            return None if empty else ""
        if trim:
            text = text.rstrip(" ")
        if blank and not text.strip(" "):
            return None
        if text.isascii():
            size = len(text)
            if "\0" in text:
                text = text.replace("\0", "")
                size = len(text)
        else:
            text = text.replace("\0", "")
            try:
                size = len(text.encode())
            except UnicodeEncodeError:
                if replacement is None or single:
                    raise LoadError(1220, "String contains invalid or unsupported UTF8 codepoints.") from None
                text = re.sub("[\ud800-\udfff]", replacement, text)
                size = len(text.encode())
            if single:
                raise LoadError(1220, "Multibyte character not supported for CHAR")
        if width and size > width:
            if not truncate:
                raise LoadError(1204, "String length exceeds DDL length")
            text = text.encode()[:width].decode(errors="ignore")
        if "\\" in text or "\n" in text or "\t" in text or "\r" in text:
            return text.translate(ESCAPES)
        return text

    return convert


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not isinstance(value, Number) and not value.strip())


def _integer(limit: int, kind: str) -> Convert:
    def convert(value: Any) -> str | None:
        if type(value) is int:
            number = value
        elif _empty(value):
            return None
        elif isinstance(value, str) and DIGITS.fullmatch(value):
            number = int(value[:MOST_DIGITS])
        else:
            raise LoadError(1207, f"Invalid digit, Value '{written(value)[:1]}', Pos 0, Type: {kind.capitalize()}")
        if not -limit <= number < limit:
            raise LoadError(1207, f"Overflow, Value '{str(number)[:40]}', Type: {kind.capitalize()}")
        return str(number)

    return convert


def _float(value: Any) -> str | None:
    if type(value) is float and math.isfinite(value):
        return repr(value)
    if type(value) is int:
        return str(value)
    if _empty(value):
        return None
    if isinstance(value, str) and FLOAT.fullmatch(value):
        if math.isinf(float(value)):
            raise LoadError(1202, f"Overflow for double precision: {value}")
        return value
    raise LoadError(1208, f"Invalid FLOAT format or value: {written(value)}")


def _decimal(digits: int, scale: int, *, rounding: bool) -> Convert:
    step = Decimal(1).scaleb(-scale)
    context = Context(prec=100)

    def convert(value: Any) -> str | None:
        if _empty(value):
            return None
        text = str(value)
        if isinstance(value, (bool, dict, list)) or not FLOAT.fullmatch(text) or text == "NaN":
            raise LoadError(1209, f"Invalid DECIMAL format or value: {written(value)}")
        number = Decimal(text)
        if abs(number) >= Decimal(10) ** (digits - scale):
            raise LoadError(1202, f"Numeric data overflow: {text}")
        return str(number.quantize(step, ROUND_HALF_UP if rounding else ROUND_DOWN, context))

    return convert


def _boolean(value: Any) -> str | None:
    if _empty(value):
        return None
    text = written(value).lower()
    if text in ("true", "t", "yes", "y", "1"):
        return "t"
    if text in ("false", "f", "no", "n", "0"):
        return "f"
    raise LoadError(1210, f"Invalid BOOLEAN format or value: {text}")


def _date(value: Any) -> str | None:
    if _empty(value):
        return None
    found = ISO.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise LoadError(1205, f"Invalid DATE format or value: {written(value)}")
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3])).date().isoformat()
    except ValueError:
        raise LoadError(1205, f"Invalid DATE format or value: {value}") from None


def _timestamp(pattern: str) -> Convert:
    """By TIMEFORMAT. A fraction is refused where the manual does not say that one is taken."""
    read: Callable[[str, bool], str]
    if pattern in ("epochsecs", "epochmillisecs"):
        unit = timedelta(seconds=1) if pattern == "epochsecs" else timedelta(milliseconds=1)

        def read(text: str, _: bool) -> str:
            if not DIGITS.fullmatch(text):
                raise ValueError(text)
            return (EPOCH + int(text) * unit).isoformat(" ")

    elif pattern == "auto":

        def read(text: str, number: bool) -> str:
            found = None if number else ISO.fullmatch(text)
            if found is None:
                raise ValueError(text)
            year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
            fraction = int((found[7] or "")[:6].ljust(6, "0"))
            return datetime(year, month, day, hour, minute, second, fraction).isoformat(" ")

    else:
        spelled = re.sub(
            "|".join(PATTERN), lambda found: PATTERN[found[0].upper()], pattern.replace("%", "%%"), flags=re.IGNORECASE
        )

        def read(text: str, _: bool) -> str:
            return datetime.strptime(text, spelled).isoformat(" ")

    def convert(value: Any) -> str | None:
        if _empty(value):
            return None
        number = not isinstance(value, str) or isinstance(value, Number)
        text = str(value)
        try:
            return read(text, number)
        except (ValueError, OverflowError):
            raise LoadError(1206, f"Invalid timestamp format or value [{pattern}]") from None

    return convert
