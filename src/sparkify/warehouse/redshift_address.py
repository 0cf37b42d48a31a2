"""Addresses of Amazon Redshift, and who says that one may enter: a password, a secret, or IAM.

    redshift://USER@HOST[:5439]/DATABASE                     password in SPARKIFY_REDSHIFT_PASSWORD
    redshift://HOST/DATABASE?secret=ARN                      user and password in AWS Secrets Manager
    redshift://[USER@]HOST/DATABASE?auth=iam                 temporary credentials of the AWS identity in force

Whether HOST is a provisioned cluster or a Serverless workgroup, its name and its region are read off the host
name that AWS gives; `cluster=`, `workgroup=` and `region=` say so where the host name is one's own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from sparkify.errors import UsageError

PORT = 5439
_SERVERLESS = re.compile(r"([a-z0-9-]+)\.(\d+)\.([a-z0-9-]+)\.redshift-serverless\.amazonaws\.com(\.cn)?")
_PROVISIONED = re.compile(r"([a-z0-9-]+)\.[a-z0-9]+\.([a-z0-9-]+)\.redshift\.amazonaws\.com(\.cn)?")
_OPTIONS = ("auth", "secret", "cluster", "workgroup", "region", "sslmode")
_LOCAL = ("127.0.0.1", "localhost")

Tls = Literal["verify-full", "verify-ca", "disable"]


@dataclass(frozen=True, slots=True)
class RedshiftAddress:
    """Where a warehouse is, and how one enters."""

    host: str
    port: int
    database: str
    user: str | None = None
    iam: bool = False
    secret: str | None = None
    """ARN or name in AWS Secrets Manager."""
    cluster: str | None = None
    workgroup: str | None = None
    region: str | None = None
    tls: Tls = "verify-full"

    @property
    def url(self) -> str:
        """The address, which has no secret in it."""
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port != PORT else ""
        return f"redshift://{user}{self.host}{port}/{self.database}"


def parse_address(text: str, origin: str = "--warehouse") -> RedshiftAddress:
    """The address in a text; raises UsageError that says what is wrong with it, without what may be a secret.

    An error names where the text came from, the origin.
    """
    # Of the host no more than its name: what was typed in the wrong place may be a secret.
    authority = text.removeprefix("redshift://").split("?")[0].split("@")[-1]
    shown = f"{origin} redshift://" + re.match(r"[\w.-]*", authority).group()  # type: ignore[union-attr]
    try:
        parts = urlsplit(text)
    except ValueError:  # its own text would show the whole address
        raise UsageError(f"{shown}: is no address; write it like redshift://USER@HOST:5439/DATABASE") from None
    if parts.password is not None:
        raise UsageError(
            f"{shown}: has a password in it, which others can read in the list of processes; "
            "put it into SPARKIFY_REDSHIFT_PASSWORD, or use ?secret=ARN or ?auth=iam"
        )
    try:
        port = parts.port or PORT
    except ValueError as error:
        raise UsageError(f"{shown}: its port is no number from 1 to 65535") from error
    host, database = parts.hostname or "", unquote(parts.path.removeprefix("/"))
    if not host or not database or "/" in database or parts.fragment:
        raise UsageError(f"{shown}: is no address; write it like redshift://USER@HOST:5439/DATABASE")
    options = _options(parts.query, host, shown)
    serverless, provisioned = _SERVERLESS.fullmatch(host), _PROVISIONED.fullmatch(host)
    found_region = serverless.group(3) if serverless else provisioned.group(2) if provisioned else None
    address = RedshiftAddress(
        host=host,
        port=port,
        database=database,
        user=unquote(parts.username) if parts.username else None,
        iam="auth" in options,
        secret=options.get("secret"),
        cluster=options.get("cluster") or (provisioned.group(1) if provisioned else None),
        workgroup=options.get("workgroup") or (serverless.group(1) if serverless else None),
        region=options.get("region") or found_region,
        tls=options.get("sslmode", "verify-full"),  # type: ignore[arg-type]
    )
    if address.iam and not (address.workgroup or address.cluster):
        raise UsageError(f"{shown}: auth=iam needs to know what it is; add workgroup=NAME or cluster=NAME")
    if not (address.iam or address.secret or address.user):
        raise UsageError(f"{shown}: names no user; write USER@HOST, or add ?auth=iam or ?secret=ARN")
    return address


def _options(query: str, host: str, shown: str) -> dict[str, str]:
    """What stands behind the question mark; raises UsageError for what does not make sense there."""
    options = dict(parse_qsl(query, keep_blank_values=True))
    unknown = [name for name in options if name not in _OPTIONS]
    if unknown:
        raise UsageError(f"{shown}: there is no option '{unknown[0]}'; there are {', '.join(_OPTIONS)}")
    if options.get("auth", "iam") != "iam":
        raise UsageError(f"{shown}: auth=…: write auth=iam, or leave it out for a password")
    if "auth" in options and "secret" in options:
        raise UsageError(f"{shown}: auth=iam and secret= exclude each other; give one of them")
    tls = options.get("sslmode", "verify-full")
    if tls not in ("verify-full", "verify-ca", "disable"):
        raise UsageError(f"{shown}: sslmode=…: write verify-full (the default) or verify-ca")
    if tls == "disable" and host not in _LOCAL:
        raise UsageError(f"{shown}: sslmode=disable would send everything in the clear; it is for this machine only")
    return options


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one enters with; never shown."""

    user: str
    password: str = field(repr=False)


