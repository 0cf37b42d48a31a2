"""Object storage as a source: listing in parallel where that helps, and many objects fetched at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, Queue, SimpleQueue
from threading import BoundedSemaphore, Event, Lock

from sparkify.errors import SourceError
from sparkify.source.access import Access, parse
from sparkify.source.ahead import HEED
from sparkify.source.fields import Kind
from sparkify.source.files import SourceFile, bounded, has_data_suffix, is_data_name
from sparkify.source.listing import PAGE
from sparkify.source.location import MANIFEST, SMALL, Content, check_no_pattern
from sparkify.source.single import check_single
from sparkify.source.spool import Spool
from sparkify.source.storage import Object, RangesIgnored, Replaced, Stopped, Storage

LISTERS = 16
"""Prefixes listed at the same time."""
PIECE = 8 << 20
"""Bytes up to which an object is fetched by one request; a larger one in ranges of that size."""
PIECES = 16
"""Requests for more than a small object's bytes at the same time: they bound the memory, at 128 MiB."""
VERSIONS = 5
"""How often an object may be replaced while it is read."""


class Bucket:
    """A prefix in object storage."""

    def __init__(self, location: str, access: Access, concurrency: int) -> None:
        address = parse(location)
        self.url = address.url
        self.compacted: set[str] = set()
        self.empty = False
        self.storage = Storage(address.root, access)
        self._single: Object | None = None
        """The object itself, where the address is that of one; known after the check."""
        self._address = address
        self._concurrency = concurrency
        self.large = BoundedSemaphore(PIECES)
        """Holds back requests for many bytes."""

    def check(self, option: str) -> None:
        prefix = self._address.prefix
        if has_data_suffix(prefix) and self.storage.scheme in {"http", "https"}:  # few web servers can be listed
            self._single = self.storage.find(prefix)
        if self._single or self.storage.check(prefix, option):
            return
        if prefix:
            self._single = self.storage.find(prefix)
        if self._single is None:
            check_no_pattern(f"{option} {self.url}", prefix)
        else:
            check_single(f"{option} {self.url}", prefix)

    @property
    def warnings(self) -> list[str]:
        """What the store had to say, such as that there are no credentials."""
        return self.storage.warnings

    def stop(self) -> None:
        self.storage.stopping.set()

    def close(self) -> None:
        self.storage.close()

    def read(self, url: str) -> bytes:
        try:
            return bytes(self.storage.read(self._key(url)))
        except FileNotFoundError as error:
            raise SourceError(f"{url}: is not there; check the address") from error

    # -- listing ------------------------------------------------------------------------------------

    def list(self, kind: Kind, jsonpaths: str | None) -> Iterator[SourceFile]:
        if self._single is not None:
            key, size, modified, etag = self._single
            if size:
                yield SourceFile(self.url, size, bounded(modified), kind, etag)
            return
        root = self._address.root + "/"
        below = len(self._address.prefix) + 1 if self._address.prefix else 0
        found = False
        for page in self._pages():
            found = found or bool(page)
            for key, size, modified, etag in page:
                inside = key[below:]
                folder, _, name = key.rpartition("/")
                if name == MANIFEST:
                    self.compacted.add(root + folder if folder else self._address.root)
                if not size or not is_data_name(name) or _is_hidden(inside):
                    continue
                url = root + key
                if url != jsonpaths:
                    yield SourceFile(url, size, bounded(modified), kind, etag)

        self.empty = not found

    def _pages(self) -> Iterator[Sequence[Object]]:
        """Every page; those of sub-folders at the same time when there are many objects in few of them.

        What the first page had comes again then: no store has to list in an order that tells what that was.
        """
        pages = self.storage.pages(self._address.prefix)
        first = next(pages, [])
        yield first
        found = self._folders(first) if len(first) >= PAGE else None
        if found is None:
            yield from pages
            return
        folders, objects = found
        yield objects
        yield from self._parallel(folders)

    def _folders(self, first: Sequence[Object]) -> tuple[Sequence[str], Sequence[Object]] | None:
        """The sub-folders worth listing at the same time, and the objects beside them; None when there are none.

        Not worth it are folders so small that the first page is of many of them.
        """
        prefix = self._address.prefix
        beside: list[Object] = []
        while True:
            inside = f"{prefix}/" if prefix else ""
            depth = len(inside)
            seen = {each.key[depth:].partition("/")[0] for each in first if "/" in each.key[depth:]}
            if not seen or len(seen) > LISTERS:
                return None  # many objects side by side: asking for the sub-folders would list them all at once
            folders, objects = self.storage.folders(prefix)
            beside += objects
            if len(folders) != 1 or not folders[0].startswith(inside):
                return (folders, beside) if len(folders) > 1 else None
            prefix = folders[0]

    def _parallel(self, folders: Sequence[str]) -> Iterator[Sequence[Object]]:
        """The pages of several prefixes, as they come."""
        pages: Queue[Sequence[Object] | Exception | None] = Queue(maxsize=2 * LISTERS)
        stop = Event()

        def work(folder: str) -> None:
            try:
                for page in self.storage.pages(folder):
                    pages.put(page)
                    if stop.is_set():
                        return
            except Exception as error:
                pages.put(error)
            finally:
                pages.put(None)

        pool = ThreadPoolExecutor(LISTERS, thread_name_prefix="list")
        try:
            for folder in folders:
                pool.submit(work, folder)
            yield from _taken(pages, len(folders))
        except BaseException:
            self.storage.stopping.set()
            raise
        finally:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            with suppress(Empty):
                while True:  # whoever waits for room in the queue must get it, to end
                    pages.get(timeout=0.01)
            pool.shutdown()

    # -- fetching -----------------------------------------------------------------------------------

    def fetch(self, files: Iterable[SourceFile], spool: Spool) -> Iterator[Content]:
        fetched = _Fetch(self, spool)
        waiting = iter(files)
        under_way = 0
        pool = ThreadPoolExecutor(self._concurrency, thread_name_prefix="fetch")
        try:
            while True:
                # What came and is not yet taken holds memory, so there is a bound to it.
                while under_way < 4 * self._concurrency and (file := next(waiting, None)) is not None:
                    for task in fetched.tasks(file):
                        pool.submit(fetched.run, *task)
                    under_way += 1
                if not under_way:
                    return
                try:
                    content = fetched.results.get(timeout=HEED)
                except Empty:
                    if self.storage.stopping.is_set():
                        raise Stopped from None  # some may be in the middle of a long answer: nobody waits for it
                    continue
                if isinstance(content, Exception):
                    raise content
                under_way -= 1
                yield content
        except BaseException:
            self.storage.stopping.set()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _key(self, url: str) -> str:
        return url[len(self._address.root) + 1 :]

    def get(self, file: SourceFile, start: int | None = None, end: int | None = None) -> memoryview:
        """The bytes of an object, or of a range of it, in the version that was listed."""
        key = self._key(file.url)
        if start is None:
            return memoryview(self.storage.read(key, etag=file.etag, size=file.size, skippable=True))
        return memoryview(self.storage.read(key, etag=file.etag, size=file.size, start=start, end=end, skippable=True))

    def copy(self, file: SourceFile, path: Path) -> None:
        """Write an object, in the version that was listed, into a file by one request."""
        self.storage.copy(self._key(file.url), path, etag=file.etag, size=file.size, skippable=True)

    def listed_again(self, file: SourceFile) -> SourceFile | None:
        """The file in the version that is there now; None when it is gone."""
        now = self.storage.find(self._key(file.url))
        return now and replace(file, size=now.size, modified=bounded(now.modified), etag=now.etag)


