"""The staging prefix: where this machine puts what COPY is to read, and finds what UNLOAD wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex

from sparkify.errors import SourceError
from sparkify.source.access import Access, bucket_region, parse
from sparkify.source.fields import Kind
from sparkify.source.spool import LineWriter, Spool
from sparkify.source.target import BucketTarget
from sparkify.sql_queries import literal as duckdb_literal
from sparkify.warehouse import number
from sparkify.warehouse.local import LocalEngine
from sparkify.warehouse.redshift_staging import Copy, jsonpaths, manifest, part_columns

PART_LEAST = 1 << 20
"""Bytes of a compressed part from which it is worth a file of its own; source: AWS, best practices of loading."""
PART_MOST = 64 << 20
"""Bytes of a compressed part: far below AWS's 1 GB, so that slices end together."""
_ROW = 40
"""Bytes of a row in a compressed part, about."""


class StagingArea:
    """A folder of this process below the staging prefix; nobody else writes there, and it is empty in the end."""

    def __init__(self, place: str, access: Access) -> None:
        self._access = access
        self._token = token_hex(8)
        self._base = "sparkify-export"
        self._numbers = count()
        self._regions: dict[str, str | None] = {}
        self._target = BucketTarget(place.rstrip("/"), access)
        self.url = f"{self._target.url.rstrip('/')}/{self._base}/{self._token}"

    def belong(self, warehouse: str) -> None:
        """Take a folder among those of a warehouse's loads, by its id; what killed loads left there can be found."""
        self._base = f"sparkify-{warehouse}"
        self.url = f"{self._target.url.rstrip('/')}/{self._base}/{self._token}"

    def check(self) -> None:
        """Raise UsageError or SourceError when it can be seen that nothing can be written there."""
        self._target.check("--staging")

    def close(self) -> None:
        """Let go of connections."""
        self._target.close()

    def clear(self) -> None:
        """Remove what is in the folder of this process, whoever wrote it."""
        self._target.delete(list(self._target.names(f"{self._base}/{self._token}")))

    def clear_left(self) -> None:
        """Remove what other loads of the warehouse left; only for who holds its lock, so that they are over."""
        ours = f"{self._base}/{self._token}/"
        self._target.delete([name for name in self._target.names(self._base) if not name.startswith(ours)])

    def room(self) -> Room:
        """A folder for one batch, or for one statement."""
        return Room(self._target, f"{self._base}/{self._token}/{next(self._numbers):04}")

    def region_of(self, url: str) -> str | None:
        """The region of a bucket, None where its store names none; asked for once."""
        bucket = parse(url).root
        if bucket not in self._regions:
            self._regions[bucket] = bucket_region(bucket, self._access)
        return self._regions[bucket]

    @property
    def region(self) -> str | None:
        """The region of the staging bucket: what COPY reads in one statement must lie in one region."""
        return self.region_of(self.url)


class Room:
    """Objects that belong together, and go together."""

    def __init__(self, target: BucketTarget, folder: str) -> None:
        self._target = target
        self._folder = folder
        self._names: list[str] = []
        self.url = f"{target.url.rstrip('/')}/{folder}"

    def write(self, name: str, data: bytes | Path) -> str:
        """Write an object; its address."""
        self._names.append(f"{self._folder}/{name}")
        self._target.write(f"{self._folder}/{name}", data)
        return f"{self.url}/{name}"

    def fetch(self, folder: str, spool: Spool) -> list[Path]:
        """Bring what the engine wrote below a folder of the room here, in the order of its names."""
        paths = []
        for name in sorted(self._target.names(f"{self._folder}/{folder}")):
            data = self._target.read(name)
            if data is None:
                raise SourceError(f"{self.url}: {name} is gone; does anything else write to the staging prefix?")
            path = spool.new("unloaded", ".parquet")
            with spool.guard():
                path.write_bytes(data)
            paths.append(path)
        return paths

    def clear(self) -> None:
        """Remove what was written here."""
        self._target.delete(self._names)
        self._names.clear()

    def clear_all(self) -> None:
        """Remove everything in it, what the engine wrote too."""
        self._target.delete(list(self._target.names(self._folder)))
        self._names.clear()


# -- parts ----------------------------------------------------------------------------------------------


def number_of_parts(rows: int, slices: int) -> int:
    """Into how many parts rows are cut: as many as slices, or a multiple, where each gets enough to do."""
    size = rows * _ROW
    if size < slices * PART_LEAST:
        return max(1, size // PART_LEAST)
    rounds = -(-size // (slices * PART_MOST))
    return slices * rounds


@dataclass(frozen=True, slots=True)
class Parts:
    """Rows of one kind, as objects that one COPY reads."""

    copy: Copy
    rows: int
    urls: tuple[str, ...]


def write_parts(local: LocalEngine, kind: Kind, room: Room, spool: Spool, slices: int) -> Parts | None:
    """Write what was staged on this machine as compressed JSON, many objects at a time; None when there is nothing."""
    source = "staging_events" if kind == "log" else "batch_songs"
    rows = number(local.query(f"select count(*) from temp.main.{source}")[0][0])
    if not rows:
        return None
    columns = part_columns(kind)
    # Milliseconds of the source for the events, so that every year comes through; for files, ISO has the microseconds.
    chosen = ", ".join(
        "epoch_ms(ts) as ts" if column == "ts" and kind == "log"
        else "strftime(modified, '%Y-%m-%d %H:%M:%S.%f') as modified" if column == "modified"
        else column
        for column in columns
    )  # fmt: skip
    wanted = number_of_parts(rows, slices)
    urls: list[str] = []
    with ThreadPoolExecutor(4, thread_name_prefix="parts") as pool:
        writes: list[Future[str]] = []
        for place in range(wanted):
            path = spool.new(f"part-{kind}", ".json.gz")
            first, last = rows * place // wanted, rows * (place + 1) // wanted
            with spool.guard():
                local.execute(
                    f"copy (select {chosen} from temp.main.{source} where rowid >= {first} and rowid < {last}) "
                    f"to {duckdb_literal(str(path))} (format json, compression gzip)"
                )
            writes.append(pool.submit(_put, room, f"{kind}-{place:04}.json.gz", path))
        urls = [write.result() for write in writes]
    listed = room.write(f"{kind}.manifest", manifest(urls))
    mapping = room.write(f"{kind}.jsonpaths", jsonpaths(columns))
    copy = Copy(source, columns, listed, mapping, "gzip", "epochmillisecs" if kind == "log" else "auto")
    return Parts(copy, rows, tuple(urls))


def _put(room: Room, name: str, path: Path) -> str:
    url = room.write(name, path)
    path.unlink()
    return url


def write_rows(
    rows: Iterable[Mapping[str, object]], table: str, columns: Sequence[str], room: Room, spool: Spool
) -> Parts | None:
    """Write rows of ours, such as of the ledger, for one COPY; None when there is none."""
    writer = LineWriter(spool, table)
    for row in rows:
        writer.write(row)
    path = writer.close()
    if path is None:
        return None
    url = room.write(f"{table}.json", path)
    path.unlink()
    return Parts(Copy(table, tuple(columns), room.write(f"{table}.manifest", manifest([url]))), writer.rows, (url,))
