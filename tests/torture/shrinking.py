"""From a load that differs from the reference to the smallest file that does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.reference import Version, decompress
from tests.torture.holding import Way, hold

SECONDS = 90.0
"""What making one file small may take; a file that is not yet small by then stays as it is."""


def culprits(folder: Path, versions: Sequence[Version], way: Way) -> list[Version]:
    """Few files that differ when they are loaded without the others; all of them if it takes all of them."""

    def differs(some: Sequence[Version]) -> bool:
        return bool(hold(folder, some, way).differences)

    return _fewer(list(versions), differs, time.monotonic() + SECONDS)


def shrunk(folder: Path, version: Version, way: Way) -> Version:
    """The smallest file found that differs for itself; plain, if it does so when it is plain."""

    def differs(data: bytes, name: str) -> bool:
        return bool(hold(folder, [Version(name, data, version.modified)], way).differences)

    deadline = time.monotonic() + SECONDS
    name, data = version.name, version.data
    if name.endswith((".gz", ".zst")):
        plain, bare = decompress(version)[0], name.rsplit(".", 1)[0]
        if differs(plain, bare):
            name, data = bare, plain
    if differs(data, name):
        data = _shorter(data, lambda some: differs(some, name), deadline)
    return Version(name, data, version.modified)


def _fewer(versions: list[Version], differs: Callable[[Sequence[Version]], bool], deadline: float) -> list[Version]:
    while len(versions) > 1 and time.monotonic() < deadline:
        half = len(versions) // 2
        for part in (versions[:half], versions[half:]):
            if differs(part):
                versions = part
                break
        else:
            break
    return versions


def _shorter(data: bytes, differs: Callable[[bytes], bool], deadline: float) -> bytes:
    """Leave out ever smaller pieces as long as it differs without them."""
    size = max(1, len(data) // 2)
    while time.monotonic() < deadline:
        place, less = 0, False
        while place < len(data) and time.monotonic() < deadline:
            candidate = data[:place] + data[place + size :]
            if candidate and differs(candidate):
                data, less = candidate, True
            else:
                place += size
        if not less and size == 1:
            break
        if not less:
            size = max(1, size // 2)
    return data
