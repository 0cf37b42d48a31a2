"""What there is to load: the listing of the locations, held against the ledger.

A million files fit: they are compared in the engine, which spills to disk, and taken from there in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sparkify.source.compacted import Origin
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile, is_skipped, microseconds
from sparkify.warehouse import Warehouse, number

PAGE = 10_000
"""Files taken out of the engine at a time."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What the locations hold, counted, told apart by the ledger."""

    discovered: int
    """Data files found, whatever becomes of them."""
    new: int
    changed: int
    skipped: int
    """Passed over because of --skip, whatever the ledger knows."""
    bytes: int
    """To be read, as stored."""

    @property
    def pending(self) -> int:
        """Files that a load has to read."""
        return self.new + self.changed


def discover(
    warehouse: Warehouse, files: Iterable[SourceFile], skip: Collection[str] = (), *, ledger: bool = True
) -> Listing:
    """Compare what is listed with the ledger (without one, everything is new); reads no file.

    What is to be loaded stays in temporary tables, for `pending`. The database is open for one query only.
    """
    with warehouse.sparing():
        warehouse.drop_temporary(("load_listing", "load_twice", "load_known", "load_pending"))
        warehouse.run("discover/load_listing")
        warehouse.append("load_listing", (_row(file, skip) for file in files))
        for step in ("load_twice", "drop_twice", "add_twice"):  # stores may list an object twice
            warehouse.run(f"discover/{step}")
        warehouse.run("discover/load_known")
        if ledger:
            with warehouse.session(read_only=True):
                warehouse.run("discover/add_known")
        warehouse.run("discover/load_pending")
        [(discovered, skipped)] = warehouse.rows("discover/count_listing")
        [(files_pending, changed, size)] = warehouse.rows("discover/count_pending")
        warehouse.drop_temporary(("load_listing", "load_twice", "load_known"))
    new = number(files_pending) - number(changed)
    return Listing(number(discovered), new, number(changed), number(skipped), number(size))


def pending(warehouse: Warehouse) -> Iterator[SourceFile]:
    """The files to load, in the order in which batches take them: time of change, then name."""
    place = 0
    while rows := warehouse.rows("discover/pending", [place, place + PAGE]):
        for url, etag, size, modified, kind, raw in rows:
            yield SourceFile(
                str(url),
                number(size),
                microseconds(cast("datetime", modified)),
                cast("Kind", kind),
                cast("str | None", etag),
                cast("str | None", raw),
            )
        place += PAGE


def not_loaded(warehouse: Warehouse, origins: Sequence[Origin]) -> list[Origin]:
    """Those files of a compacted part that the ledger lacks, or knows in another version only."""
    warehouse.drop_temporary(("load_origins",))
    warehouse.run("discover/load_origins")
    warehouse.append(
        "load_origins",
        (
            {
                "url": origin.file.url,
                "kind": origin.file.kind,
                "etag": origin.file.etag,
                "size": origin.file.size,
                "modified": origin.file.modified_at,
            }
            for origin in origins
        ),
    )
    with warehouse.session(read_only=True):
        loaded = {str(url) for (url,) in warehouse.rows("discover/loaded_origins")}
    return [origin for origin in origins if origin.file.url not in loaded]


def _row(file: SourceFile, skip: Collection[str]) -> dict[str, object]:
    return {
        "url": file.url,
        "etag": file.etag,
        "size": file.size,
        "modified": file.modified_at,
        "kind": file.kind,
        "raw_path": file.raw,
        "skipped": int(bool(skip) and is_skipped(file.url, skip)),
    }
