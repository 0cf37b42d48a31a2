"""What object storage answers when it does not do what was asked: told apart, tried again, or put into words."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

T = TypeVar("T")

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 10.0


class Kind(Enum):
    """What became of a request, by what can be done about it."""

    AGAIN = auto()
    """Busy, broken or cut off: the same request may well succeed later."""
    EXPIRED = auto()
    ELSEWHERE = auto()
    """The bucket lies in another region."""
    GONE = auto()
    NO_BUCKET = auto()
    OTHER_VERSION = auto()
    """A condition (If-Match, If-None-Match) does not hold."""
    DENIED = auto()
    ARCHIVED = auto()
    """In cold storage: it can be read only after it was restored."""
    WHOLE = auto()
    """The store sends the whole object where a range was asked for."""
    UNKNOWN_KEY = auto()
    SIGNATURE = auto()
    TOKEN = auto()
    CREDENTIALS = auto()
    """Credentials could not be had."""
    CLOCK = auto()
    CERTIFICATE = auto()
    NAME = auto()
    """A key that obstore cannot address."""
    OTHER = auto()


SENSELESS = "an answer that makes no sense"
_SENSELESS_TRIES = 4  # such answers come of proxies that restart, or of no object store at all

_BY_CODE = {
    **dict.fromkeys(
        (
            "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
            "RequestThrottledException", "TooManyRequests", "TooManyRequestsException", "RequestLimitExceeded",
            "BandwidthLimitExceeded", "EC2ThrottledException", "ProvisionedThroughputExceededException",
            "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "ServiceUnavailable",
            "ServerBusy", "OperationTimedOut", "PriorRequestNotComplete", "ConditionalRequestConflict",
            "OperationAborted", "IncompleteBody", "BadDigest",
        ),
        Kind.AGAIN,
    ),
    **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"), Kind.EXPIRED),
    **dict.fromkeys(
        (
            "PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed",
            "IllegalLocationConstraintException", "IncorrectEndpoint",
        ),
        Kind.ELSEWHERE,
    ),
    **dict.fromkeys(("NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"), Kind.NO_BUCKET),
    **dict.fromkeys(("NoSuchKey", "BlobNotFound"), Kind.GONE),
    **dict.fromkeys(("InvalidToken", "InvalidClientTokenId"), Kind.TOKEN),
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem"), Kind.DENIED),
    **dict.fromkeys(("InvalidObjectState", "BlobArchived"), Kind.ARCHIVED),
    "InvalidAccessKeyId": Kind.UNKNOWN_KEY,
    "SignatureDoesNotMatch": Kind.SIGNATURE,
    "RequestTimeTooSkewed": Kind.CLOCK,
}  # fmt: skip
_BY_STATUS = {
    301: Kind.ELSEWHERE,
    307: Kind.ELSEWHERE,
    308: Kind.ELSEWHERE,
    401: Kind.DENIED,
    403: Kind.DENIED,
    404: Kind.GONE,
    408: Kind.AGAIN,
    412: Kind.OTHER_VERSION,
    429: Kind.AGAIN,
    # Not implemented, no such version of HTTP, no room: none of that will be otherwise a minute later.
    **dict.fromkeys((501, 505, 507), Kind.OTHER),
}

_MENDABLE = {Kind.ELSEWHERE, Kind.EXPIRED, Kind.CERTIFICATE}
_MENDS = 2  # how often one operation may have the region found or the credentials read anew


class Fault(Exception):
    """A request that failed; carries no text of the store, which may hold signatures and tokens."""

    def __init__(self, kind: Kind, said: str, *, status: int = 0, code: str = "", region: str = "") -> None:
        self.kind, self.said, self.status, self.code, self.region = kind, said, status, code, region
        self.tries = 1
        self.seconds = 0.0
        super().__init__(said)

    @property
    def effort(self) -> str:
        """Such as `503 SlowDown, tried 9 times in 120 s`."""
        if self.tries == 1:
            return self.said
        seconds = f"{self.seconds:.0f}" if self.seconds >= 10 else f"{self.seconds:.1f}"
        return f"{self.said}, tried {self.tries} times in {seconds} s"


class Stopped(Exception):
    """The operation was given up because the run is stopping."""


def retrying(
    call: Callable[[], T],
    *,
    budget: float,
    stopping: threading.Event,
    mend: Callable[[Fault], bool],
    begun: float | None = None,
) -> T:
    """Call until it succeeds; raises the last Fault once another try cannot help or the budget (seconds) is used up.

    The budget counts from the first fault (a long download that breaks off late is tried again too), or from
    `begun` (time.monotonic). `mend` may put right what a try found wrong (region, credentials); True: try again now.
    Raises Stopped as soon as `stopping` is set. Errors that are no answer of a store pass through.
    """
    started = time.monotonic()
    tries = mended = senseless = 0
    while not stopping.is_set():
        tries += 1
        try:
            return call()
        except BaseException as error:
            found = classify(error) if isinstance(error, Exception) else _of_panic(error)
            if found is None:
                raise
            fault = found
        # From here on the store's own error is out of reach: its text can hold a token, and --debug prints contexts.
        now = time.monotonic()
        fault.tries, fault.seconds = tries, now - started
        begun = now if begun is None else begun
        if fault.kind in _MENDABLE and mended < _MENDS:
            mended += 1
            if mend(fault):
                continue
        # Full jitter: many threads that were refused together do not come back together.
        wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(tries - 1, 10)))  # noqa: S311
        senseless += fault.said == SENSELESS
        if fault.kind is not Kind.AGAIN or now + wait - begun >= budget or senseless >= _SENSELESS_TRIES:
            raise fault
        stopping.wait(wait)
    raise Stopped


_STATUS = re.compile(r"non-2xx status code: (\d{3})")
_PATH = re.compile(r'[Pp]ath "([^"]*)"')
_CODE = re.compile(r"<Code>([A-Za-z0-9]{1,64})</Code>")
_REGION = re.compile(r"<Region>([a-z0-9-]{1,32})</Region>")


def classify(error: Exception) -> Fault | None:
    """The fault that an error of obstore or botocore stands for; None when it is neither's."""
    if isinstance(error, Fault):
        return error
    module = type(error).__module__
    if module.startswith("botocore."):
        return _of_botocore(error)
    text, _, debug = str(error).partition("\n\nDebug source:")
    # obstore raises Python's own errors too, without their numbers.
    missing = isinstance(error, FileNotFoundError) and error.errno is None
    unspeakable = isinstance(error, ValueError) and text.startswith("Could not parse path")
    if missing or unspeakable or module.startswith("obstore"):
        return _of_obstore(type(error).__name__, text, debug)
    return None


