"""How a bucket is reached: its address, and the store that is made for it."""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from sparkify import __version__
from sparkify.errors import UsageError
from sparkify.source.faults import Fault, Kind, told

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

    from sparkify.source.aws import Aws

_SCHEMES = {
    "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "azure": "az", "abfs": "az", "abfss": "az",
    "http": "http", "https": "https",
}  # fmt: skip
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_AZURE = re.compile(r"(?P<container>[a-z0-9$-]{1,63})@(?P<account>[a-z0-9]{3,24})\.(dfs|blob)\.core\.windows\.net")
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
# A '?' is a legal character of a key; these are the queries of presigned addresses and SAS tokens.
_SIGNED_QUERY = re.compile(r"\?[^/]*\b(X-Amz-|X-Goog-|AWSAccessKeyId=|Signature=|sig=|sv=)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Access:
    """How object storage is reached."""

    anonymous: bool = False
    """Do not sign requests, whatever credentials there are."""
    retry: float = 120.0
    """Seconds within which one operation is tried again."""
    stall: float = 60.0
    """Seconds without a byte, the first one too, after which a request counts as stalled."""


@dataclass(frozen=True, slots=True)
class Address:
    """A place in object storage."""

    scheme: str
    """One of s3, gs, az, http, https."""
    root: str
    """Such as `s3://bucket` or `https://host:port`; never with a password or a query."""
    prefix: str
    """Such as `a/b`, no slash at either end; empty for the whole bucket."""

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.root}/{self.prefix}" if self.prefix else self.root


def is_remote(location: str) -> bool:
    """Whether the location is an address of object storage rather than a path."""
    return ("://" in location and not location.lower().startswith("file://")) or location.startswith("arn:aws")


def local_path(location: str) -> str:
    """The path of a local location, which may be written as file://; raises UsageError for another machine's."""
    if not location.lower().startswith("file://"):
        return location
    path = os.fsdecode(unquote_to_bytes(location[len("file://") :].removeprefix("localhost")))
    if not path.startswith("/"):
        raise UsageError(f"{location}: is no path on this machine; write it as file:///folder")
    return path


def show(root: str, key: str) -> str:
    """The full address of an object."""
    return f"{root}/{key}"


def parse(location: str) -> Address:
    """Take an address apart; raises UsageError, which shows no password and no query, when it is none."""
    _check_no_arn(location)
    given, _, rest = location.partition("://")
    place, _, prefix = rest.partition("/")
    scheme = _SCHEMES.get(given.lower())
    account = scheme == "az" and _AZURE.fullmatch(place.split("?")[0])
    if not account:
        place = place.rpartition("@")[2]
    place = place.split("?")[0].split("#")[0]
    if scheme in {"http", "https", "az"}:
        prefix = prefix.split("?")[0].split("#")[0]
    elif _SIGNED_QUERY.search(prefix):
        prefix = prefix[: prefix.rindex("?")]
    # What cannot be the name of a place may be a part of a password that has a slash.
    shown = told(f"{given}://{place}/{prefix}")
    if "@" in prefix and (":" in place or "@" in rest.partition("/")[0]) and not _HOST.fullmatch(place):
        place = prefix.rpartition("@")[2].partition("/")[0]
        raise UsageError(
            f"{told(given)}://…@{told(place)}: an address takes no user and password; set them as your store wants"
        )
    if scheme is None:
        raise UsageError(
            f"{shown}: {told(given)}:// is not known; give a local folder, or s3://, gs://, az://, http:// or https://"
        )
    if not place:
        raise UsageError(f"{shown}: names no bucket; write it as {given}://bucket/folder")
    right = _HOST if scheme in {"http", "https"} else _AZURE if account else _BUCKET
    if not right.fullmatch(place):
        raise UsageError(f"{shown}: {told(place)} cannot be the name of a bucket; check the address")
    prefix = prefix.removesuffix("/")
    segments = prefix.split("/") if prefix else []
    if "" in segments:
        raise UsageError(f"{shown}: has an empty segment ('//'); write one slash between folders")
    if "." in segments or ".." in segments:
        raise UsageError(f"{shown}: has a '.' or '..' segment; write the address without")
    return Address(scheme, f"{'abfss' if account else scheme}://{place}", prefix)


def _check_no_arn(location: str) -> None:
    if "arn:aws" in location.partition("/")[0] or location.lower().startswith(("s3://arn:", "s3a://arn:")):
        raise UsageError(
            f"{told(location)}: the ARN of an access point is not understood; give its alias, which every access point "
            "has, such as s3://NAME-…-s3alias/folder (aws s3control list-access-points shows it)"
        )


