"""How S3 is reached: credentials, region, endpoint and certificates as every AWS tool finds them, by botocore."""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sparkify import __version__
from sparkify.errors import UsageError
from sparkify.source.faults import Fault, Kind, classify, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from obstore.store import S3Credential

_REGION = re.compile(r"[a-z0-9-]{1,32}")
_LIFE_OF_CREDENTIALS = timedelta(minutes=6)  # obstore asks again in the last five of them
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


class Aws:
    """The standard chain of AWS: environment, shared profile, SSO, container and instance roles.

    Raises UsageError when the configuration does not make sense.
    """

    def __init__(self, root: str, stall: float, region: str = "") -> None:
        import botocore.session  # type: ignore[import-untyped]

        self.bucket = root.partition("://")[2]
        self._root, self._stall = root, stall
        self._session = botocore.session.Session()
        self._credentials: Any = None
        self._method = ""
        """What gave the credentials, in the words of botocore."""
        with self._configuration():
            get: Callable[[str], Any] = self._session.get_config_variable
            environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            self.region = str(region or environment or get("region") or "us-east-1")
            self._configured: str | None = self._find_endpoint()
            self._fips, self._dual = bool(get("use_fips_endpoint")), bool(get("use_dualstack_endpoint"))
            style = (self._session.get_scoped_config().get("s3") or {}).get("addressing_style", "auto")
            bundle = get("ca_bundle")
        if style not in {"auto", "path", "virtual"}:
            raise UsageError(f"{self._profile()}: addressing_style {told(str(style))}: write auto, path or virtual")
        # The certificate of AWS covers one label before the host; servers of one's own often have no such names at all.
        self._virtual = style == "virtual" or (style == "auto" and self._configured is None and "." not in self.bucket)
        self._bundle = str(bundle or os.environ.get("REQUESTS_CA_BUNDLE") or "") or None
        self.certificates = _read_bundle(self._bundle) if self._bundle else None

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
            names = [each for each in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") if os.environ.get(each)]
            where = names[0] if names else f"endpoint_url of {self._profile()}"
            raise UsageError(f"{where}: is not the address of a server; write it as https://host:port")
        return endpoint

    def endpoint(self) -> tuple[str, bool]:
        """Where requests go, and whether the bucket's name is a part of the host."""
        endpoint = self._configured
        if endpoint is None:
            host = f"s3{'-fips' * self._fips}{'.dualstack' * self._dual}.{self.region}.amazonaws.com"
            endpoint = f"https://{host}{'.cn' * self.region.startswith('cn-')}"
        if self._virtual:
            scheme, _, host = endpoint.partition("://")
            endpoint = f"{scheme}://{self.bucket}.{host}"
        return endpoint, self._virtual

    def find_credentials(self) -> bool:
        """Whether there are any; raises a botocore error when they cannot be had, UsageError for a wrong profile."""
        from botocore.credentials import RefreshableCredentials  # type: ignore[import-untyped]
        from botocore.exceptions import ClientError  # type: ignore[import-untyped]

        with self._configuration():
            if not sys.stdin or not sys.stdin.isatty():
                provider = self._session.get_component("credential_provider").get_provider("assume-role")
                provider._prompter = self._no_terminal  # else it would ask standard input, where nobody is
            self._credentials = self._session.get_credentials()
        if self._credentials is None:
            return False
        self._method = str(self._credentials.method)
        try:
            cleaned = _clean(self._credentials.get_frozen_credentials())
            if not isinstance(self._credentials, RefreshableCredentials):
                self._session.set_credentials(*cleaned)
                self._credentials = self._session.get_credentials()
        except ClientError as error:  # of STS or SSO; its codes would be taken for those of the bucket
            fault = classify(error)
            if fault is not None and fault.kind not in {Kind.AGAIN, Kind.EXPIRED, Kind.CLOCK}:
                raise Fault(Kind.CREDENTIALS, f"{error.operation_name} {fault.said}") from None
            raise
        return True

    def _no_terminal(self, prompt: str) -> str:  # noqa: ARG002 - as botocore calls it
        raise UsageError(
            f"{self._profile()}: asks for the code of an MFA device (mfa_serial), and there is no terminal to type it "
            "at; sign in beforehand (such as aws sts get-session-token) and set AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        )

    @property
    def source(self) -> str:
        """Which setting the credentials in use come from, such as `AWS_ACCESS_KEY_ID` or `profile lab`."""
        if self._method == "env":
            return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        roles = {"iam-role": "the role of this machine", "container-role": "the role of this container"}
        return roles.get(self._method) or self._profile()

    def _profile(self) -> str:
        name = next((each for each in _PROFILES if os.environ.get(each)), "")
        return f"profile {told(os.environ[name])} ({name})" if name else "profile default"

    def frozen(self) -> S3Credential:
        """Credentials as of now, for obstore; those that are refreshed do not live long, so that it asks again."""
        from botocore.credentials import RefreshableCredentials

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
        region = region or self.ask_region()
        if region == self.region or not _REGION.fullmatch(region):
            return False
        self.region = region
        return True

    def ask_region(self) -> str:
        """One unsigned HEAD of the bucket: the store names the region even where it denies access."""
        from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
        from botocore.exceptions import HTTPClientError
        from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]
        from botocore.utils import get_environ_proxies

        endpoint, virtual_hosted = self.endpoint()
        url = endpoint if virtual_hosted else f"{endpoint}/{self.bucket}"
        session = URLLib3Session(
            verify=self._bundle or True, proxies=get_environ_proxies(url), timeout=(5, self._stall)
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

        client = self._session.create_client(
            "s3",
            region_name=self.region,
            endpoint_url=self._configured,
            verify=self._bundle,
            config=Config(
                signature_version="s3v4" if signed else UNSIGNED,
                s3={"addressing_style": "virtual" if self._virtual else "path"},
                # Stores of one's own often know no checksums but those that a request needs.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=self._stall,
                max_pool_connections=64,
                user_agent_extra=f"sparkify/{__version__}",
            ),
        )
        if os.environ.get("AWS_REQUEST_PAYER"):  # obstore reads it by itself

            def agree_to_pay(params: dict[str, Any], **_: object) -> None:
                params["headers"]["x-amz-request-payer"] = "requester"

            client.meta.events.register("before-call.s3", agree_to_pay)
        return client

    @contextmanager
    def _configuration(self) -> Iterator[None]:
        """Say plainly what is wrong with the AWS configuration."""
        from botocore import exceptions as boto

        problem = ""
        try:
            yield
        except boto.ProfileNotFound:
            name = next((each for each in _PROFILES if os.environ.get(each)), "")
            problem = f"{name} {told(os.environ.get(name, ''))}: no such profile; see aws configure list-profiles"
        except boto.PartialCredentialsError as error:
            missing = str(error.kwargs.get("cred_var", "a key"))
            where = "" if error.kwargs.get("provider") == "env" else f" in {self._profile()}"
            problem = f"{self._root}: the AWS configuration is wrong: {missing} is missing{where}"
        except boto.ConfigParseError as error:
            problem = f"{told(str(error.kwargs.get('path', '~/.aws')))}: is not a valid AWS configuration file; mend it"
        except (boto.ConfigNotFound, boto.InvalidConfigError) as error:
            problem = (
                f"{self._root}: the AWS configuration is wrong ({type(error).__name__}); "
                f"check {self._profile()} in ~/.aws, and AWS_*"
            )
        if problem:
            raise UsageError(problem)


def bucket_region(root: str, stall: float) -> str | None:
    """The region of a bucket such as `s3://bucket`, by one unsigned request; None where its store names none."""
    return Aws(root, stall).ask_region() or None


def _read_bundle(bundle: str) -> bytes:
    """The certificates of a file, or of all files of a folder."""
    path = Path(bundle)
    try:
        files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        return b"\n".join(each.read_bytes() for each in files)
    except OSError as error:
        raise UsageError(f"AWS_CA_BUNDLE {bundle}: cannot be read ({error.strerror}); check the path") from error


def _clean(frozen: Any) -> tuple[str, str, str | None]:
    """Access key, secret key and token, without the newline in which mounted secrets often end.

    Raises UsageError when one holds what no header may, of which obstore would die.
    """
    access_key, secret_key = str(frozen.access_key or "").strip(), str(frozen.secret_key or "").strip()
    token = str(frozen.token).strip() if frozen.token else None
    if not all(each.isascii() and each.isprintable() for each in (access_key, secret_key, token or "")):
        raise UsageError("AWS credentials hold a line break or another character that cannot be in one; set them anew")
    return access_key, secret_key, token
