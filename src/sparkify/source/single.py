"""A location that is one file or one object, not a folder."""

from __future__ import annotations

from collections.abc import Iterator

from sparkify.errors import UsageError
from sparkify.source.compacted import is_part
from sparkify.source.fields import Kind
from sparkify.source.files import COMPRESSED_SUFFIXES, DATA_SUFFIXES, SourceFile, bounded, has_data_suffix
from sparkify.source.folder import Folder, raw_path


class File(Folder):
    """A local file."""

    def check(self, option: str) -> None:
        check_single(f"{option} {self.location}", self.root.name)

    def list(self, kind: Kind, jsonpaths: str | None) -> Iterator[SourceFile]:  # noqa: ARG002 - it was named as data
        status = self.root.stat()
        if status.st_size:
            raw = raw_path(self.root)
            yield SourceFile(self.url, status.st_size, bounded(status.st_mtime_ns // 1000), kind, None, raw)


def check_single(what: str, name: str) -> None:
    """Raise UsageError when a file of this name can be no location by itself."""
    name = name.rpartition("/")[2]
    if is_part(name):
        raise UsageError(f"{what}: is a part of a compacted location; give the folder that holds it")
    if not has_data_suffix(name):
        suffixes = ", ".join(f"*{suffix}" for suffix in DATA_SUFFIXES)
        raise UsageError(f"{what}: is not a data file ({suffixes}, plain, {' or '.join(COMPRESSED_SUFFIXES)})")
