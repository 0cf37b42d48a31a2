"""How a bucket is reached: its address, and for S3 the credentials, the region and the endpoint."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from sparkify import __version__
from sparkify.errors import UsageError
from sparkify.source.faults import Fault, Kind, classify, told

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import AzureConfig, ClientConfig, ObjectStore, RetryConfig, S3Credential

_SCHEMES = {
    "s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "azure": "az", "abfs": "az", "abfss": "az",
    "http": "http", "https": "https",
}  # fmt: skip
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_AZURE = re.compile(r"(?P<container>[a-z0-9$-]{1,63})@(?P<account>[a-z0-9]{3,24})\.(dfs|blob)\.core\.windows\.net")
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_REGION = re.compile(r"[a-z0-9-]{1,32}")
# A '?' is a legal character of a key; these are the queries of presigned addresses and SAS tokens.
_SIGNED_QUERY = re.compile(r"\?[^/]*\b(X-Amz-|X-Goog-|AWSAccessKeyId=|Signature=|sig=|sv=)", re.IGNORECASE)
_LIFE_OF_CREDENTIALS = timedelta(minutes=6)  # obstore asks again in the last five of them


@dataclass(frozen=True, slots=True)
class Access:
    """How object storage is reached."""

    anonymous: bool = False
    """Do not sign requests, whatever credentials there are."""
    retry: float = 120.0
    """Seconds within which one operation is tried again."""
    stall: float = 10.0
    """Seconds without a byte after which a request counts as stalled."""


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
    return "://" in location and not location.lower().startswith("file://")


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
        self._aws: _Aws | None = None

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
            if fault.kind is Kind.EXPIRED:
                if self.unsigned:
                    return False
                self._aws = _Aws(self.address, self.access, self._aws.region)
            elif not self._aws.move(fault.region):
                return False
            self._store = self._client = None
            self.generation += 1
            return True

    def close(self) -> None:
        """Let go of connections."""
        with self._lock:
            if self._client is not None:
                self._client[1].close()
            self._store = self._client = None

    def _make(self) -> ObjectStore:
        from obstore import store as obstore
        from obstore.exceptions import BaseError

        options: ClientConfig = {
            "read_timeout": f"{self.access.stall * 1000:.0f}ms",
            "connect_timeout": "5s",
            "timeout": "300s",
            "user_agent": f"sparkify/{__version__}",
            "pool_max_idle_per_host": "256",
            "http1_only": True,
        }
        # Retrying is ours (faults.py): each fault is to be seen.
        retries: RetryConfig = {"max_retries": 0}
        anonymous = self.access.anonymous
        name = self.root.partition("://")[2]
        try:
            if self.address.scheme == "s3":
                return self._make_s3(options, retries)
            if self.address.scheme == "gs":
                return obstore.GCSStore(name, skip_signature=anonymous, client_options=options, retry_config=retries)
            if self.address.scheme == "az":
                container, _, host = name.partition("@")
                account: AzureConfig = {"account_name": host.partition(".")[0]} if host else {}
                return obstore.AzureStore(
                    container, config=account, skip_signature=anonymous, client_options=options, retry_config=retries
                )
            options["allow_http"] = self.address.scheme == "http"
            return obstore.HTTPStore(self.root, client_options=options, retry_config=retries)
        except (BaseError, ValueError):
            # The message is left out: it holds the value, which may be a secret.
            pass
        variables = {"s3": "AWS_*", "gs": "GOOGLE_*", "az": "AZURE_* (AZURE_STORAGE_ACCOUNT_NAME)"}.get(
            self.address.scheme, "HTTP_*"
        )
        raise UsageError(f"{self.root}: cannot be set up; a value among the variables {variables} is missing or wrong")

    def _make_s3(self, options: ClientConfig, retries: RetryConfig) -> ObjectStore:
        from obstore.store import S3Store

        if self._aws is None:
            self._aws = _Aws(self.address, self.access)
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


class _Aws:
    """The standard chain of AWS, by botocore: environment, shared profile, SSO, container and instance roles."""

    def __init__(self, address: Address, access: Access, region: str = "") -> None:
        import botocore.session  # type: ignore[import-untyped]

        self.bucket = address.root.partition("://")[2]
        self._root, self._access = address.root, access
        self._session = botocore.session.Session()
        self._credentials: Any = None
        with _configuration(self._root):
            get: Callable[[str], Any] = self._session.get_config_variable
            environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            self.region = str(region or environment or get("region") or "us-east-1")
            self._configured: str | None = self._find_endpoint()
            self._fips, self._dual = bool(get("use_fips_endpoint")), bool(get("use_dualstack_endpoint"))
            bundle = get("ca_bundle")
        self._bundle = str(bundle) if bundle else None
        try:
            self.certificates = Path(self._bundle).read_bytes() if self._bundle else None
        except OSError as error:
            raise UsageError(f"AWS_CA_BUNDLE {bundle}: cannot be read ({error.strerror}); check the path") from error

    def _find_endpoint(self) -> str | None:
        from botocore.configprovider import ConfiguredEndpointProvider  # type: ignore[import-untyped]
        from botocore.utils import ensure_boolean  # type: ignore[import-untyped]

        session = self._session
        if ensure_boolean(session.get_config_variable("ignore_configured_endpoint_urls")):
            return None
        found = ConfiguredEndpointProvider(session.full_config, session.get_scoped_config(), "s3").provide()
        if not found:
            return None
        endpoint = str(found).rstrip("/")
        if not re.fullmatch(r"https?://[^/@?#\s]+(/[^@?#\s]*)?", endpoint):
            raise UsageError("AWS_ENDPOINT_URL: is no address of a server; write it as https://host:port")
        return endpoint

    def endpoint(self) -> tuple[str, bool]:
        """Where requests go, and whether the bucket's name is a part of the host."""
        if self._configured is not None:
            return self._configured, False
        host = f"s3{'-fips' * self._fips}{'.dualstack' * self._dual}.{self.region}.amazonaws.com"
        if self.region.startswith("cn-"):
            host += ".cn"
        # The certificate of AWS covers one label before the host.
        if "." in self.bucket:
            return f"https://{host}", False
        return f"https://{self.bucket}.{host}", True

    def find_credentials(self) -> bool:
        """Whether there are any; raises a botocore error when they cannot be had, UsageError for a wrong profile."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        with _configuration(self._root):
            self._credentials = self._session.get_credentials()
        if self._credentials is None:
            return False
        try:
            _clean(self._credentials.get_frozen_credentials())
        except ClientError as error:  # of STS or SSO; its codes would be taken for those of the bucket
            fault = classify(error)
            if fault is not None and fault.kind not in {Kind.AGAIN, Kind.EXPIRED, Kind.CLOCK}:
                raise Fault(Kind.CREDENTIALS, f"{error.operation_name} {fault.said}") from None
            raise
        return True

    def frozen(self) -> S3Credential:
        """Credentials as of now, for obstore; those that are refreshed do not live long, so that it asks again."""
        from botocore.credentials import RefreshableCredentials  # type: ignore[import-untyped]

        access_key, secret_key, token = _clean(self._credentials.get_frozen_credentials())
        lasting = not isinstance(self._credentials, RefreshableCredentials)
        return {
            "access_key_id": access_key,
            "secret_access_key": secret_key,
            "token": token,
            "expires_at": None if lasting else datetime.now(UTC) + _LIFE_OF_CREDENTIALS,
        }

    def move(self, region: str) -> bool:
        """Take the region the store named, or else ask for it; whether it is another."""
        region = region or self._ask_region()
        if region == self.region or not _REGION.fullmatch(region):
            return False
        self.region = region
        return True

    def _ask_region(self) -> str:
        """One unsigned HEAD of the bucket: the store names the region even where it denies access."""
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
        from botocore.exceptions import HTTPClientError
        from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]
        from botocore.utils import get_environ_proxies

        endpoint, virtual_hosted = self.endpoint()
        url = endpoint if virtual_hosted else f"{endpoint}/{self.bucket}"
        session = URLLib3Session(
            verify=self._bundle or True, proxies=get_environ_proxies(url), timeout=(5, self._access.stall)
        )
        try:
            answer = session.send(AWSRequest("HEAD", url).prepare())
        except HTTPClientError:
            return ""
        finally:
            session.close()
        return str(answer.headers.get("x-amz-bucket-region", ""))

    def client(self, *, signed: bool) -> Any:
        """Botocore's own client, to the same place and with the same credentials."""
        from botocore import UNSIGNED
        from botocore.config import Config  # type: ignore[import-untyped]

        return self._session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self._configured,
            verify=self._bundle,
            config=Config(
                signature_version="s3v4" if signed else UNSIGNED,
                s3={"addressing_style": "path" if self._configured or "." in self.bucket else "virtual"},
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=self._access.stall,
                max_pool_connections=64,
                user_agent_extra=f"sparkify/{__version__}",
            ),
        )


