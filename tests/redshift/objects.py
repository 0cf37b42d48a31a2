"""Objects of S3 over plain HTTP, as COPY reads them and UNLOAD writes them."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from urllib.parse import quote, unquote, urlencode, urlsplit

from tests.redshift.wire import SqlError

TIMEOUT = 60
"""Seconds."""


@dataclass(frozen=True)
class Found:
    """An object with what S3 says of it."""

    url: str
    data: bytes
    etag: str


def split(url: str) -> tuple[str, str]:
    """Bucket and key of an address."""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


class Objects:
    """One connection to the endpoint, for one statement."""

    def __init__(self, endpoint: str | None) -> None:
        if endpoint is None:
            raise SqlError("XX000", "the stand-in was not told where objects are: set its `objects`")
        self._connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=TIMEOUT)

    def __enter__(self) -> Objects:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, url: str) -> Found | None:
        """An object, or None if there is none."""
        bucket, key = split(url)
        status, data, etag = self._ask("GET", f"/{bucket}/{quote(key)}")
        if status == 404:
            return None
        if status >= 300:
            raise refused(status, data, url)
        return Found(url, data, etag)

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys that begin so, in order; none if there is no such bucket."""
        keys: list[str] = []
        token = ""
        while True:
            query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
            if token:
                query["continuation-token"] = token
            status, data, _ = self._ask("GET", f"/{bucket}?{urlencode(query)}")
            if status >= 300:
                raise refused(status, data, f"s3://{bucket}/{prefix}")
            page = data.decode()
            listed: Iterable[str] = map(unescape, re.findall(r"<Key>(.*?)</Key>", page, re.DOTALL))
            if "<EncodingType>url</EncodingType>" in page:
                listed = (unquote(key.replace("+", " ")) for key in listed)
            keys.extend(listed)
            following = re.search(r"<NextContinuationToken>(.*?)</NextContinuationToken>", page)
            if following is None:
                return keys
            token = unescape(following[1])

    def put(self, url: str, data: bytes) -> None:
        """Store an object."""
        bucket, key = split(url)
        status, answer, _ = self._ask("PUT", f"/{bucket}/{quote(key)}", data)
        if status >= 300:
            raise refused(status, answer, url)

    def delete(self, url: str) -> None:
        """Delete an object."""
        bucket, key = split(url)
        self._ask("DELETE", f"/{bucket}/{quote(key)}")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes, str]:
        for attempt in range(4):
            try:
                self._connection.request(method, path, body)
                response = self._connection.getresponse()
                status, data = response.status, response.read()
            except (OSError, http.client.HTTPException) as failure:
                self._connection.close()
                if attempt == 3:
                    raise SqlError("XX000", f"S3 could not be read: {failure}") from failure
                continue
            if status < 500 or attempt == 3:
                return status, data, response.headers.get("ETag", "").strip('"')
        raise AssertionError


def refused(status: int, data: bytes, url: str) -> SqlError:
    """An error of S3 as COPY tells it."""
    words = data.decode(errors="replace")
    code = re.search(r"<Code>(.*?)</Code>", words)
    said = re.search(r"<Message>(.*?)</Message>", words)
    return SqlError(
        "XX000",
        f"S3ServiceException:{said[1] if said else ''},Status {status},Error {code[1] if code else ''}",
        f"error:  S3ServiceException, context: {url}",
    )
