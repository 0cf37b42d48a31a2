"""Getting a batch into the staging tables of Redshift: what is sent, what is copied, and what COPY says of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from sparkify.errors import WarehouseError
from sparkify.source.fields import FIELDS
from sparkify.source.files import SourceFile
from sparkify.source.jsonpaths import JsonPaths
from sparkify.source.parts import Part
from sparkify.warehouse import Inexact, number
from sparkify.warehouse import redshift_staging as staging
from sparkify.warehouse.local import LocalEngine
from sparkify.warehouse.redshift_session import RedshiftSession
from sparkify.warehouse.redshift_staging import Copy
from sparkify.warehouse.staging_area import Parts, Room, StagingArea, write_parts

VIEWS_WAIT = 10.0
"""Seconds until a system view shows what just happened; AWS promises nothing."""
NARROWING = 24
"""COPY statements that look for the files with doubtful values; a few bad ones among a thousand are found."""
_HOPELESS = 8
_NOT_OF_FILES = re.compile(
    r"denied|not authorized|permission|forbidden|credential|iam_role|assume role|redirect|invalidaccess", re.IGNORECASE
)
"""What COPY says when it may not read at all; any other failure may be the fault of a file: damaged, gone, no JSON."""
_NAME_SHOWN = 256
"""Characters of a file's name in the system views."""


class Writable(Protocol):
    """A place for manifests."""

    def write(self, name: str, data: bytes | Path) -> str:
        """Write an object; its address."""


class Doubtful(Inexact):
    """Files that were copied in place, in at least one of which stands a value that only the exact reader can judge."""


@dataclass(slots=True)
class InPlace:
    """Big log files of one compression, copied where they lie."""

    parts: list[Part]
    copy: Copy