class Link:
    """The way to one bucket; made on first use, and made anew when its region or the credentials turn out otherwise.

    `generation` counts how often: of many threads that meet the same fault, the first puts it right.
    """

    def __init__(self, root: str, access: Access) -> None:
        self.root, self.access = root, access
        self.address = parse(root)
        self.warnings: list[str] = []
        self.unsigned = ""
        """Why requests are not signed, with what to do about it; empty when they are."""
        self._lock = threading.RLock()
        self._store: tuple[int, ObjectStore] | None = None
        self._client: tuple[int, Any] | None = None
        self.generation = 0
        """How often the way was made anew."""
        self._aws: Aws | None = None
        self.by_client = False
        """Whether all goes by botocore's client, because obstore does not take the store's certificate."""

    def store(self) -> tuple[int, ObjectStore]:
        """The generation, and obstore's store; raises UsageError when the configuration does not make sense."""
        made = self._store
        if made is None:
            with self._lock:
                if self._store is None:
                    self._store = self.generation, self._make()
                made = self._store
        return made

    def client(self) -> tuple[int, Any]:
        """The generation, and botocore's client, for keys that obstore cannot address (S3 only)."""
        made = self._client
        if made is None:
            with self._lock:
                self.store()
                assert self._aws is not None
                if self._client is None:
                    self._client = self.generation, self._aws.client(signed=not self.unsigned)
                made = self._client
        return made

    def mend(self, fault: Fault, generation: int) -> bool:
        """Put right what a fault says of region or credentials; whether another try makes sense."""
        with self._lock:
            if generation != self.generation:
                return True
            if self._aws is None:
                return False
            if fault.kind is Kind.CERTIFICATE:
                # A bundle that names the very certificate of the server is enough for OpenSSL, and not for obstore.
                if self.by_client or self._aws.certificates is None:
                    return False
                self.by_client = True
            elif fault.kind is Kind.EXPIRED:
                if self.unsigned:
                    return False
                self._aws = type(self._aws)(self.root, self.access.stall, self._aws.region)
            elif not self._aws.move(fault.region):
                return False
            self._store = self._client = None
            self.generation += 1
            return True

    @property
    def credentials(self) -> str:
        """Which setting the credentials in use come from; empty when that is not known."""
        return self._aws.source if self._aws is not None and not self.unsigned else ""

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            if self._client is not None:
                self._client[1].close()
            self._store = self._client = None

    def _make(self) -> ObjectStore:
        from obstore import store as obstore
        from obstore.exceptions import BaseError

        from sparkify.source import clouds

        options: ClientConfig = {
            "read_timeout": f"{self.access.stall * 1000:.0f}ms",
            "connect_timeout": "5s",
            "timeout": "1h",  # what is slow may go on; what is silent is caught by the read timeout
            "user_agent": f"sparkify/{__version__}",
            "pool_max_idle_per_host": "256",
            "http1_only": True,
        }
        # Retrying is ours (faults.py): each fault is to be seen.
        retries: RetryConfig = {"max_retries": 0}
        anonymous = self.access.anonymous
        name = self.root.partition("://")[2]
        wrong = ""
        try:
            if self.address.scheme == "s3":
                return self._make_s3(options, retries)
            if self.address.scheme == "gs":
                return clouds.google(name, options, retries, anonymous=anonymous)
            if self.address.scheme == "az":
                return clouds.azure(name, options, retries, anonymous=anonymous)
            options["allow_http"] = self.address.scheme == "http"
            return obstore.HTTPStore(self.root, client_options=options, retry_config=retries)
        except (BaseError, ValueError) as error:
            # The message is left out: it holds the value, which may be a secret.
            wrong = clouds.wrong_variable(self.address.scheme, str(error))
        raise UsageError(f"{self.root}: cannot be set up; {wrong}")

    def _make_s3(self, options: ClientConfig, retries: RetryConfig) -> ObjectStore:
        from obstore.store import S3Store

        from sparkify.source.aws import Aws

        if self._aws is None:
            self._aws = Aws(self.root, self.access.stall)
        aws = self._aws
        if self.access.anonymous:
            self.unsigned = "the requests are not signed; leave out --anonymous to use credentials"
        elif not aws.find_credentials():
            if not self.unsigned:
                self.warnings.append(f"no AWS credentials found, reading {self.root} anonymously")
            self.unsigned = (
                "no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            )
        else:
            self.unsigned = ""
        if aws.certificates is not None:
            options["root_certificate"] = aws.certificates
        endpoint, virtual_hosted = aws.endpoint()
        options["allow_http"] = endpoint.startswith("http://")
        # All that obstore would else take from the environment is given: AWS_* there may mean something else to us.
        return S3Store(
            aws.bucket,
            endpoint=endpoint,
            aws_endpoint_url_s3=endpoint,
            region=aws.region,
            virtual_hosted_style_request=virtual_hosted,
            skip_signature=bool(self.unsigned),
            credential_provider=aws.frozen,  # given even if nothing is signed: else obstore minds half a pair of keys
            client_options=options,
            retry_config=retries,
        )


def bucket_region(root: str, access: Access) -> str | None:
    """The region of a bucket such as `s3://bucket`, by one unsigned request; None where its store names none."""
    from sparkify.source.aws import Aws

    return Aws(root, access.stall).ask_region() or None
