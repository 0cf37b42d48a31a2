"""What may be done with a bucket: listing, reading, writing and deleting, each tried again where that helps."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from sparkify.errors import SourceError, SparkifyError, UsageError
from sparkify.source.access import Access, Link, show
from sparkify.source.faults import SENSELESS, Fault, Kind, Stopped, explain, retrying, told

if TYPE_CHECKING:
    from obstore import Bytes, GetOptions, ObjectMeta
    from obstore.store import ObjectStore

__all__ = ["Object", "Replaced", "Stopped", "Storage", "show"]

T = TypeVar("T")

PAGE = 1000
_PART = 8 << 20
_PARTS = 9_000  # S3 takes 10,000 parts an upload
_OTHER_ETAGS = 3  # answers with another etag, to a request that forbade it, after which it is believed
_SECONDS_TO_CHECK = 10.0
_NO_ORDER = "{}: does not list its objects in the order of their names; use another bucket"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Segments that obstore refuses (empty, '.', '..'), and control characters.
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)|[\x00-\x1f\x7f]")


class Object(NamedTuple):
    """An object as listed."""

    key: str
    size: int
    """Bytes as stored."""
    modified: int
    """Microseconds since the epoch, UTC."""
    etag: str | None
    """None where the store has none (some web servers)."""


class Replaced(Exception):
    """The object is no longer the one that was asked for."""


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
        self._bucket = self.root.partition("://")[2]
        self._is_s3 = self._link.address.scheme == "s3"

    def close(self) -> None:
        """Let go of connections."""
        self._link.close()

    def check(self, prefix: str, option: str) -> None:
        """List one page below the prefix, to see that it can be done.

        Raises UsageError when the bucket is not there or may not be listed, SourceError when it cannot be reached.
        """
        what = f"{option} {self._address(prefix)}"

        def first_page(store: ObjectStore) -> None:
            import obstore
            from obstore.exceptions import InvalidPathError

            with suppress(InvalidPathError):  # it was listed; what to make of such a name is not for here
                next(obstore.list(store, prefix or None, chunk_size=PAGE), None)

        budget = min(_SECONDS_TO_CHECK, self._access.retry)
        try:
            self._try(first_page, budget=budget, begun=time.monotonic())
        except Fault as fault:
            error = SourceError if fault.kind is Kind.AGAIN else UsageError
            raise self._error(fault, what, "listed", error) from None

    # -- listing ------------------------------------------------------------------------------------

    def pages(self, prefix: str, after: str | None = None) -> Iterator[list[Object]]:
        """Every object below the prefix whose key is greater than `after`, in pages, in order of key.

        Markers of folders (keys that end in a slash) may be left out.
        """
        if self._link.address.scheme not in {"s3", "gs"}:
            yield from self._pages_sorted(prefix, after)
            return
        last = after
        odd = self._is_s3 and (_is_odd(prefix) if prefix else self._slash_begins_keys())
        stream: Iterator[Sequence[ObjectMeta]] | None = None

        def next_page(store: ObjectStore) -> list[Object] | None:
            nonlocal stream
            import obstore

            if stream is None:
                stream = obstore.list(store, prefix or None, offset=last, chunk_size=PAGE)
            going, stream = stream, None  # after a fault, begin anew behind the last key seen
            page = next(going, None)
            stream = going
            return None if page is None else [_object(each) for each in page]

        while not odd:
            try:
                page = self._try(next_page)
            except Fault as fault:
                if fault.kind is Kind.NAME and self._is_s3:
                    break
                raise self._error(fault, self._address(prefix), "listed") from None
            if page is None:
                return
            kept, in_order = _in_order(page, last)
            if kept:
                last = kept[-1].key
                yield kept
            if not in_order and not self._is_s3:
                raise SourceError(_NO_ORDER.format(self.root))
            odd = not in_order  # such as by a marker that has content: botocore shows its true key
        yield from self._odd_pages(f"{prefix}/" if prefix else "", last)

    def _pages_sorted(self, prefix: str, after: str | None) -> Iterator[list[Object]]:
        """The same for stores that promise no order: all of it listed, then sorted."""

        def every_object(store: ObjectStore) -> list[Object]:
            import obstore

            listed = obstore.list(store, prefix or None, chunk_size=PAGE)
            return [_object(each) for page in listed for each in page]

        objects = self._listing(prefix, every_object)
        objects = sorted(each for each in objects if after is None or each.key > after)
        for start in range(0, len(objects), PAGE):
            yield objects[start : start + PAGE]

    def folders(self, prefix: str) -> tuple[list[str], list[Object]]:
        """The keys of the folders directly below the prefix (no slash at the end), and the objects beside them."""

        def one_level(store: ObjectStore) -> tuple[list[str], list[Object]]:
            import obstore

            level = obstore.list_with_delimiter(store, prefix or None)
            return list(level["common_prefixes"]), [_object(each) for each in level["objects"]]

        if not (prefix and _is_odd(prefix)):
            try:
                found = self._try(one_level)
                if "" not in found[0]:
                    return found
            except Fault as fault:
                if fault.kind is not Kind.NAME or not self._is_s3:
                    raise self._error(fault, self._address(prefix), "listed") from None
        return self._odd_folders(prefix)

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
        try:
            return self._of_key(key, lambda store: self._get(store, asked), lambda client: self._get_odd(client, asked))
        except Fault as fault:
            if fault.kind is Kind.GONE:
                raise FileNotFoundError(told(show(self.root, key))) from None
            if fault.kind is Kind.OTHER_VERSION or fault.status == 416:
                raise Replaced(told(show(self.root, key))) from None
            raise self._error(fault, show(self.root, key), "read", skippable=skippable) from None

    def _get(self, store: ObjectStore, asked: _Asked) -> Bytes | bytes:
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
        data = answer.bytes()
        _check_length(len(data), asked.length)
        return data

    def _get_odd(self, client: Any, asked: _Asked) -> Bytes | bytes:
        options = {"Bucket": self._bucket, "Key": asked.key}
        if asked.etag is not None:
            options["IfMatch"] = asked.etag
        if asked.begin or asked.end is not None:
            options["Range"] = f"bytes={asked.begin}-{'' if asked.end is None else asked.end - 1}"
        with client.get_object(**options)["Body"] as body:
            data: bytes = body.read()
        _check_length(len(data), asked.length)
        return data

    def look(self, key: str) -> Object | None:
        """The object as it is now; None when it is not there."""
        import obstore

        def head_odd(client: Any) -> Object:
            found = client.head_object(Bucket=self._bucket, Key=key)
            return Object(key, found["ContentLength"], _micros(found["LastModified"]), found["ETag"])

        for last in (False, True):
            try:
                return self._of_key(key, lambda store: _object(obstore.head(store, key)), head_odd)
            except Fault as fault:
                if fault.kind is Kind.GONE:
                    return None
                if last or fault.status not in {400, 403}:
                    raise self._error(fault, show(self.root, key), "read") from None
            # An answer to HEAD has no body that could tell an expired token or a wrong region: one to GET has.
            with suppress(FileNotFoundError, Replaced):
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

        try:
            self._try(put)
        except Fault as fault:
            if not (only_new and fault.kind is Kind.OTHER_VERSION):
                raise self._error(fault, show(self.root, key), "written") from None
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
            self._try(lambda store: obstore.delete(store, keys))
        except Fault as fault:
            if fault.kind is not Kind.GONE:
                raise self._error(fault, show(self.root, keys[0]), "deleted") from None
            return False
        return True

    # -- keys that obstore cannot address: listed and read by botocore -----------------------------------

    def _odd_pages(self, prefix: str, after: str | None) -> Iterator[list[Object]]:
        """The pages of keys that begin with the prefix, which is given with its slash."""
        last, more = after or "", True

        def next_page(client: Any) -> Any:
            # Not by the store's token: behind a key known to have come, the listing goes on after any fault.
            return client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, StartAfter=last, MaxKeys=PAGE)

        while more:
            answer = self._listing(prefix, next_page, odd=True)
            page, in_order = _in_order([_odd_object(each) for each in answer.get("Contents", ())], last)
            if not in_order:
                raise SourceError(_NO_ORDER.format(self.root))
            more = bool(answer["IsTruncated"] and page)
            if page:
                last = page[-1].key
                yield page

    def _slash_begins_keys(self) -> bool:
        """Whether the bucket has keys such as `/a/b`: obstore would list that as `a/b`, which is not there."""
        asked = {"Bucket": self._bucket, "Prefix": "/", "MaxKeys": 1}
        answer = self._listing("", lambda client: client.list_objects_v2(**asked), odd=True)
        return bool(answer.get("Contents"))

    def _odd_folders(self, prefix: str) -> tuple[list[str], list[Object]]:
        def one_level(client: Any) -> tuple[list[str], list[Object]]:
            folders: list[str] = []
            objects: list[Object] = []
            asked = {"Bucket": self._bucket, "Prefix": f"{prefix}/" if prefix else "", "Delimiter": "/"}
            while True:
                answer = client.list_objects_v2(**asked)
                folders += [each["Prefix"].removesuffix("/") for each in answer.get("CommonPrefixes", ())]
                objects += [_odd_object(each) for each in answer.get("Contents", ())]
                if not answer["IsTruncated"]:
                    return folders, objects
                asked["ContinuationToken"] = answer["NextContinuationToken"]

        folders, objects = self._listing(prefix, one_level, odd=True)
        if "" in folders:  # keys that begin with a slash: a folder without a name would be the whole bucket
            folders.remove("")
            objects += [each for page in self._odd_pages("/", None) for each in page]
        return folders, objects

    # -- trying --------------------------------------------------------------------------------------

    def _address(self, prefix: str) -> str:
        return show(self.root, prefix) if prefix else self.root

    def _try(
        self,
        act: Callable[[Any], T],
        *,
        odd: bool = False,
        budget: float | None = None,
        begun: float | None = None,
    ) -> T:
        """Do it with obstore's store, or with botocore's client if `odd`; raises Fault when it fails for good."""
        used = -1

        def call() -> T:
            nonlocal used
            used = self._link.generation
            used, link = self._link.client() if odd else self._link.store()
            return act(link)

        return retrying(
            call,
            budget=self._access.retry if budget is None else budget,
            stopping=self.stopping,
            mend=lambda fault: self._link.mend(fault, used),
            begun=begun,
        )

    def _listing(self, prefix: str, act: Callable[[Any], T], *, odd: bool = False) -> T:
        try:
            return self._try(act, odd=odd)
        except Fault as fault:
            raise self._error(fault, self._address(prefix), "listed") from None

    def _of_key(self, key: str, act: Callable[[ObjectStore], T], act_odd: Callable[[Any], T]) -> T:
        odd = _is_odd(key)
        if odd and not self._is_s3:
            raise Fault(Kind.NAME, "its name")
        return self._try(act_odd, odd=True) if odd else self._try(act)

    def _error(
        self, fault: Fault, what: str, done: str, error: type[SparkifyError] = SourceError, *, skippable: bool = False
    ) -> SparkifyError:
        web = done == "listed" and self._link.address.scheme in {"http", "https"}
        if web and fault.status not in {401, 403} and (fault.kind is not Kind.AGAIN or fault.said == SENSELESS):
            return error(
                f"{told(what)}: cannot be listed ({fault.said}): over http(s) that takes WebDAV; "
                "give an s3://, gs:// or az:// address, or fetch the files into a folder"
            )
        return error(explain(fault, what, done, unsigned=self._link.unsigned, skippable=skippable))


def _is_odd(key: str) -> bool:
    return _ODD.search(key) is not None


def _in_order(page: Sequence[Object], last: str | None) -> tuple[list[Object], bool]:
    """The page without the markers that obstore, which leaves off their slash, has twice or out of order.

    Ends, and says False, before an object with content that is out of order.
    """
    kept: list[Object] = []
    for each in page:
        if last is None or each.key > last:
            kept.append(each)
            last = each.key
        elif each.size:
            return kept, False
    return kept, True


def _object(meta: ObjectMeta) -> Object:
    return Object(meta["path"], meta["size"], _micros(meta["last_modified"]), meta["e_tag"])


def _odd_object(listed: dict[str, Any]) -> Object:
    return Object(listed["Key"], listed["Size"], _micros(listed["LastModified"]), listed["ETag"])


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // timedelta(microseconds=1)


def _bare(etag: str) -> str:
    """An etag without what a proxy or another kind of request changes."""
    return etag.removeprefix("W/").strip('"')


def _check_length(came: int, expected: int | None) -> None:
    if expected is not None and came != expected:
        raise Fault(Kind.AGAIN, f"{came} of {expected} bytes")
