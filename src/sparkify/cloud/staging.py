"""The staging bucket: how much is in it, and emptying it so that it can go with its stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sparkify.cloud.access import Client, CloudError, code_of

COUNTED = 100_000
"""Objects that are counted at most."""
_AT_ONCE = 1000
"""Objects that S3 deletes in one request."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a bucket, every version counted."""

    objects: int
    bytes: int
    complete: bool
    """False: there is more than was counted."""

    def __str__(self) -> str:
        more = "" if self.complete else "more than "
        objects = "object" if self.objects == 1 else "objects"
        size = f"{self.bytes / 1e6:,.1f} MB" if self.bytes >= 1e5 else f"{self.bytes:,} bytes"
        return f"{more}{self.objects:,} {objects}, {size}"


def exists(s3: Client, bucket: str, owner: str) -> bool:
    """Whether the account has the bucket."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]

    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket"):
            return False
        raise
    return True


def content(s3: Client, bucket: str, owner: str, bound: int = COUNTED) -> Content:
    """Count what is in the bucket, up to `bound` versions."""
    counted = objects = size = 0
    for version in islice(_versions(s3, bucket, owner), bound + 1):
        counted += 1
        if counted <= bound:
            objects += 1
            size += version.get("Size", 0)
    return Content(objects, size, counted <= bound)


def empty(s3: Client, bucket: str, owner: str) -> int:
    """Delete every version of every object, and what uploads have left; returns the versions deleted.

    Only the staging bucket of a stack may be given: nothing brings its objects back. Raises CloudError for what S3
    does not delete.
    """
    deleted = 0
    versions = _versions(s3, bucket, owner)
    while some := list(islice(versions, _AT_ONCE)):
        which = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in some]
        answer = s3.delete_objects(Bucket=bucket, ExpectedBucketOwner=owner, Delete={"Objects": which, "Quiet": True})
        for error in answer.get("Errors", []):
            raise CloudError(f"s3://{bucket}/{error['Key']}: not deleted, {error['Code']}; mend that and run it again")
        deleted += len(which)
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, ExpectedBucketOwner=owner)
    for upload in [each for page in pages for each in page.get("Uploads", [])]:
        s3.abort_multipart_upload(
            Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"], ExpectedBucketOwner=owner
        )
    return deleted


def _versions(s3: Client, bucket: str, owner: str) -> Iterator[dict[str, Any]]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, ExpectedBucketOwner=owner)
    for page in pages:
        yield from page.get("Versions", [])
        yield from page.get("DeleteMarkers", [])
