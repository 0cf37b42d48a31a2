"""The fields of the two kinds of source records, and the staging columns they fill.

The public field names, their types and widths are those of design section 4; a test holds this list
against `sql/schema/staging_*.sql`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Kind = Literal["song", "log"]


class Type(Enum):
    """What a staging column can hold."""

    TEXT = "varchar"
    INT = "int"
    DOUBLE = "double precision"
    EPOCH = "timestamp"
    """Milliseconds since 1970-01-01 UTC in the source, TIMESTAMP in staging."""


@dataclass(frozen=True, slots=True)
class Field:
    """One staging column and the source field that fills it."""

    column: str
    name: str
    """In the source, by the public spelling."""
    type: Type
    width: int = 0
    """Most bytes of text in UTF-8; 0 for other types."""
    required: bool = False
    """A record in which it is NULL or empty is rejected."""
    factor: int = 1
    """What a rule multiplies it by; the product must be finite too."""


IDENTIFIER = 256
NAME = 1024
USER_AGENT = 4096

EVENT_FIELDS = (
    Field("artist", "artist", Type.TEXT, NAME),
    Field("auth", "auth", Type.TEXT, IDENTIFIER),
    Field("first_name", "firstName", Type.TEXT, NAME),
    Field("gender", "gender", Type.TEXT, IDENTIFIER),
    Field("item_in_session", "itemInSession", Type.INT),
    Field("last_name", "lastName", Type.TEXT, NAME),
    Field("length", "length", Type.DOUBLE),
    Field("level", "level", Type.TEXT, IDENTIFIER),
    Field("location", "location", Type.TEXT, NAME),
    Field("method", "method", Type.TEXT, IDENTIFIER),
    Field("page", "page", Type.TEXT, IDENTIFIER, required=True),
    Field("registration", "registration", Type.DOUBLE),
    Field("session_id", "sessionId", Type.INT),
    Field("song", "song", Type.TEXT, NAME),
    Field("status", "status", Type.INT),
    Field("ts", "ts", Type.EPOCH, required=True),
    Field("user_agent", "userAgent", Type.TEXT, USER_AGENT),
    Field("user_id", "userId", Type.INT),
)

SONG_FIELDS = (
    Field("num_songs", "num_songs", Type.INT),
    Field("artist_id", "artist_id", Type.TEXT, IDENTIFIER),
    Field("artist_latitude", "artist_latitude", Type.DOUBLE),
    Field("artist_longitude", "artist_longitude", Type.DOUBLE),
    Field("artist_location", "artist_location", Type.TEXT, NAME),
    Field("artist_name", "artist_name", Type.TEXT, NAME),
    Field("song_id", "song_id", Type.TEXT, IDENTIFIER, required=True),
    Field("title", "title", Type.TEXT, NAME),
    Field("duration", "duration", Type.DOUBLE, factor=1000),  # R4: seconds, made milliseconds
    Field("year", "year", Type.INT),
)

FIELDS: dict[Kind, tuple[Field, ...]] = {"log": EVENT_FIELDS, "song": SONG_FIELDS}

INT_MIN, INT_MAX = -(2**31), 2**31 - 1
# What both engines' TIMESTAMP can hold: Redshift begins at 4713 BC, DuckDB ends in January 294247.
EPOCH_MIN, EPOCH_MAX = -210_866_803_200_000, 9_223_372_036_854_775

MAX_RECORD = 16 << 20
"""Bytes of the longest record that is read; memory stays bounded by it."""
RECORD_SHOWN = 1000
"""Characters of a rejected record that are kept."""
