"""What botocore's client does in place of obstore: for keys and certificates that obstore does not take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sparkify.source.faults import Fault, Kind
from sparkify.source.listing import Object, micros

_BLOCK = 1 << 20
_DELETED = 1000
"""Keys that S3 deletes by one request."""


def read(client: Any, bucket: str, key: str, etag: str | None, begin: int, end: int | None) -> Iterator[bytes]:
    """The bytes [begin, end) of an object, or all behind `begin`, in blocks."""
    options = {"Bucket": bucket, "Key": key}
    if etag is not None:
        options["IfMatch"] = etag
    if begin or end is not None:
        options["Range"] = f"bytes={begin}-{'' if end is None else end - 1}"
    answer = client.get_object(**options)
    with answer["Body"] as body:
        if "Range" in options and "ContentRange" not in answer:
            raise Fault(Kind.WHOLE, "the store does not send parts of objects")
        while block := body.read(_BLOCK):
            yield block


def head(client: Any, bucket: str, key: str) -> Object:
    """An object as it is now."""
    found = client.head_object(Bucket=bucket, Key=key)
    return Object(key, found["ContentLength"], micros(found["LastModified"]), found.get("ETag"))


def write(client: Any, bucket: str, key: str, data: bytes | Path, part: int, *, only_new: bool) -> None:
    """Store an object, by parts of so many bytes when it is larger."""
    size = data.stat().st_size if isinstance(data, Path) else len(data)
    if isinstance(data, Path) and size > part:
        from boto3.s3.transfer import TransferConfig, create_transfer_manager  # type: ignore[import-untyped]

        with create_transfer_manager(client, TransferConfig(part, 4, multipart_chunksize=part)) as manager:
            manager.upload(str(data), bucket, key).result()
        return
    condition = {"IfNoneMatch": "*"} if only_new else {}
    client.put_object(Bucket=bucket, Key=key, Body=data.read_bytes() if isinstance(data, Path) else data, **condition)


def delete(client: Any, bucket: str, keys: Sequence[str]) -> None:
    """Delete objects; those that are not there are no matter."""
    for start in range(0, len(keys), _DELETED):
        objects = [{"Key": key} for key in keys[start : start + _DELETED]]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        for error in answer.get("Errors", ()):
            raise Fault(Kind.DENIED, str(error.get("Code", "refused")))
