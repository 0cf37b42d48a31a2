"""Credentials and clients, and what AWS refuses in one line.

A configuration that cannot work (no credentials, no region, no such profile) is a UsageError, exit 2; whatever AWS
refuses or fails at is a CloudError, exit 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sparkify.errors import SparkifyError, UsageError

Client = Any
"""A client of boto3, which has no types."""


class CloudError(SparkifyError):
    """AWS refused, failed, or left something behind; the message names it and what to do next."""


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account in one region."""

    session: Any
    number: str
    """Twelve digits."""
    region: str
    profile: str | None
    """As given on the command line."""

    def client(self, service: str) -> Client:
        """A client of a service; it tries a throttled or lost request again by itself."""
        from botocore.config import Config  # type: ignore[import-untyped]

        config = Config(retries={"mode": "standard"}, connect_timeout=10, read_timeout=60)
        return self.session.client(service, config=config)

    @property
    def options(self) -> str:
        """What to add to a command so that it meets the same account and region."""
        return f" --region {self.region}" + (f" --profile {self.profile}" if self.profile else "")


def connect(region: str | None, profile: str | None) -> Account:
    """The account that the credentials belong to; raises UsageError when there are none, or no region."""
    import boto3  # type: ignore[import-untyped]

    session = boto3.Session(profile_name=profile, region_name=region)
    if not session.region_name:
        raise UsageError("no AWS region; pass --region, such as --region us-east-1, or set AWS_REGION")
    account = Account(session, "", str(session.region_name), profile)
    identity = account.client("sts").get_caller_identity()
    return Account(session, str(identity["Account"]), account.region, profile)


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what AWS and its library raise into one line that says what to do next."""
    from botocore import exceptions as boto  # type: ignore[import-untyped]

    try:
        yield
    except boto.ClientError as error:
        raise _refused(error) from error
    except boto.ProfileNotFound as error:
        raise UsageError(f"{error}; see `aws configure list-profiles`") from error
    except (boto.NoCredentialsError, boto.PartialCredentialsError) as error:
        raise UsageError(
            "no AWS credentials; run `aws configure`, name a profile with --profile, or set AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY"
        ) from error
    except (boto.SSOError, boto.SSOTokenLoadError, boto.TokenRetrievalError, boto.CredentialRetrievalError) as error:
        raise CloudError(f"AWS credentials cannot be had: {error}; sign in again with `aws sso login`") from error
    except boto.NoRegionError as error:
        raise UsageError("no AWS region; pass --region, such as --region us-east-1, or set AWS_REGION") from error
    except (boto.HTTPClientError, boto.ConnectionError) as error:
        raise CloudError(f"AWS cannot be reached: {error}; check the network and the region, then try again") from error
    except boto.BotoCoreError as error:
        raise CloudError(f"AWS library: {error}; check ~/.aws and the AWS_* variables") from error


def code_of(error: Any) -> str:
    """AWS's code of a ClientError, such as `AccessDenied`."""
    return str(error.response.get("Error", {}).get("Code", ""))


_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure")
_WRONG_SIGNATURE = ("SignatureDoesNotMatch", "InvalidSignatureException")
_SLOW_DOWN = ("RequestLimitExceeded", "TooManyRequestsException", "SlowDown")
_NOT_HERE = ("OptInRequired", "SubscriptionRequiredException")


def _refused(error: Any) -> CloudError:
    code = code_of(error)
    said = str(error.response.get("Error", {}).get("Message", "")).rstrip(".") or code
    if code in _EXPIRED:
        what = "the AWS credentials have expired; sign in again (`aws sso login`), then try again"
    elif code in _UNKNOWN:
        what = "AWS does not know these credentials; check them, or pass --profile"
    elif code in _WRONG_SIGNATURE:
        what = "the secret access key is wrong, or this machine's clock is; check both"
    elif code == "403" or code.startswith(("AccessDenied", "UnauthorizedOperation", "NotAuthorized")):
        what = f"access denied ({said}); add that to your policy, docs/redshift.md has the least that it takes"
    elif "Throttl" in code or code in _SLOW_DOWN:
        what = f"AWS asks to slow down ({code}); wait a minute, then run the command again"
    elif code in _NOT_HERE:
        what = f"the account may not use this service or region ({said}); choose another --region"
    else:
        what = f"{code}: {said}; mend that, then run the command again"
    return CloudError(f"{error.operation_name}: {what}")
