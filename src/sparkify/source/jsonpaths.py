"""JSONPaths files: which source field fills which column of `staging_events`, by position.

The format is that of Redshift's COPY: one object `{"jsonpaths": ["$['artist']", …]}`, a path for each
column in the table's order, in bracket or in dot notation but not both, array indexes counted from 0.
Source: https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-json.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from sparkify.errors import UsageError
from sparkify.source.fields import EVENT_FIELDS

_BRACKET = re.compile(r"""\[\s*(?:'([^']*)'|"([^"]*)"|(\d+))\s*\]""")
_DOT = re.compile(r"\.([^.\[\]'\"*]+)|\[(\d+)\]")

Step = str | int
"""A key of an object, or an index of an array."""


@dataclass(frozen=True, slots=True)
class JsonPaths:
    """One path a column of `staging_events`."""

    paths: tuple[tuple[Step, ...], ...]

    @property
    def names(self) -> tuple[str, ...] | None:
        """The top-level field of each column, or None when a path goes deeper or names clash.

        The engine's own JSON reader can only pick distinct top-level fields, and tells no names apart
        that differ in case alone.
        """
        names = [path[0] for path in self.paths if len(path) == 1 and isinstance(path[0], str)]
        if len(names) != len(self.paths) or len({name.lower() for name in names}) != len(names):
            return None
        return tuple(names)


def parse_jsonpaths(text: bytes, location: str) -> JsonPaths:
    """The paths in a JSONPaths file; raises UsageError that says what is wrong with it."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{location}: is not valid JSON ({error})") from error
    entries = content.get("jsonpaths") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise UsageError(f'{location}: has no list of paths; write {{"jsonpaths": ["$[\'artist\']", …]}}')
    if len(entries) != len(EVENT_FIELDS):
        raise UsageError(
            f"{location}: gives {len(entries)} of {len(EVENT_FIELDS)} paths; "
            "give one path a column, in the table's order"
        )
    paths = tuple(parse_path(entry, location) for entry in entries)
    if any("[" in e and re.search(r"\['|\[\"", e) for e in entries) and any(
        _DOT.match(e[1:]) for e in entries if e[1:2] == "."
    ):
        raise UsageError(f"{location}: mixes bracket and dot notation; use one of them")
    return JsonPaths(paths)


def parse_path(text: str, location: str) -> tuple[Step, ...]:
    """The steps of one path such as `$['a']['b'][0]` or `$.a.b[0]`; raises UsageError."""
    steps: list[Step] = []
    position = 1
    if text.startswith("$"):
        while position < len(text):
            bracket = _BRACKET.match(text, position)
            dot = _DOT.match(text, position)
            if bracket is not None:
                single, double, index = bracket.groups()
                steps.append(int(index) if index is not None else single if single is not None else double)
                position = bracket.end()
            elif dot is not None:
                steps.append(dot.group(1))
                position = dot.end()
            else:
                break
    if not steps or position != len(text):
        raise UsageError(f"{location}: '{text}' is no path; write it like $['artist'] or $.artist")
    return tuple(steps)
