"""Values of an answer as text and as JSON, spelled as DuckDB does: a file says no less than the warehouse holds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

_WHEN = re.compile(r"\d{4,6}-\d\d-\d\d \d\d:")
"""An instant that the engine spelled."""


def as_text(value: object) -> str:
    r"""A value as in CSV: `true`, `2018-11-01 21:01:46.796`, `\x00\xFF` of bytes; lists, structs and maps are JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return _moment(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bytes | bytearray | memoryview):
        return "".join(chr(byte) if 32 <= byte < 127 and byte not in b"\"'\\" else f"\\x{byte:02X}" for byte in value)
    return as_json(value) if isinstance(value, dict | list | tuple) else str(value)


def as_json(value: object, kind: str = "") -> str:
    """A value as JSON, on one line. Numbers keep their digits; what JSON has no form for is a text.

    An instant of a column of the kind TIMESTAMP is ISO 8601, also where the engine spelled it.
    """
    if isinstance(value, float | Decimal):
        return as_text(value) if math.isfinite(value) else _NO_NUMBER[str(float(value))]
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(as_text_or_null(key), ensure_ascii=False)}: {as_json(each)}"
                               for key, each in value.items()) + "}"  # fmt: skip
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(as_json, value)) + "]"
    if isinstance(value, str) and kind.startswith("TIMESTAMP") and _WHEN.match(value):
        value = value.replace(" ", "T", 1)
    elif isinstance(value, date | time):
        value = value.isoformat()
    elif value is not None and not isinstance(value, bool | int):
        value = as_text(value)
    return json.dumps(value, ensure_ascii=False)


_NO_NUMBER = {"nan": '"NaN"', "inf": '"Infinity"', "-inf": '"-Infinity"'}


def as_text_or_null(value: object) -> str:
    """A value as text, NULL by its name."""
    return "NULL" if value is None else as_text(value)


def _moment(value: date | time) -> str:
    """A day, a time of day or an instant, with as many digits of the second and of the zone as it needs."""
    text = value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    text = re.sub(r"(\.\d*?)0+(?!\d)", r"\1", text)
    return re.sub(r"([+-]\d\d):00$", r"\1", text)


def unique(names: Iterable[str]) -> list[str]:
    """The names, with a number behind those that come again: no two are the same to an engine, whatever their case."""
    wanted = list(names)
    taken = {name.casefold() for name in wanted}
    seen: set[str] = set()
    found: list[str] = []
    for name in wanted:
        number = 2
        chosen = name
        if name.casefold() in seen:
            while (chosen := f"{name}_{number}").casefold() in taken:
                number += 1
            taken.add(chosen.casefold())
        seen.add(name.casefold())
        found.append(chosen)
    return found
