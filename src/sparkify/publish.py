"""`sparkify simulate`: the raw files of a simulated company, in a folder or in object storage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sparkify.errors import SparkifyError, UsageError
from sparkify.source.access import is_remote, local_path
from sparkify.source.target import open_target, upload

if TYPE_CHECKING:
    from sparkify.config import Settings
    from sparkify.simulate import Company, Simulated


def publish(company: Company, place: str, settings: Settings) -> Simulated:
    """Write the files of a company to `song_data/` and `log_data/` in a place where neither holds anything.

    For object storage they are made in a local folder first. Raises UsageError, or SourceError when the place
    cannot be written.
    """
    if not is_remote(place):
        return _simulate(Path(local_path(place)), company)
    target = open_target(place, settings.access)
    try:
        target.check("OUT")
        for name in target.names():
            folder = name.partition("/")[0]
            if folder in ("song_data", "log_data"):
                raise UsageError(f"{target.url}/{folder} is not empty: name another place, or remove it first")
        with target.scratch() as scratch:
            written = _simulate(scratch, company)
            upload(scratch, target, settings.concurrency)
    finally:
        target.close()
    return written


def _simulate(folder: Path, company: Company) -> Simulated:
    from sparkify.simulate import simulate

    try:
        return simulate(folder, company)
    except FileExistsError as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise SparkifyError(
            f"{error.filename or folder}: cannot be written ({error.strerror}); check the folder"
        ) from error