def _of_panic(error: BaseException) -> Fault | None:
    """A panic of the library is no Exception: a thread would end without a word, a command with two tracebacks."""
    return Fault(Kind.OTHER, "the storage library gave up") if type(error).__name__ == "PanicException" else None


def _of_obstore(name: str, text: str, debug: str) -> Fault:
    if name in {"InvalidPathError", "ValueError"}:
        found = _PATH.search(text)
        return Fault(Kind.NAME, f"the name {told(found[1])}" if found else "a name")
    if "non-partial response" in text or "Range request not supported" in text:
        return Fault(Kind.WHOLE, "the store does not send parts of objects")
    if "External AWS credential provider" in text:
        return Fault(Kind.EXPIRED, "credentials could not be refreshed")  # reading them anew shows why
    answer = _STATUS.search(text)
    if answer is not None:
        code, region = _CODE.search(text), _REGION.search(text)
        return answered(int(answer[1]), code[1] if code else "", region[1] if region else "")
    if "redirect without LOCATION" in text:
        return Fault(Kind.ELSEWHERE, "301 moved", status=301)
    return _without_status(name, text, debug)


def _without_status(name: str, text: str, debug: str) -> Fault:
    """What obstore tells without a status: no connection, or an answer that does not make sense."""
    kind = {"FileNotFoundError": Kind.GONE, "PreconditionError": Kind.OTHER_VERSION, "NotSupportedError": Kind.OTHER,
            "PermissionDeniedError": Kind.DENIED, "UnauthenticatedError": Kind.DENIED}.get(name)  # fmt: skip
    if kind is not None:
        return Fault(kind, "not found" if kind is Kind.GONE else "refused")
    if "InvalidContentType" in debug:
        return Fault(Kind.OTHER, "the server does not answer in TLS; does its address begin with http://?")
    if "certificate" in debug.lower():
        return Fault(Kind.CERTIFICATE, _of_certificate(debug))
    if "builder error" in text:
        return Fault(Kind.OTHER, "the address is not valid")
    for sign, said in (
        ("dns error", "the name of the server is not known"),
        ("ConnectionRefused", "connection refused"),
        ("ConnectionReset", "connection reset"),
        ("TimedOut", "timed out"),
        ("kind: Timeout", "timed out"),
        ("kind: Connect", "no connection"),
    ):
        if sign in debug:
            return Fault(Kind.AGAIN, said)
    broken = "sending request" in text or "body error" in text
    return Fault(Kind.AGAIN, "the connection broke off" if broken else SENSELESS)


_CERTIFICATES = (
    (("Expired", "has expired"), "has expired; have it renewed (or this machine's clock is wrong)"),
    (("NotValidYet", "not yet valid"), "is not valid yet; check the clock of this machine"),
    (("NotValidForName", "doesn't match", "not valid for"),
     "is for another host name{names}; address the store by a name that its certificate has"),
    (("CaUsedAsEndEntity", "self-signed certificate", "self signed certificate"),
     "is self-signed; set {bundle} to its file"),
)  # fmt: skip
_NAMES = re.compile(r"""DnsName\(\\?"([^"\\]+)|doesn't match (?:either of )?'([^']+)'""")


