"""The public data, 30 days of real logs and 71 songs: it lies beside a checkout, and is never part of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reference import Version

SHARED = Path(__file__).parents[2] / "shared"
DATA = SHARED / "data"

needs_public_data = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the public data is not here: no folder {SHARED.name}/{DATA.name}"
)


def public_files() -> list[Version]:
    """Its songs and logs, written one after the other."""
    return [
        Version(path.relative_to(DATA).as_posix(), path.read_bytes(), 10**15 + number)
        for number, path in enumerate(sorted(DATA.glob("*_data/**/*.json")))
    ]
