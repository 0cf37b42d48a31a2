"""JSONPaths files and manifests, which are no data wherever they lie."""

from __future__ import annotations

from collections.abc import Iterator

from sparkify.source.compressed import DAMAGE
from sparkify.source.grammar import BOM, Garbage, Value
from sparkify.source.parts import Source
from sparkify.source.records import decode

_KEYS = (b'"jsonpaths"', b'"entries"', b'"meta"', b'"schema"', b'"author"')


def data_items(items: Iterator[Value | Garbage]) -> Iterator[Value | Garbage]:
    """The items of a file; none of a file that is nothing but a JSONPaths file or a manifest."""
    first = next(items, None)
    if first is None:
        return
    if isinstance(first, Value) and is_sidecar(first):
        second = next(items, None)
        if second is None:
            return
        yield first
        yield second
    else:
        yield first
    yield from items


def is_sidecar(value: Value) -> bool:
    """Whether a JSON value is a JSONPaths file or a manifest, which are no data wherever they lie."""
    if not value.is_object:
        return False
    try:
        data = decode(value.text)
    except UnicodeDecodeError:
        return False
    if data.keys() == {"jsonpaths"}:
        return isinstance(data["jsonpaths"], list)
    entries = data.get("entries") if data.keys() <= {"entries", "meta", "schema", "author"} else None
    return isinstance(entries, list) and all(isinstance(entry, dict) and "url" in entry for entry in entries)


def may_be_sidecar(source: Source) -> bool:
    """Whether the first bytes of a file look like a JSONPaths file or a manifest."""
    with source.open() as stream:
        try:
            return _begins_like_sidecar(stream.read(4096))
        except DAMAGE:
            return False


def looks_like_sidecar(data: bytes) -> bool:
    """Whether the bytes of a small file look like a JSONPaths file or a manifest."""
    return (b'"jsonpaths"' in data or b'"entries"' in data) and _begins_like_sidecar(data[:4096])


def _begins_like_sidecar(head: bytes) -> bool:
    head = head.removeprefix(BOM).lstrip()
    return head[:1] == b"{" and head[1:].lstrip().startswith(_KEYS)