def _of_certificate(said: str) -> str:
    """What is wrong with a certificate, by what either library says, and what to do."""
    for signs, meant in _CERTIFICATES:
        if any(sign in said for sign in signs):
            names = [told(one or other) for one, other in _NAMES.findall(said)]
            return meant.replace("{names}", f" ({names[0]})" if names else "")
    return "is not signed by an authority that this machine knows; set {bundle} to the file of its authority"


def answered(status: int, code: str = "", region: str = "") -> Fault:
    """The fault that a status and an error code of the store stand for."""
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status) or (Kind.AGAIN if status >= 500 else Kind.OTHER)
    return Fault(kind, f"{status} {code}".strip(), status=status, code=code, region=region)


def _of_botocore(error: Exception) -> Fault | None:
    from botocore import exceptions as boto  # type: ignore[import-untyped]

    if isinstance(error, boto.ClientError):
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        told = error.response.get("Error", {})
        code = str(told.get("Code", ""))
        return answered(status, code if code.isalnum() and not code.isdigit() else "", str(told.get("Region", "")))
    if isinstance(error, boto.SSLError):
        return Fault(Kind.CERTIFICATE, _of_certificate(str(error)))
    if isinstance(error, boto.HTTPClientError | boto.IncompleteReadError):
        return Fault(Kind.AGAIN, "timed out" if "Timeout" in type(error).__name__ else "the connection broke off")
    if isinstance(error, boto.SSOError | boto.TokenRetrievalError | boto.LoginError):
        return Fault(Kind.EXPIRED, type(error).__name__)
    # The message is left out: that of a credential process is whatever the process wrote.
    return Fault(Kind.CREDENTIALS, type(error).__name__)


def told(key: str) -> str:
    """A key as an error may show it: on one line, without anything that would steer a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in key)


_PERMISSIONS = {
    "read": "s3:GetObject (and s3:ListBucket)",
    "listed": "s3:ListBucket",
    "written": "s3:PutObject",
    "deleted": "s3:DeleteObject",
}
_PUT_RIGHT = {
    Kind.EXPIRED: "credentials have expired; sign in again (such as aws sso login)",
    Kind.ELSEWHERE: "the bucket is in another region, and the store does not say in which; set AWS_REGION",
    Kind.NO_BUCKET: "no such bucket; check the name",
    Kind.UNKNOWN_KEY: "the store does not know the access key; check {source}",
    Kind.SIGNATURE: "the secret access key does not belong to the access key; check {source}",
    Kind.TOKEN: "the store does not accept the session token; check {source}, or sign in again (such as aws sso login)",
    Kind.ARCHIVED: "is archived ({said}): it cannot be read before it is restored (such as aws s3api restore-object)",
    Kind.CLOCK: "the clock of this machine differs too much from the store's; set it",
    Kind.CREDENTIALS: "AWS credentials cannot be had ({said}); check AWS_PROFILE and the settings in ~/.aws",
    Kind.CERTIFICATE: "the store's certificate {said}",
}


def explain(
    fault: Fault, what: str, done: str, *, unsigned: str = "", source: str = "", skippable: bool = False
) -> str:
    """One line: what (an address) could not be done (read, listed, written, deleted), why, and what to do.

    `unsigned` says why requests are not signed, if they are not; `source`, which setting gave the credentials;
    `skippable`, that a load can do without.
    """
    said = fault.said.replace("{bundle}", "AWS_CA_BUNDLE" if "s3://" in what else "SSL_CERT_FILE")
    known = _PUT_RIGHT.get(fault.kind, "").format(said=said, source=source or "AWS_PROFILE or AWS_ACCESS_KEY_ID")
    advice = known or _advice(fault, what, done, unsigned)
    skip = skippable and fault.kind in {Kind.DENIED, Kind.ARCHIVED}
    return f"{told(what)}: {advice}{', or --skip it' * skip}"


def _advice(fault: Fault, what: str, done: str, unsigned: str) -> str:
    cannot = f"cannot be {done} ({fault.effort})"
    if fault.kind is Kind.DENIED:
        if unsigned:
            return f"access denied ({fault.said}), and {unsigned}"
        grant = f"grant {_PERMISSIONS[done]}" if "s3://" in what else "check the credentials in the environment"
        return f"cannot be {done}, access denied ({fault.said}); {grant}"
    if fault.kind is Kind.NAME:
        return (
            f"cannot be {done}: {fault.said} has an empty, '.' or '..' segment or a control character; "
            "rename it, or give a narrower prefix"
        )
    if fault.kind is Kind.AGAIN and fault.said != SENSELESS:
        return f"{cannot}; {'' if fault.status else 'check the network, then '}run again later"
    return f"{cannot}; check the address{' and the settings of the store' * (fault.kind is not Kind.GONE)}"