class Loading:
    """Stages one batch after the other, during a load."""

    def __init__(self, session: RedshiftSession, local: LocalEngine, area: StagingArea, role: str, slices: int) -> None:
        self.area = area
        self.copying = False
        """Whether the last error came while big files were copied where they lie."""
        self._session = session
        self._local = local
        self._role = role
        self._slices = slices
        self._room: Room | None = None
        self._sent: list[Parts] = []
        self._in_place: list[InPlace] = []

    # -- before the transaction -------------------------------------------------------------------------

    def reads(self, file: SourceFile, paths: JsonPaths | None) -> bool:
        """Whether COPY is to read this file where it lies: a big log file, in S3, in the region of the rest."""
        return (
            file.kind == "log"
            and file.size >= staging.DIRECT_BYTES
            and file.url.startswith("s3://")
            and file.suffix in staging.COPY_OPTIONS
            and staging.can_map(paths)
            and self.area.region_of(file.url) == self.area.region
        )

    def stage(self, parts: Sequence[Part]) -> list[Part]:
        """Read what is on this machine, and send it to the staging prefix; the parts that were not read exactly."""
        here = [part for part in parts if not part.in_place]
        inexact = self._local.stage(here)
        if inexact:
            return inexact
        self.clear()
        self._room = self.area.room()
        for kind in ("log", "song"):
            self._sent += write_parts(self._local, kind, self._room, self._local.spool, self._slices)
        self._in_place = self.in_place([part for part in parts if part.in_place], self._room)
        return []

    def statement(self, copy: Copy) -> str:
        """A COPY, with the role and the region of this warehouse."""
        return copy.sql(self._role, self.area.region)

    def in_place(self, parts: Sequence[Part], room: Writable) -> list[InPlace]:
        """One COPY for each compression of the files that are read where they lie."""
        groups: dict[str, list[Part]] = {}
        for part in parts:
            groups.setdefault(part.sources[0].file.suffix, []).append(part)
        made = []
        columns = tuple(staging.raw_column(field) for field in FIELDS["log"])
        for suffix, group in sorted(groups.items()):
            option = staging.COPY_OPTIONS[suffix]
            listed = room.write(
                f"in-place{suffix}.manifest", staging.manifest(part.sources[0].file.url for part in group)
            )
            mapping = "auto ignorecase"
            if not group[0].by_name:
                mapping = room.write("source.jsonpaths", staging.jsonpaths(group[0].names))
            made.append(InPlace(group, Copy(staging.RAW, columns, listed, mapping, option)))
        return made

    def clear(self) -> None:
        """Remove what was sent for the batch before."""
        if self._room is not None:
            self._room.clear()
        self._room = None
        self._sent, self._in_place = [], []

    # -- within the transaction ---------------------------------------------------------------------------

    def copy(self, temporary: set[str]) -> None:
        """Fill `staging_events` and `batch_songs`; raises Inexact when COPY would bend something."""
        self.copying = False
        session = self._session
        session.execute("delete from staging_events")
        if "batch_songs" in temporary:
            session.execute("drop table batch_songs")
        session.execute(staging.create_batch_songs())
        temporary.add("batch_songs")
        for sent in self._sent:
            if sent.copy.table == staging.RAW:
                session.execute(staging.create_raw())
                self.send(sent)
                self._type_raw()
            else:
                self.send(sent)
        if self._in_place:
            self._copy_in_place()

    def send(self, parts: Parts) -> None:
        """COPY parts of ours; every row of them must come."""
        came = self._copy(parts.copy)
        if came != parts.rows:
            raise WarehouseError(
                f"{parts.copy.manifest}: COPY took {came} of {parts.rows} rows; nothing of the batch was loaded, "
                "please report this"
            )

    def _copy(self, copy: Copy) -> int:
        self._session.execute(self.statement(copy))
        return number(self._session.query("select pg_last_copy_count()")[0][0])

    def _copy_in_place(self) -> None:
        session = self._session
        session.execute(staging.create_raw())
        self.copying = True
        for group in self._in_place:
            came = self._copy(group.copy)
            self._count(group, came)
        self.copying = False
        doubtful = number(session.query(staging.count_doubtful())[0][0])
        if doubtful:
            raise Doubtful(self._left(), "values that COPY may have bent")
        self._type_raw()

    def _type_raw(self) -> None:
        self._session.execute(staging.type_raw())
        self._session.execute(f"drop table {staging.RAW}")

    def _count(self, group: InPlace, came: int) -> None:
        """Note how many records each file had, and that it was the version that was listed."""
        query = number(self._session.query("select pg_last_copy_id()")[0][0])
        deadline = time.monotonic() + VIEWS_WAIT
        while True:
            rows = self._session.query(
                "select trim(file_name), lines_scanned, trim(file_etag) from sys_load_detail where query_id = ?",
                [query],
            )
            found = {str(name): (number(lines), str(etag or "").strip('"')) for name, lines, etag in rows}
            seen = [next((found[name] for name in _shown(part) if name in found), None) for part in group.parts]
            if all(each is not None for each in seen) or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        names = {_shown(part)[0] for part in group.parts}
        counted = [each for each in seen if each is not None]
        if len(counted) < len(seen) or len(names) < len(seen) or sum(lines for lines, _ in counted) != came:
            # Nor will the view tell of the others.
            raise Inexact(self._left(), "sys_load_detail does not tell how many records each file has")
        odd = []
        for part, (lines, etag) in zip(group.parts, counted, strict=True):
            source = part.sources[0]
            source.rows = part.shape.lines = lines
            if etag and source.file.etag and etag != source.file.etag.strip('"'):
                odd.append(part)
        if odd:
            raise Inexact(odd, "replaced since they were listed")

    # -- after a failure ----------------------------------------------------------------------------------

    def culprits(self, error: WarehouseError) -> list[Part]:
        """The parts whose files COPY could not load; raises the error when it was not for what is in them.

        A COPY that loads nothing finds them all at once: the one that failed stopped at the first.
        """
        if _NOT_OF_FILES.search(str(error)):
            raise error
        bad: set[str] = set()
        with self._raw_table():
            for group in self._in_place:
                bad |= self._scan(group)
        return [part for part in self._left() if bad.intersection(_shown(part))] or self._left()

    def _left(self) -> list[Part]:
        """Every part that is copied in place."""
        return [part for group in self._in_place for part in group.parts]

    @contextmanager
    def _raw_table(self) -> Iterator[None]:
        """The table of text, outside of the transaction; it goes with the connection, if that goes."""
        self._session.execute(staging.create_raw())
        made = self._session.number
        try:
            yield
        finally:
            if self._session.is_open and self._session.number == made:
                self._session.execute(f"drop table {staging.RAW}")

    def narrow(self) -> list[Part]:
        """The parts with doubtful values, found by copying ever smaller halves: rows do not tell their file.

        Where they are everywhere, looking on would cost more than reading all: after `NARROWING` statements, or eight
        that found no half without, what is left undecided counts as doubtful.
        """
        session, tried, clean = self._session, 0, 0
        found: list[Part] = []
        undecided = [(group, group.parts) for group in self._in_place]
        with self._raw_table():
            while undecided:
                group, parts = undecided.pop(0)
                if tried == NARROWING or (tried == _HOPELESS and not clean):
                    found += parts
                    continue
                tried += 1
                session.execute(f"delete from {staging.RAW}")
                self._copy(self._part_of(group, parts, tried))
                if not number(session.query(staging.count_doubtful())[0][0]):
                    clean += 1
                elif len(parts) == 1:
                    found += parts
                else:
                    half = len(parts) // 2
                    undecided += [(group, parts[:half]), (group, parts[half:])]
        return found

    def _part_of(self, group: InPlace, parts: Sequence[Part], place: int) -> Copy:
        assert self._room is not None
        listed = self._room.write(
            f"narrow-{place}.manifest", staging.manifest(part.sources[0].file.url for part in parts)
        )
        return replace(group.copy, manifest=listed)

    def _scan(self, group: InPlace) -> set[str]:
        session = self._session
        try:
            session.execute(self.statement(replace(group.copy, scan=True)))
        except WarehouseError as error:
            if error.passing:
                raise
        deadline = time.monotonic() + VIEWS_WAIT
        while True:
            rows = session.query(
                "select distinct trim(file_name) from sys_load_error_detail "
                "where session_id = pg_backend_pid() and start_time > getdate() - interval '1 hour'"
            )
            if rows or time.monotonic() > deadline:
                return {str(name) for (name,) in rows}
            time.sleep(0.5)


def _shown(part: Part) -> tuple[str, str]:
    """How system views may show a part's file: by its address, or by its key alone."""
    url = part.sources[0].file.url
    return url[:_NAME_SHOWN], url.split("/", 3)[-1][:_NAME_SHOWN]
