"""Wrong usage of the command line, told as what it comes from where the parser of the library cannot know that."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from sparkify.values import remark, visible


def wrong_end(given: list[str]) -> str | None:
    """What is wrong with an argument that ends as lines of a file edited on Windows do: it would be part of a name.

    What stands before an @ may be a secret.
    """
    for before, argument in zip(["", *given], given, strict=False):
        if argument.endswith("\r") and " " not in argument:  # a statement may end so
            option = f"{before} " if before.startswith("-") else ""
            return f"{option}{visible(argument.split('@')[-1])}: {remark(argument, '')}"
    return None


def misplaced(given: list[str], known: dict[str, Any]) -> str | None:
    """What wrong usage comes from where an option stands in the wrong place, or has no value."""
    if given[0] not in known:
        command = next((word for word in given if word in known), None)
        return (
            f"{given[0]} belongs behind the command: sparkify {command} …" if command and given[0][:1] == "-" else None
        )
    takes = {name for each in known[given[0]].params if not getattr(each, "is_flag", True) for name in each.opts}
    for option, value in pairwise(given):
        if option in takes and value.startswith("--"):
            return f"{option} has no value: {value} follows it"
    return None
