"""What may be done with a bucket: listing, reading, writing and deleting, each tried again where that helps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.source import listing, s3_client
from sparkify.source.access import Access, Link, show
from sparkify.source.faults import SENSELESS, Fault, Kind, Stopped, explain, retrying, told
from sparkify.source.listing import Object, is_odd

if TYPE_CHECKING:
    from obstore import Bytes, GetOptions, GetResult
    from obstore.store import ObjectStore

__all__ = ["Object", "RangesIgnored", "Replaced", "Stopped", "Storage", "show"]

T = TypeVar("T")

_PART = 8 << 20
_PARTS = 9_000  # S3 takes 10,000 parts an upload
_OTHER_ETAGS = 3  # answers with another etag, to a request that forbade it, after which it is believed
_SECONDS_TO_CHECK = 10.0
_BLOCK = 1 << 20


class Replaced(Exception):
    """The object is no longer the one that was asked for."""


class RangesIgnored(Exception):
    """The store sends whole objects where parts of them are asked for."""


@dataclass(slots=True)
class _Asked:
    """What one read is to bring."""

    key: str
    etag: str | None
    size: int | None
    begin: int
    end: int | None
    others: int = 0
    """Answers with another etag so far."""

    @property
    def length(self) -> int | None:
        """Bytes to come; None when unknown."""
        ends = [end for end in (self.end, self.size) if end is not None]
        return max(0, min(ends) - self.begin) if ends else None


class Storage:
    """One bucket (container, web server) and what may be done with it; every call is tried again where that helps.

    Any thread may call. An operation raises SourceError when it fails for good, Stopped once `stopping` is set,
    and UsageError when the configuration of the store does not make sense.
    """

    def __init__(self, root: str, access: Access) -> None:
        self._link = Link(root, access)
        self.root = self._link.root
        self.warnings = self._link.warnings
        self.stopping = threading.Event()
        """When set, nobody waits for another try any more."""
        self._access = access
        self.bucket = self.root.partition("://")[2]
        self.scheme = self._link.address.scheme
        self.ranges = True
        """Whether the store sends ranges, as far as is known."""

    def close(self) -> None:
        """Let go of connections."""
        self._link.close()

    @property
    def by_client(self) -> bool:
        """Whether botocore's client is to do what else obstore does."""
        return self._link.by_client

    def check(self, prefix: str, option: str) -> bool:
        """List one page below the prefix, to see that it can be done; whether anything is there.

        Raises UsageError when the bucket is not there or may not be listed, SourceError when it cannot be reached.
        """
        budget = min(_SECONDS_TO_CHECK, self._access.retry)
        try:
            return listing.holds_any(self, prefix, budget=budget, begun=time.monotonic())
        except Fault as fault:
            error = SourceError if fault.kind is Kind.AGAIN else UsageError
            raise self.error(fault, f"{option} {self._address(prefix)}", "listed", error) from None

    # -- listing ------------------------------------------------------------------------------------

    def pages(self, prefix: str) -> Iterator[list[Object]]:
        """Every object below the prefix, in pages; in no order, and one may come more than once.

        Markers of folders (keys that end in a slash) may be left out, or come without their slash.
        """
        try:
            yield from listing.pages(self, prefix)
        except Fault as fault:
            raise self.error(fault, self._address(prefix), "listed") from None

    def folders(self, prefix: str) -> tuple[list[str], list[Object]]:
        """The keys of the folders directly below the prefix (no slash at the end), and the objects beside them."""
        try:
            return listing.folders(self, prefix)
        except Fault as fault:
            raise self.error(fault, self._address(prefix), "listed") from None

    def find(self, key: str) -> Object | None:
        """The object as a listing tells it, to the fraction of a second; None when it is not there."""
        try:
            return listing.find(self, key)
        except Fault as fault:
            raise self.error(fault, show(self.root, key), "listed") from None

    # -- objects ------------------------------------------------------------------------------------

    def read(
        self, key: str, *, etag: str | None = None, size: int | None = None, start: int | None = None,
        end: int | None = None, skippable: bool = False,
    ) -> Bytes | bytes:  # fmt: skip
        """The bytes [start, end) of an object, or all; with an etag or a size, of that version only.

        With `skippable` an error may advise to pass the object over.
        Raises FileNotFoundError when it is gone, Replaced when it is another.
        """
        begin = start or 0
        if end is not None and end <= begin:
            return b""
        asked = _Asked(key, etag, size, begin, end)

        def get(store: ObjectStore) -> Bytes | bytes:
            data = self._answer(store, asked).bytes()
            _check_length(len(data), asked.length)
            return data

        def get_odd(client: Any) -> bytes:
            data = b"".join(s3_client.read(client, self.bucket, key, etag, begin, end))
            _check_length(len(data), asked.length)
            return data

        return self._read(key, get, get_odd, skippable=skippable)

    def copy(self, key: str, path: Path, *, etag: str | None, size: int, skippable: bool = False) -> None:
        """Write an object into a file by one request, however large it is; raises as `read` does."""
        asked = _Asked(key, etag, size, 0, None)

        def get(store: ObjectStore) -> None:
            write(iter(self._answer(store, asked).stream(_BLOCK)))

        def get_odd(client: Any) -> None:
            write(s3_client.read(client, self.bucket, key, etag, 0, None))

        def write(blocks: Iterator[Bytes | bytes]) -> None:
            with path.open("wb") as stream:
                for block in blocks:
                    stream.write(block)
                    if self.stopping.is_set():
                        raise Stopped
                _check_length(stream.tell(), size)

        self._read(key, get, get_odd, skippable=skippable)

    def _read(self, key: str, act: Callable[[ObjectStore], T], act_odd: Callable[[Any], T], *, skippable: bool) -> T:
        try:
            return self._of_key(key, act, act_odd)
        except Fault as fault:
            if fault.kind is Kind.GONE:
                raise FileNotFoundError(told(show(self.root, key))) from None
            if fault.kind is Kind.WHOLE:
                self.ranges = False
                raise RangesIgnored(told(show(self.root, key))) from None
            if fault.kind is Kind.OTHER_VERSION or fault.status == 416:
                raise Replaced(told(show(self.root, key))) from None
            raise self.error(fault, show(self.root, key), "read", skippable=skippable) from None

    def _answer(self, store: ObjectStore, asked: _Asked) -> GetResult:
        """The beginning of an answer that is of the version asked for."""
        import obstore

        options: GetOptions = {}
        if asked.etag is not None:
            options["if_match"] = asked.etag
        if asked.end is not None:
            options["range"] = (asked.begin, asked.end)
        elif asked.begin:
            options["range"] = {"offset": asked.begin}
        answer = obstore.get(store, asked.key, options=options)
        found = answer.meta
        if asked.etag is None:
            if (asked.size is not None and found["size"] != asked.size) or found["size"] < (asked.end or 0):
                raise Replaced(told(show(self.root, asked.key)))
        elif found["e_tag"] is not None and _bare(found["e_tag"]) != _bare(asked.etag):
            asked.others += 1
            if asked.others < _OTHER_ETAGS:
                raise Fault(Kind.AGAIN, "an answer with another etag")
            raise Replaced(told(show(self.root, asked.key)))
        return answer

    def look(self, key: str) -> Object | None:
        """The object as it is now; None when it is not there."""
        import obstore

        for last in (False, True):
            try:
                return self._of_key(
                    key,
                    lambda store: Object.of(obstore.head(store, key)),
                    lambda client: s3_client.head(client, self.bucket, key),
                )
            except Fault as fault:
                if fault.kind is Kind.GONE:
                    return None
                if last or fault.status not in {400, 403}:
                    raise self.error(fault, show(self.root, key), "read") from None
            # An answer to HEAD has no body that could tell an expired token or a wrong region: one to GET has.
            with suppress(FileNotFoundError, Replaced, RangesIgnored):
                self.read(key, start=0, end=1)
        raise AssertionError("unreachable")

    def write(self, key: str, data: bytes | Path, *, only_new: bool = False) -> None:
        """Store an object, in parts when it is large; with `only_new`, raises FileExistsError if there is one."""
        import obstore

        size = data.stat().st_size if isinstance(data, Path) else len(data)
        part = max(_PART, -(-size // _PARTS))
        tries = 0

        def put(store: ObjectStore) -> None:
            nonlocal tries
            tries += 1
            if only_new:
                obstore.put(store, key, data, mode="create")
            else:
                obstore.put(store, key, data, chunk_size=part, max_concurrency=4)

        def put_odd(client: Any) -> None:
            nonlocal tries
            tries += 1
            s3_client.write(client, self.bucket, key, data, part, only_new=only_new)

        try:
            self.attempt(put, put_odd)
        except Fault as fault:
            if not (only_new and fault.kind is Kind.OTHER_VERSION):
                raise self.error(fault, show(self.root, key), "written") from None
            # A try whose answer was lost may have stored it: then what is there is ours.
            if tries == 1 or not self._holds(key, data):
                raise FileExistsError(told(show(self.root, key))) from None

    def _holds(self, key: str, data: bytes | Path) -> bool:
        try:
            return bytes(self.read(key)) == (data.read_bytes() if isinstance(data, Path) else data)
        except FileNotFoundError:
            return False

    def delete(self, keys: Sequence[str]) -> None:
        """Delete those of the objects that exist."""
        # S3 does not mind a missing one; other stores stop at it.
        if keys and not self._deleted(keys):
            for key in keys:
                self._deleted([key])

    def _deleted(self, keys: Sequence[str]) -> bool:
        """Delete; whether all of them were there, or the store does not say."""
        import obstore

        try:
            self.attempt(
                lambda store: obstore.delete(store, keys), lambda client: s3_client.delete(client, self.bucket, keys)
            )
        except Fault as fault:
            if fault.kind is not Kind.GONE:
                raise self.error(fault, show(self.root, keys[0]), "deleted") from None
            return False
        return True

    # -- trying --------------------------------------------------------------------------------------

    def _address(self, prefix: str) -> str:
        return show(self.root, prefix) if prefix else self.root

    def attempt(
        self,
        act: Callable[[ObjectStore], T] | None,
        act_odd: Callable[[Any], T] | None = None,
        *,
        odd: bool = False,
        budget: float | None = None,
        begun: float | None = None,
    ) -> T:
        """Do it with obstore's store, or with botocore's client if `odd` or where obstore cannot; raises Fault.

        The budget (seconds; by default the setting `retry`) and `begun` are those of `retrying`.
        """
        used = -1

        def call() -> T:
            nonlocal used
            used = self._link.generation
            if act is not None and (act_odd is None or not (odd or self._link.by_client)):
                used, store = self._link.store()
                return act(store)
            assert act_odd is not None
            used, client = self._link.client()
            return act_odd(client)

        return retrying(
            call,
            budget=self._access.retry if budget is None else budget,
            stopping=self.stopping,
            mend=lambda fault: self._link.mend(fault, used),
            begun=begun,
        )

    def _of_key(self, key: str, act: Callable[[ObjectStore], T], act_odd: Callable[[Any], T]) -> T:
        odd = is_odd(key)
        if odd and self.scheme != "s3":
            raise Fault(Kind.NAME, "its name")
        return self.attempt(act, act_odd, odd=odd)

    def error(
        self, fault: Fault, what: str, done: str, error: type[SparkifyError] = SourceError, *, skippable: bool = False
    ) -> SparkifyError:
        """The error for an operation that failed for good."""
        web = done == "listed" and self.scheme in {"http", "https"}
        if web and fault.status not in {401, 403} and (fault.kind is not Kind.AGAIN or fault.said == SENSELESS):
            return error(
                f"{told(what)}: cannot be listed ({fault.said}): over http(s) that takes WebDAV; "
                "give an s3://, gs:// or az:// address, or fetch the files into a folder"
            )
        link = self._link
        return error(explain(fault, what, done, unsigned=link.unsigned, source=link.credentials, skippable=skippable))


def _bare(etag: str) -> str:
    """An etag without what a proxy or another kind of request changes."""
    return etag.removeprefix("W/").strip('"')


def _check_length(came: int, expected: int | None) -> None:
    if expected is not None and came != expected:
        raise Fault(Kind.AGAIN, f"{came} of {expected} bytes")