def credentials(address: RedshiftAddress, password: str | None) -> Credentials:
    """User and password in force now; those of IAM last 15 minutes, so they are asked for at every connection.

    Raises UsageError that says which permission or setting is missing.
    """
    if address.secret is not None:
        return _of_secret(address, address.secret)
    if address.iam:
        return _of_iam(address)
    if password is None:
        raise UsageError(f"{address.url}: no password; set SPARKIFY_REDSHIFT_PASSWORD, or add ?secret=ARN or ?auth=iam")
    assert address.user is not None
    return Credentials(address.user, password)


def _of_secret(address: RedshiftAddress, secret: str) -> Credentials:
    """A secret as Redshift keeps it: a JSON object with `username` and `password`.

    Source: https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-secrets-manager-integration.html
    """
    answer = _ask(address, "secretsmanager", "get_secret_value", "secretsmanager:GetSecretValue", SecretId=secret)
    try:
        content = json.loads(answer["SecretString"])
        return Credentials(address.user or str(content["username"]), str(content["password"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{address.url}: the secret is no JSON object with username and password; use the one that Redshift manages"
        ) from error


def _of_iam(address: RedshiftAddress) -> Credentials:
    if address.workgroup is not None:
        given = _ask(
            address, "redshift-serverless", "get_credentials", "redshift-serverless:GetCredentials",
            workgroupName=address.workgroup, dbName=address.database,
        )  # fmt: skip
        return Credentials(str(given["dbUser"]), str(given["dbPassword"]))
    if address.user is not None:
        given = _ask(
            address, "redshift", "get_cluster_credentials", "redshift:GetClusterCredentials",
            ClusterIdentifier=address.cluster, DbName=address.database, DbUser=address.user, AutoCreate=False,
        )  # fmt: skip
    else:
        given = _ask(
            address, "redshift", "get_cluster_credentials_with_iam", "redshift:GetClusterCredentialsWithIAM",
            ClusterIdentifier=address.cluster, DbName=address.database,
        )  # fmt: skip
    return Credentials(str(given["DbUser"]), str(given["DbPassword"]))


def _ask(address: RedshiftAddress, service: str, call: str, permission: str, **arguments: object) -> Any:
    import boto3  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    try:
        client = boto3.session.Session().client(service, region_name=address.region)
        return getattr(client, call)(**arguments)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        hint = f"allow {permission}" if "Denied" in code or "Unauthorized" in code else "check the address"
        raise UsageError(f"{address.url}: {service} refused ({code}); {hint}") from error
    except BotoCoreError as error:
        raise UsageError(
            f"{address.url}: {service} cannot be asked ({error}); check AWS credentials and region"
        ) from error
