"""Values as people and as JSON have them."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

UNKNOWN = "unknown"
"""What NULL is called where people read it."""
LABEL = 200
"""Characters that are kept of a text; axes show as many as have room."""
WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
"""What the numbers in a column `weekday` stand for."""


def words(column: str) -> str:
    """The name of a column for people."""
    return column.replace("_", " ")


def is_share(column: str) -> bool:
    """Whether the values of a column are parts of 1, which people read in percent."""
    return column.endswith(("share", "stickiness"))


def text(value: object, column: str = "") -> str:
    """A value for people, on one line, at most LABEL characters long; NULL is "unknown"."""
    if value is None:
        return UNKNOWN
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _number(value, column)
    if isinstance(value, datetime):
        return utc(value).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    return shortened(" ".join(str(value).split()))


def _number(value: float | Decimal, column: str) -> str:
    if not is_finite(value):
        return UNKNOWN
    if column == "weekday" and value in range(7):
        return WEEKDAYS[int(value)]
    if is_share(column):
        return f"{value:.1%}"
    return f"{value:,}" if is_amount(column) else str(value)


def safe(value: object) -> str | int | float | bool | None:
    """A value as JSON has it: a day or an instant in ISO 8601 and UTC, what is no number as NULL."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal | float):
        if not is_finite(value):
            return None
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return utc(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    return text(value)


def is_amount(column: str) -> bool:
    """Whether numbers in a column count something: ids, years and hours do not."""
    return not column.endswith(("_id", "year", "hour", "latitude", "longitude"))


def is_finite(value: float | Decimal) -> bool:
    """Whether a number is neither NaN nor infinite."""
    return value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)


def shortened(found: str) -> str:
    """A text without control characters, and no longer than LABEL."""
    clean = "".join(
        each if each.isprintable() or each in "\u200c\u200d" else "\N{REPLACEMENT CHARACTER}" for each in found
    )
    return clean if len(clean) <= LABEL else clean[: LABEL - 1] + "…"


def utc(moment: datetime) -> datetime:
    """An instant in UTC; one without a zone is in UTC already."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
