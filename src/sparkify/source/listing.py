"""The listing of a bucket. Stores list in any order, some list an object twice, and not all go on where they are told
to: nothing here relies on an order, and whoever takes the objects may get one again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sparkify.errors import SourceError
from sparkify.source.clouds import emulator_of_google
from sparkify.source.faults import Fault, Kind, classify, told

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

    from sparkify.source.storage import Storage

PAGE = 1000
"""Objects that a store lists at a time."""
_SAME_PAGES = 3
"""How often a page may come again before the store is taken to go round in circles."""
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

    @classmethod
    def of(cls, meta: ObjectMeta) -> Object:
        """As obstore tells it."""
        return cls(meta["path"], meta["size"], micros(meta["last_modified"]), meta["e_tag"])

    @classmethod
    def listed(cls, found: dict[str, Any]) -> Object:
        """As botocore tells it."""
        return cls(found["Key"], found["Size"], micros(found["LastModified"]), found.get("ETag"))


def micros(moment: datetime) -> int:
    """A time as microseconds since the epoch."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def is_odd(key: str) -> bool:
    """Whether obstore cannot address a key."""
    return _ODD.search(key) is not None


def holds_any(storage: Storage, prefix: str, *, budget: float, begun: float) -> bool:
    """Whether there is an object below the prefix, by one page; raises Fault."""

    def first_page(store: ObjectStore) -> bool:
        import obstore
        from obstore.exceptions import InvalidPathError

        with suppress(InvalidPathError):  # it was listed; what to make of such a name is not for here
            return bool(next(obstore.list(store, prefix or None, chunk_size=PAGE), None))
        return True

    def first_page_odd(client: Any) -> bool:
        return bool(client.list_objects_v2(**_below(storage, prefix)).get("Contents"))

    return storage.attempt(first_page, first_page_odd, budget=budget, begun=begun)


def pages(storage: Storage, prefix: str) -> Iterator[list[Object]]:
    """Every object below the prefix, in pages, in the store's own order; raises Fault, or SourceError for a circle."""
    circle = _Circle(storage.root)
    for page in _of_s3(storage, prefix) if storage.scheme == "s3" else _of_others(storage, prefix):
        circle.check(page)
        yield page


def _of_s3(storage: Storage, prefix: str) -> Iterator[list[Object]]:
    """By obstore, which is quick; from the beginning by botocore where obstore cannot, or when a page has failed.

    obstore tells no token of the page that failed, and to go on behind the last key takes a store that sorts.
    """
    odd = storage.by_client or (is_odd(prefix) if prefix else _slash_begins_keys(storage))
    stream, page = (None, None) if odd else _begin(storage, prefix)
    while stream is not None:
        if not page:
            return
        yield [Object.of(each) for each in page]
        try:
            page = next(stream, None)
        except Exception as error:
            if classify(error) is None:
                raise
            stream = None
    yield from _by_token(storage, _below(storage, prefix))


def _begin(storage: Storage, prefix: str) -> tuple[Iterator[Sequence[ObjectMeta]] | None, Sequence[ObjectMeta] | None]:
    """A listing by obstore and its first page; None for the listing where obstore cannot."""

    def first(
        store: ObjectStore,
    ) -> tuple[Iterator[Sequence[ObjectMeta]] | None, Sequence[ObjectMeta] | None]:
        import obstore

        stream = iter(obstore.list(store, prefix or None, chunk_size=PAGE))
        return stream, next(stream, None)

    try:
        return storage.attempt(first, lambda _: (None, None))
    except Fault as fault:
        if fault.kind is not Kind.NAME:
            raise
        return None, None


def _by_token(storage: Storage, asked: dict[str, Any]) -> Iterator[list[Object]]:
    """The pages that botocore lists; one that fails is asked for again by the token that the page before it gave."""
    while True:
        answer = storage.attempt(None, lambda client: client.list_objects_v2(**asked))
        yield [Object.listed(each) for each in answer.get("Contents", ())]
        if not answer.get("IsTruncated"):
            return
        if not answer.get("NextContinuationToken"):
            raise Fault(Kind.OTHER, "more objects follow, but the store does not say where")
        asked["ContinuationToken"] = answer["NextContinuationToken"]


