"""Whether statements parse as SQL of Redshift, by the opinion of sqlfluff."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlfluff.core import Linter


@functools.cache
def _linter() -> Linter:
    from sqlfluff.core import FluffConfig, Linter

    return Linter(config=FluffConfig(overrides={"dialect": "redshift", "templater": "raw"}))


@functools.cache
def error(sql: str) -> str | None:
    """Why a statement does not parse, or None."""
    found = [violation for violation in _linter().parse_string(sql).violations if violation.rule_code() == "PRS"]
    return found[0].desc() if found else None


def errors(statements: Iterable[str]) -> list[tuple[str, str]]:
    """Each distinct statement that does not parse, and why; what was looked at once is not looked at again."""
    looked = ((sql, error(sql)) for sql in dict.fromkeys(statements))
    return [(sql, why) for sql, why in looked if why is not None]