def bucket_region(root: str, access: Access) -> str | None:
    """The region of a bucket such as `s3://bucket`, by one unsigned request; None where its store names none."""
    return _Aws(parse(root), access)._ask_region() or None


def _clean(frozen: Any) -> tuple[str, str, str | None]:
    """Access key, secret key and token, without the newline in which mounted secrets often end.

    Raises UsageError when one holds what no header may, of which obstore would die.
    """
    access_key, secret_key = str(frozen.access_key or "").strip(), str(frozen.secret_key or "").strip()
    token = str(frozen.token).strip() if frozen.token else None
    if not all(each.isascii() and each.isprintable() for each in (access_key, secret_key, token or "")):
        raise UsageError("AWS credentials hold a line break or another character that cannot be in one; set them anew")
    return access_key, secret_key, token


@contextmanager
def _configuration(root: str) -> Iterator[None]:
    """Say plainly what is wrong with the AWS configuration."""
    from botocore import exceptions as boto

    problem = ""
    try:
        yield
    except boto.ProfileNotFound:
        problem = (
            f"AWS_PROFILE {told(os.environ.get('AWS_PROFILE', ''))}: no such profile; see aws configure list-profiles"
        )
    except (boto.ConfigParseError, boto.ConfigNotFound, boto.InvalidConfigError, boto.PartialCredentialsError) as error:
        problem = f"{root}: the AWS configuration is wrong ({type(error).__name__}); check ~/.aws and AWS_*"
    if problem:
        raise UsageError(problem)