def _of_others(storage: Storage, prefix: str) -> Iterator[list[Object]]:
    """The pages of stores that botocore does not know: after a fault the listing begins anew.

    Google sorts by name and goes on behind one, as documented; nothing else is known to. A listing that comes no
    further than before within the time of one request has failed.
    """
    resumes = storage.scheme == "gs" and not emulator_of_google()
    stream: Iterator[Sequence[ObjectMeta]] | None = None
    last: str | None = None
    listed = furthest = 0
    begun: float | None = None

    def next_page(store: ObjectStore) -> Sequence[ObjectMeta] | None:
        nonlocal stream, listed, begun
        import obstore

        if stream is None:
            if listed or begun is not None:
                begun = time.monotonic() if begun is None else begun
            listed = 0
            stream = iter(obstore.list(store, prefix or None, offset=last, chunk_size=PAGE))
        going, stream = stream, None
        page = next(going, None)
        stream = going
        return page

    while page := storage.attempt(next_page, begun=begun):
        objects = [Object.of(each) for each in page]
        listed += len(objects)
        if resumes:
            further = last is None or objects[-1].key > last
            last = max(objects[-1].key, last or "")
        else:
            further = listed > furthest
            furthest = max(furthest, listed)
        if further:
            begun = None
        yield objects


def _below(storage: Storage, prefix: str) -> dict[str, Any]:
    """What botocore is asked for the keys below a prefix."""
    return {"Bucket": storage.bucket, "Prefix": f"{prefix}/" if prefix else "", "MaxKeys": PAGE}


def _slash_begins_keys(storage: Storage) -> bool:
    """Whether the bucket has keys such as `/a/b`: obstore would list that as `a/b`, which is not there."""
    asked = {"Bucket": storage.bucket, "Prefix": "/", "MaxKeys": 1}
    return bool(storage.attempt(None, lambda client: client.list_objects_v2(**asked)).get("Contents"))


def find(storage: Storage, key: str) -> Object | None:
    """The object as a listing tells it: an answer to HEAD tells whole seconds only. Raises Fault."""
    if storage.scheme in {"http", "https"}:
        return storage.look(key)
    if storage.scheme == "s3":
        found = _by_token(storage, {"Bucket": storage.bucket, "Prefix": key, "MaxKeys": PAGE})
    else:
        found = _of_others(storage, key.rpartition("/")[0])
    return next((each for page in found for each in page if each.key == key), None)


def folders(storage: Storage, prefix: str) -> tuple[list[str], list[Object]]:
    """The keys of the folders directly below the prefix, and the objects beside them; raises Fault."""

    def one_level(store: ObjectStore) -> tuple[list[str], list[Object]]:
        import obstore

        level = obstore.list_with_delimiter(store, prefix or None)
        return list(level["common_prefixes"]), [Object.of(each) for each in level["objects"]]

    found: tuple[list[str], list[Object]] | None = None
    if not (prefix and is_odd(prefix)):
        try:
            found = storage.attempt(one_level, lambda client: _one_level(client, _below(storage, prefix)))
        except Fault as fault:
            if fault.kind is not Kind.NAME or storage.scheme != "s3":
                raise
    if found is None or "" in found[0]:
        found = storage.attempt(None, lambda client: _one_level(client, _below(storage, prefix)))
    names, objects = found
    if "" in names:  # keys that begin with a slash: a folder without a name would be the whole bucket
        asked = {"Bucket": storage.bucket, "Prefix": "/", "MaxKeys": PAGE}
        objects += [each for page in _by_token(storage, asked) for each in page]
    inside = f"{prefix}/" if prefix else ""
    return [each for each in dict.fromkeys(names) if each and each.startswith(inside)], objects


def _one_level(client: Any, asked: dict[str, Any]) -> tuple[list[str], list[Object]]:
    names: list[str] = []
    objects: list[Object] = []
    for answer in client.get_paginator("list_objects_v2").paginate(**asked, Delimiter="/"):
        names += [each["Prefix"].removesuffix("/") for each in answer.get("CommonPrefixes", ())]
        objects += [Object.listed(each) for each in answer.get("Contents", ())]
    return names, objects


class _Circle:
    """Finds that a store sends the same pages again and again, without keeping them (as Brent finds cycles)."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._kept: list[Object] = []
        self._since = self._again = 0
        self._patience = 1

    def check(self, page: list[Object]) -> None:
        """Raise SourceError when this page has come too often."""
        if page and page == self._kept:
            self._again += 1
            if self._again >= _SAME_PAGES:
                raise SourceError(
                    f"{self._root}: lists {told(page[0].key)} and what follows it over and over; "
                    "the store does not go on where it is told to: give narrower prefixes, or use another store"
                )
        self._since += 1
        if self._since >= self._patience:
            self._kept, self._since, self._again, self._patience = page, 0, 0, 2 * self._patience
