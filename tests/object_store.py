"""What the object server of the tests holds, and what S3 answers from it: no sockets and no faults here."""

import base64
import binascii
import functools
import hashlib
import heapq
import itertools
import os
import re
import string
import time
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XML = "Content-Type: application/xml\r\n"
MOST_KEYS = 1000
LEAST_PART = 5 * 1024 * 1024
"""Bytes of the smallest part of a multipart upload that is not the last."""

MTIME = "x-amz-meta-sparkify-mtime"
"""The header by which a test says when an object was modified, in microseconds since the epoch."""

KEPT = ("content-type", "cache-control", "content-disposition", "content-language")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class S3Error(Exception):
    """An answer other than success, as S3 words it."""

    def __init__(self, status: int, code: str, message: str, more: str = "", headers: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.more, self.headers = status, code, message, more, headers


class Answer(NamedTuple):
    """A response without its status line, its length and what every response has; headers end in CRLF."""

    status: int
    headers: str = ""
    body: bytes = b""


@dataclass(slots=True)
class Request:
    """One request: the key percent-decoded, the names of headers in lower case."""

    method: str
    path: str
    query_string: str
    bucket: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def op(self) -> str:
        """What statistics and fault rules call it: GET, HEAD, PUT, DELETE, POST (multipart), LIST or BUCKET."""
        if self.key:
            return self.method
        if self.method == "GET" and "list-type" in self.query:
            return "LIST"
        return "DELETE" if self.method == "POST" and "delete" in self.query else "BUCKET"


@dataclass(slots=True)
class Stored:
    """An object: its bytes, its ETag in quotes, when it was modified (microseconds), its own headers."""

    body: bytes
    etag: str
    modified: int
    headers: str = "Content-Type: binary/octet-stream\r\n"


def stored(body: bytes, modified: int | None = None) -> Stored:
    """An object as a plain PUT makes it."""
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    return Stored(body, etag, time.time_ns() // 1000 if modified is None else modified)


def uploaded(body: bytes, headers: dict[str, str]) -> Stored:
    """An object as a PUT with these headers makes it."""
    made = stored(body, int(headers[MTIME]) if MTIME in headers else None)
    kept = {name: value for name, value in headers.items() if name in KEPT or name.startswith("x-amz-meta-")}
    kept.setdefault("content-type", "binary/octet-stream")
    made.headers = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
    return made


class Bucket:
    """Objects by key, and their keys in order. Strings compare as their UTF-8 bytes do, which is the order of S3."""

    def __init__(self) -> None:
        self.objects: dict[str, Stored] = {}
        self.names: list[str] = []

    def get(self, key: str) -> Stored | None:
        """The object of a key."""
        return self.objects.get(key)

    def put(self, key: str, made: Stored) -> None:
        """Add or replace an object."""
        if key not in self.objects:
            insort(self.names, key)
        self.objects[key] = made

    def remove(self, key: str) -> None:
        """Delete an object, if it is there."""
        if self.objects.pop(key, None) is not None:
            del self.names[bisect_left(self.names, key)]

    def keys(self, start: str = "") -> Iterator[str]:
        """The keys from this one on, in order; what came before costs nothing."""
        names = self.names
        return (names[index] for index in range(bisect_left(names, start), len(names)))

    def load(self, folder: Path, prefix: str = "") -> int:
        """Make every file below a folder an object; how many."""
        made = {}
        for place, _, files in os.walk(folder, followlinks=True):
            below = Path(place).relative_to(folder).as_posix()
            for name in files:
                file = Path(place, name)
                key = prefix + (name if below == "." else f"{below}/{name}")
                made[key] = stored(file.read_bytes(), file.stat().st_mtime_ns // 1000)
        self.objects |= made
        self.names = sorted(self.objects)
        return len(made)


LEAVES = [f"{a}/{b}/{c}/TR{a}{b}{c}" for a, b, c in itertools.product(string.ascii_uppercase, repeat=3)]


class VirtualNames:
    """`size` keys in order, spread evenly over three levels of 26 folders, each made from its number."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, number: int) -> str:
        return f"song_data/{LEAVES[number * len(LEAVES) // self.size]}{number:013d}.json"

    def number(self, key: str) -> int | None:
        """The number of a key; None if it is none of these."""
        digits = key[-18:-5]
        if not (digits.isascii() and digits.isdigit() and int(digits) < self.size):
            return None
        number = int(digits)
        return number if self[number] == key else None


class VirtualBucket(Bucket):
    """A bucket of songs that are made up when asked for; what is put into it or deleted from it lies on top."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.virtual = VirtualNames(count)
        self.removed: set[str] = set()

    def get(self, key: str) -> Stored | None:
        if (made := self.objects.get(key)) is not None:
            return made
        number = self.virtual.number(key)
        return None if number is None or key in self.removed else self._song(number)

    def put(self, key: str, made: Stored) -> None:
        super().put(key, made)
        self.removed.discard(key)

    def remove(self, key: str) -> None:
        super().remove(key)
        if self.virtual.number(key) is not None:
            self.removed.add(key)

    def keys(self, start: str = "") -> Iterator[str]:
        virtual = self.virtual
        made = (virtual[number] for number in range(bisect_left(virtual, start), virtual.size))
        return self._merged(made, super().keys(start)) if self.names or self.removed else made

    def _merged(self, made: Iterator[str], put: Iterator[str]) -> Iterator[str]:
        last = None
        for key in heapq.merge(made, put):
            if key != last and key not in self.removed:
                yield key
            last = key

    @staticmethod
    def _song(number: int) -> Stored:
        artist, year = number // 10, 1960 + number % 60 if number % 2 else 0
        body = (
            f'{{"num_songs": 1, "artist_id": "ARAAAAAAA{artist:09X}", "artist_latitude": null, '
            f'"artist_longitude": null, "artist_location": "", "artist_name": "Artist {artist}", '
            f'"song_id": "SOAAAAAAA{number:09X}", "title": "Song {number}", '
            f'"duration": {120 + number % 240}.{number % 100:02d}, "year": {year}}}\n'
        )
        return stored(body.encode(), 1_541_984_523_000_000 + number % 1000 * 1_000_000)


def after(prefix: str) -> str | None:
    """The least string above all that start with a prefix; None if there is none."""
    while prefix:
        if (code := ord(prefix[-1])) < 0x10FFFF:
            return prefix[:-1] + chr(0xE000 if code == 0xD7FF else code + 1)
        prefix = prefix[:-1]
    return None


def page(bucket: Bucket, prefix: str, delimiter: str, start: str, limit: int) -> tuple[list[str], list[str], str]:
    """The keys and common prefixes of one page from `start` on, and where the next page starts ("" at the end)."""
    keys: list[str] = []
    prefixes: list[str] = []
    names = bucket.keys(max(start, prefix))
    while (key := next(names, None)) is not None and key.startswith(prefix) and limit:
        if len(keys) + len(prefixes) == limit:
            return keys, prefixes, key
        cut = key.find(delimiter, len(prefix)) if delimiter else -1
        if cut < 0:
            keys.append(key)
            continue
        prefixes.append(key[: cut + len(delimiter)])
        following = after(prefixes[-1])
        if following is None:
            break
        names = bucket.keys(following)
    return keys, prefixes, ""


_SPECIAL = re.compile('[&<>"\x00-\x1f\x7f\ufffe\uffff]')


def escape(text: str) -> str:
    """Text as S3 puts it into XML, control characters as references although XML 1.0 allows few of them."""
    return _SPECIAL.sub(lambda found: f"&#{ord(found[0])};", text) if _SPECIAL.search(text) else text


@functools.lru_cache(65536)
def iso(modified: int) -> str:
    """A time in a listing: ISO with milliseconds."""
    return (EPOCH + timedelta(microseconds=modified)).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@functools.lru_cache(65536)
def http_date(seconds: int) -> str:
    """A time in a header."""
    return formatdate(seconds, usegmt=True)


def element(name: str, content: str) -> Answer:
    """An answer of one XML element."""
    return Answer(200, XML, f'{DECLARATION}<{name} xmlns="{NAMESPACE}">{content}</{name}>'.encode())


def span(header: str, size: int) -> tuple[int, int] | None:
    """First byte and end of a Range header; None where S3 ignores it."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", header.strip())
    if not found or not (found[1] or found[2]) or (found[1] and found[2] and int(found[1]) > int(found[2])):
        return None
    first = int(found[1]) if found[1] else max(0, size - int(found[2]))
    end = min(size, int(found[2]) + 1) if found[1] and found[2] else size
    if first >= size:
        message = "The requested range is not satisfiable"
        raise S3Error(416, "InvalidRange", message, headers=f"Content-Range: bytes */{size}\r\n")
    return first, end


def matches(header: str, etag: str) -> bool:
    """Whether an ETag is among those of a header."""
    return any(part.strip().removeprefix("W/").strip('"') in ("*", etag.strip('"')) for part in header.split(","))


@dataclass(slots=True)
class Upload:
    """A multipart upload that is not completed."""

    bucket: str
    key: str
    headers: dict[str, str]
    parts: dict[int, Stored] = field(default_factory=dict)


@dataclass
class Store:
    """All buckets, and S3's operations on them."""

    buckets: dict[str, Bucket] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    region: str = "us-east-1"
    made: int = 0
    listing: str = ""
    """How a listing departs from that of S3: `shuffled` (in no order), `twice` (in no order, and each page begins with
    the second half of the one before) or `circle` (the first page again and again).
    """
    ranges: bool = True
    """Whether parts of objects are sent, or always the whole."""

    def answer(self, request: Request) -> Answer:
        """What S3 answers; raises S3Error."""
        if request.method == "PUT" and request.bucket and not request.key:
            self.buckets.setdefault(request.bucket, Bucket())
            return Answer(200, f"Location: /{request.bucket}\r\n")
        bucket = self.buckets.get(request.bucket)
        if bucket is None:
            raise S3Error(404, "NoSuchBucket", "The specified bucket does not exist")
        if request.key:
            return self._object(request, bucket)
        return self._bucket(request, bucket)

    def _bucket(self, request: Request, bucket: Bucket) -> Answer:
        query = request.query
        if request.method == "HEAD":
            return Answer(200, f"x-amz-bucket-region: {self.region}\r\n{XML}")
        if request.method == "POST" and "delete" in query:
            return self._delete_all(request, bucket)
        if request.method == "GET" and query.get("list-type") == "2":
            return self._list(request, bucket)
        if request.method == "GET" and "location" in query:
            return element("LocationConstraint", "" if self.region == "us-east-1" else self.region)
        if request.method == "GET" and "uploads" in query:
            ids = (name for name, upload in self.uploads.items() if upload.bucket == request.bucket)
            each = (f"<Upload><Key>{escape(self.uploads[i].key)}</Key><UploadId>{i}</UploadId></Upload>" for i in ids)
            return element("ListMultipartUploadsResult", "".join(each))
        raise S3Error(501, "NotImplemented", "A header or query you provided implies functionality not implemented")

    def _list(self, request: Request, bucket: Bucket) -> Answer:
        query = request.query
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        token, start = query.get("continuation-token"), query.get("start-after", "")
        name = functools.partial(quote, safe="/") if query.get("encoding-type") == "url" else escape
        try:
            limit = min(MOST_KEYS, int(query.get("max-keys", MOST_KEYS)))
            position = base64.urlsafe_b64decode(token).decode() if token is not None else start and start + "\0"
        except (ValueError, binascii.Error) as error:
            raise S3Error(400, "InvalidArgument", f"The continuation token or max-keys is incorrect: {error}") from None
        if self.listing and not delimiter:
            keys, prefixes, following = self._listed_otherwise(bucket, prefix, position if token else "", limit)
        else:
            keys, prefixes, following = page(bucket, prefix, delimiter, position, limit)
        parts = [f"<Name>{request.bucket}</Name><Prefix>{name(prefix)}</Prefix><MaxKeys>{limit}</MaxKeys>"]
        if token is not None:
            parts.append(f"<ContinuationToken>{escape(token)}</ContinuationToken>")
        if start:
            parts.append(f"<StartAfter>{name(start)}</StartAfter>")
        if delimiter:
            parts.append(f"<Delimiter>{name(delimiter)}</Delimiter>")
        if name is not escape:
            parts.append("<EncodingType>url</EncodingType>")
        if following:
            token = base64.urlsafe_b64encode(following.encode()).decode()
            parts.append(f"<NextContinuationToken>{token}</NextContinuationToken>")
        parts.append(f"<KeyCount>{len(keys) + len(prefixes)}</KeyCount>")
        parts.append(f"<IsTruncated>{'true' if following else 'false'}</IsTruncated>")
        for key in keys:
            made = bucket.get(key)
            assert made is not None
            parts.append(
                f"<Contents><Key>{name(key)}</Key><LastModified>{iso(made.modified)}</LastModified>"
                f"<ETag>&quot;{made.etag[1:-1]}&quot;</ETag><Size>{len(made.body)}</Size>"
                "<StorageClass>STANDARD</StorageClass></Contents>"
            )
        parts.extend(f"<CommonPrefixes><Prefix>{name(each)}</Prefix></CommonPrefixes>" for each in prefixes)
        return element("ListBucketResult", "".join(parts))

    def _listed_otherwise(
        self, bucket: Bucket, prefix: str, place: str, limit: int
    ) -> tuple[list[str], list[str], str]:
        """A page as stores list that are not S3; `start-after` means nothing to them."""
        keys = [key for key in bucket.keys(prefix) if key.startswith(prefix)]
        if self.listing == "circle":
            return keys[:limit], [], "0" if len(keys) > limit else ""
        keys.sort(key=lambda key: hashlib.md5(key.encode(), usedforsecurity=False).digest())
        start = int(place or 0)
        step = limit if self.listing == "shuffled" else max(1, limit // 2)
        following = str(start + step) if start + limit < len(keys) else ""
        return keys[start : start + limit], [], following

    def _delete_all(self, request: Request, bucket: Bucket) -> Answer:
        tree = parsed(request.body)
        keys = [found.text or "" for found in tree.findall("{*}Object/{*}Key")]
        for key in keys:
            bucket.remove(key)
        quiet = tree.findtext("{*}Quiet", "").strip() == "true"
        shown = "" if quiet else "".join(f"<Deleted><Key>{escape(key)}</Key></Deleted>" for key in keys)
        return element("DeleteResult", shown)

    def _object(self, request: Request, bucket: Bucket) -> Answer:
        method, query, headers = request.method, request.query, request.headers
        if len(request.key.encode()) > 1024:
            raise S3Error(400, "KeyTooLongError", "Your key is too long")
        if method in ("GET", "HEAD"):
            return self._read(request, bucket.get(request.key))
        if "x-amz-copy-source" in headers:
            raise S3Error(501, "NotImplemented", "CopyObject is not implemented")
        if method == "POST" and "uploads" in query:
            self.made += 1
            name = f"upload-{self.made}"
            self.uploads[name] = Upload(request.bucket, request.key, headers)
            shown = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key><UploadId>{name}</UploadId>"
            return element("InitiateMultipartUploadResult", shown)
        if "uploadId" in query:
            return self._multipart(request, bucket)
        if method == "PUT":
            self._check_write(request, bucket)
            bucket.put(request.key, made := uploaded(request.body, headers))
            return Answer(200, f"ETag: {made.etag}\r\n")
        if method == "DELETE":
            if "if-match" in headers:
                self._check_write(request, bucket)
            bucket.remove(request.key)
            return Answer(204)
        raise S3Error(405, "MethodNotAllowed", "The specified method is not allowed against this resource")

    def _read(self, request: Request, made: Stored | None) -> Answer:
        if made is None:
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.")
        headers = request.headers
        if "if-match" in headers and not matches(headers["if-match"], made.etag):
            raise precondition("If-Match")
        shown = (
            f"ETag: {made.etag}\r\nLast-Modified: {http_date(made.modified // 1_000_000)}\r\n"
            f"Accept-Ranges: bytes\r\n{made.headers}"
        )
        if "if-none-match" in headers and matches(headers["if-none-match"], made.etag):
            return Answer(304, shown)
        if self.ranges and "range" in headers and (part := span(headers["range"], len(made.body))):
            first, end = part
            shown += f"Content-Range: bytes {first}-{end - 1}/{len(made.body)}\r\n"
            return Answer(206, shown, made.body[first:end])
        return Answer(200, shown, made.body)

    def _check_write(self, request: Request, bucket: Bucket) -> None:
        there = bucket.get(request.key)
        none_match, match = request.headers.get("if-none-match"), request.headers.get("if-match")
        if none_match is not None and there is not None and matches(none_match, there.etag):
            raise precondition("If-None-Match")
        if match is not None and there is None:
            raise S3Error(404, "NoSuchKey", "The specified key does not exist.")
        if match is not None and there is not None and not matches(match, there.etag):
            raise precondition("If-Match")

    def _multipart(self, request: Request, bucket: Bucket) -> Answer:
        name = request.query["uploadId"]
        upload = self.uploads.get(name)
        if upload is None or (upload.bucket, upload.key) != (request.bucket, request.key):
            raise S3Error(404, "NoSuchUpload", "The specified upload does not exist.")
        if request.method == "DELETE":
            del self.uploads[name]
            return Answer(204)
        if request.method == "PUT":
            upload.parts[int(request.query.get("partNumber", "0"))] = part = stored(request.body)
            return Answer(200, f"ETag: {part.etag}\r\n")
        named = [
            (int(each.findtext("{*}PartNumber", "0")), each.findtext("{*}ETag", "").strip('"'))
            for each in parsed(request.body).findall("{*}Part")
        ]
        parts = [upload.parts[number] for number, etag in named if number in upload.parts]
        if not named or [part.etag.strip('"') for part in parts] != [etag for _, etag in named]:
            raise S3Error(400, "InvalidPart", "One or more of the specified parts could not be found.")
        if any(first >= second for (first, _), (second, _) in itertools.pairwise(named)):
            raise S3Error(400, "InvalidPartOrder", "The list of parts was not in ascending order.")
        if any(len(part.body) < LEAST_PART for part in parts[:-1]):
            raise S3Error(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        self._check_write(request, bucket)
        made = uploaded(b"".join(part.body for part in parts), upload.headers)
        digests = b"".join(bytes.fromhex(etag) for _, etag in named)
        made.etag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'
        bucket.put(request.key, made)
        del self.uploads[name]
        shown = f"<Bucket>{request.bucket}</Bucket><Key>{escape(request.key)}</Key><ETag>{escape(made.etag)}</ETag>"
        return element("CompleteMultipartUploadResult", shown)


def precondition(header: str) -> S3Error:
    """The error of a condition that does not hold."""
    message = "At least one of the pre-conditions you specified did not hold"
    return S3Error(412, "PreconditionFailed", message, f"<Condition>{header}</Condition>")


def parsed(body: bytes) -> ET.Element:
    """The XML of a request."""
    try:
        return ET.fromstring(body)
    except ET.ParseError:
        raise S3Error(400, "MalformedXML", "The XML you provided was not well-formed") from None
