"""The staging prefix: where this machine puts what COPY is to read, and finds what UNLOAD wrote."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from secrets import token_hex

from sparkify.errors import SourceError, UsageError, remedy
from sparkify.source.access import Access, bucket_region, parse
from sparkify.source.fields import FIELDS, Kind
from sparkify.source.spool import LineWriter, Spool, temporary
from sparkify.source.target import BucketTarget
from sparkify.sql_queries import literal as duckdb_literal
from sparkify.warehouse import number
from sparkify.warehouse.local import LocalEngine
from sparkify.warehouse.redshift_staging import RAW, Copy, jsonpaths, manifest, part_columns, raw_column

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


def own_spool(url: str, folder: Path | None) -> Spool:
    """A folder on this machine that the next load finds when this one is killed; nobody else's may be there.

    Hidden, because a data folder may be around it. Raises UsageError when something else has its name.
    """
    mark = hashlib.sha256(url.encode()).hexdigest()[:12]
    place = (folder or temporary()).resolve()
    name = f"sparkify-{os.getuid()}-{mark}.spool"
    path = place / f".{name}"
    try:
        for left in (path, place / name):  # as it was named before
            if os.path.lexists(left):
                _clear_own(left)
        path.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(f"{path}: cannot be made ({error.strerror}); {remedy(error)}, or set --spool-dir") from error
    return Spool(path)


def _clear_own(path: Path) -> None:
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise UsageError(f"{path}: is not ours; remove it, or set --spool-dir")
    Spool(path).clear()


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


def write_parts(local: LocalEngine, kind: Kind, room: Room, spool: Spool, slices: int) -> list[Parts]:
    """Write what was staged on this machine as compressed JSON, many objects at a time; nothing when there is none."""
    source = "staging_events" if kind == "log" else "batch_songs"
    # Milliseconds of the source for the events, for files ISO, which has the microseconds.
    columns = part_columns(kind)
    chosen = ", ".join(_AS_TEXT.get((kind, column), column) for column in columns)
    near = _NEAR if kind == "log" else "true"
    time_format = "epochmillisecs" if kind == "log" else "auto"
    found = _write(
        local, f"select {chosen}, rowid as place from temp.main.{source} where {near}", kind, room, spool, slices
    )
    made = []
    if found is not None:
        mapping = room.write(f"{kind}.jsonpaths", jsonpaths(columns))
        made.append(Parts(Copy(source, columns, found.manifest, mapping, "gzip", time_format), found.rows, found.urls))
    if kind == "log":
        # Of years that no time format is documented for: by way of the table of text, where SQL makes the times.
        texts = ", ".join(
            f"cast({'epoch_ms(ts)' if field.column == 'ts' else field.column} as varchar) as {raw_column(field)}"
            for field in FIELDS["log"]
        )
        far = f"select {texts}, rowid as place from temp.main.{source} where not ({_NEAR})"
        found = _write(local, far, "far", room, spool, 1)
        if found is not None:
            names = tuple(raw_column(field) for field in FIELDS["log"])
            mapping = room.write("far.jsonpaths", jsonpaths(names))
            made.append(Parts(Copy(RAW, names, found.manifest, mapping, "gzip"), found.rows, found.urls))
    return made


_NEAR = "ts >= timestamp '0001-01-01' and ts < timestamp '10000-01-01'"
_AS_TEXT = {
    ("log", "ts"): "epoch_ms(ts) as ts",
    ("song", "modified"): "strftime(modified, '%Y-%m-%d %H:%M:%S.%f') as modified",
}


@dataclass(frozen=True, slots=True)
class _Written:
    manifest: str
    rows: int
    urls: tuple[str, ...]


def _write(local: LocalEngine, select: str, stem: str, room: Room, spool: Spool, slices: int) -> _Written | None:
    """Write what a query gives into as many objects as are worth it; its last column numbers the rows, with gaps."""
    [(rows, first, last)] = local.query(f"select count(*), min(place), max(place) from ({select})")
    if not number(rows):
        return None
    low, span = number(first), number(last) + 1 - number(first)
    wanted = number_of_parts(number(rows), slices)
    with ThreadPoolExecutor(4, thread_name_prefix="parts") as pool:
        writes: list[Future[str]] = []
        for part in range(wanted):
            path = spool.new(f"part-{stem}", ".json.gz")
            begin, end = low + span * part // wanted, low + span * (part + 1) // wanted
            with spool.guard():
                local.execute(
                    f"copy (select * exclude (place) from ({select}) where place >= {begin} and place < {end}) "
                    f"to {duckdb_literal(str(path))} (format json, compression gzip)"
                )
            writes.append(pool.submit(_put, room, f"{stem}-{part:04}.json.gz", path))
        urls = tuple(write.result() for write in writes)
    return _Written(room.write(f"{stem}.manifest", manifest(urls)), number(rows), urls)


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