@dataclass(slots=True)
class _Transfer:
    """A large object on its way into the spool, range by range."""

    file: SourceFile
    path: Path
    left: int
    lock: Lock = field(default_factory=Lock)
    replaced: bool = False
    whole: bool = False
    """Whether it is to be fetched by one request, because the store sends no ranges."""


class _Fetch:
    """The work of the threads of one fetch; each file gives one result."""

    def __init__(self, bucket: Bucket, spool: Spool) -> None:
        self.results: SimpleQueue[Content | Exception] = SimpleQueue()
        self._bucket = bucket
        self._spool = spool

    def tasks(self, file: SourceFile) -> Iterator[tuple[SourceFile, _Transfer | None, int]]:
        """What to run for a file: one request, or one for each of its ranges."""
        if file.size <= PIECE or not self._bucket.storage.ranges:
            yield file, None, 0
            return
        transfer = self._transfer(file)
        for start in range(0, file.size, PIECE):
            yield file, transfer, start

    def _transfer(self, file: SourceFile) -> _Transfer:
        path = self._spool.new(f"stored-{file.kind}", ".json" + file.suffix)
        with self._spool.guard(), path.open("wb") as stream:
            stream.truncate(file.size)
        return _Transfer(file, path, -(-file.size // PIECE))

    def run(self, file: SourceFile, transfer: _Transfer | None, start: int) -> None:
        """One task, in a thread; a fault is a result too."""
        try:
            if transfer is None:
                self.results.put(self._whole(file))
            else:
                self._piece(transfer, start)
        except Exception as error:
            self.results.put(error)

    def _whole(self, file: SourceFile, tries: int = VERSIONS) -> Content:
        """A file by one request, in the version that is there; a new one when it was replaced meanwhile."""
        while True:
            try:
                if file.size > SMALL:
                    with self._bucket.large:
                        return self._into_spool(file)
                if file.suffix:
                    return self._into_spool(file)
                return Content(file, data=bytes(self._bucket.get(file)))
            except FileNotFoundError:
                return Content(file)
            except Replaced:
                tries -= 1
                if not tries:
                    raise SourceError(
                        f"{file.url}: is replaced faster than it can be read; run again later, or pass --skip"
                    ) from None
                again = self._bucket.listed_again(file)
                if again is None:
                    return Content(file)
                file = again

    def _into_spool(self, file: SourceFile) -> Content:
        path = self._spool.new(f"stored-{file.kind}", ".json" + file.suffix)
        with self._spool.guard():
            self._bucket.copy(file, path)
        return Content(file, path=path)

    def _range(self, transfer: _Transfer, start: int) -> None:
        file = transfer.file
        data = self._bucket.get(file, start, min(start + PIECE, file.size))
        with self._spool.guard(), transfer.path.open("r+b") as stream:
            stream.seek(start)
            stream.write(data)

    def _piece(self, transfer: _Transfer, start: int) -> None:
        """One range of a large object; the last one hands the whole over."""
        with self._bucket.large:
            try:
                if not transfer.replaced and not transfer.whole:
                    self._range(transfer, start)
            except RangesIgnored:
                transfer.whole = True
            except (Replaced, FileNotFoundError):
                transfer.replaced = True
        with transfer.lock:
            transfer.left -= 1
            last = not transfer.left
        if not last:
            return
        if not transfer.replaced and not transfer.whole:
            self.results.put(Content(transfer.file, path=transfer.path))
            return
        transfer.path.unlink()
        if not transfer.replaced:
            self.results.put(self._whole(transfer.file))
            return
        again = self._bucket.listed_again(transfer.file)
        self.results.put(Content(transfer.file) if again is None else self._whole(again, VERSIONS - 1))


def _taken(pages: Queue[Sequence[Object] | Exception | None], writers: int) -> Iterator[Sequence[Object]]:
    """What comes through a queue until each of its writers has ended with None; raises what a writer raised."""
    while writers:
        try:
            page = pages.get(timeout=HEED)
        except Empty:
            continue
        if isinstance(page, Exception):
            raise page
        if page is None:
            writers -= 1
        else:
            yield page


def _is_hidden(inside: str) -> bool:
    """Whether a folder or name below the location begins with `.` or `_`."""
    return inside.startswith((".", "_")) or "/." in inside or "/_" in inside
