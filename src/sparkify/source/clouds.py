"""How Azure Blob Storage and Google Cloud Storage are reached, their emulators too; S3 has aws.py."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sparkify.errors import UsageError

if TYPE_CHECKING:
    from obstore.store import AzureConfig, ClientConfig, ObjectStore, RetryConfig

_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
_EMULATOR = "STORAGE_EMULATOR_HOST"
# The account that every emulator of Azure has; Microsoft publishes its key.
_DEVELOPMENT = {
    "accountname": "devstoreaccount1",
    "accountkey": "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
    "blobendpoint": "http://127.0.0.1:10000/devstoreaccount1",
}
_SAID = {
    "Account must be specified": f"AZURE_STORAGE_ACCOUNT_NAME is missing (or {_CONNECTION})",
    "Invalid Access Key": f"AZURE_STORAGE_ACCOUNT_KEY (or AccountKey in {_CONNECTION}) is not a key",
    "SAS": f"AZURE_STORAGE_SAS_TOKEN (or SharedAccessSignature in {_CONNECTION}) is not a token",
    "server-side-encryption": "AWS_SSE_CUSTOMER_KEY_BASE64 is not a key in base64",
    "encryption type": "AWS_SERVER_SIDE_ENCRYPTION: write AES256, aws:kms, aws:kms:dsse or sse-c",
}


def azure(name: str, options: ClientConfig, retries: RetryConfig, *, anonymous: bool) -> ObjectStore:
    """The store of a container, given as `container` or `container@account.dfs.core.windows.net`."""
    from obstore.store import AzureStore

    container, _, host = name.partition("@")
    account = host.partition(".")[0]
    config = _connection_string()
    if account and config.get("account_name", account) != account:
        raise UsageError(f"{_CONNECTION} is for account {config['account_name']}, and the address names {account}")
    if account:
        config["account_name"] = account
    environment = os.environ.get("AZURE_STORAGE_ENDPOINT") or os.environ.get("AZURE_ENDPOINT") or ""
    options["allow_http"] = (config.get("endpoint") or environment).startswith("http://")
    return AzureStore(container, config=config, skip_signature=anonymous, client_options=options, retry_config=retries)


def _connection_string() -> AzureConfig:
    """What the connection string of the environment says; raises UsageError when that is not enough."""
    text = os.environ.get(_CONNECTION, "").strip()
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    given = {key.strip().lower(): value.strip() for key, _, value in pairs}
    if given.get("usedevelopmentstorage", "").lower() == "true":
        given = _DEVELOPMENT | given
    config: AzureConfig = {}
    if not given:
        return config
    account = given.get("accountname", "")
    endpoint = given.get("blobendpoint", "").rstrip("/")
    if not endpoint and account:
        suffix = given.get("endpointsuffix", "core.windows.net")
        endpoint = f"{given.get('defaultendpointsprotocol', 'https')}://{account}.blob.{suffix}"
    if not account:  # with a token it need not be named, but stands in the endpoint
        account = endpoint.partition("://")[2].partition(".")[0]
    if not account or not endpoint:
        raise UsageError(f"{_CONNECTION}: has no AccountName; copy it anew from the portal")
    config["account_name"], config["endpoint"] = account, endpoint
    if "accountkey" in given:
        config["account_key"] = given["accountkey"]
    if "sharedaccesssignature" in given:
        config["sas_key"] = given["sharedaccesssignature"].removeprefix("?")
    return config


def google(name: str, options: ClientConfig, retries: RetryConfig, *, anonymous: bool) -> ObjectStore:
    """The store of a bucket, at STORAGE_EMULATOR_HOST where that is set, as Google's own libraries do."""
    from obstore.store import GCSStore

    emulator = emulator_of_google()
    address = emulator or os.environ.get("GOOGLE_BASE_URL", "")
    options["allow_http"] = address.startswith("http://")
    if not emulator:
        return GCSStore(name, skip_signature=anonymous, client_options=options, retry_config=retries)
    return GCSStore(name, base_url=emulator, skip_signature=True, client_options=options, retry_config=retries)


def emulator_of_google() -> str:
    """The address of the emulator that the environment names; empty without one."""
    host = os.environ.get(_EMULATOR, "").strip().rstrip("/")
    return host if not host or "://" in host else f"http://{host}"


def wrong_variable(scheme: str, said: str) -> str:
    """Which variable the library did not take, by what it said; its value, which may be a secret, is not shown."""
    for sign, meant in _SAID.items():
        if sign in said:
            return meant
    prefix = {"s3": "AWS_", "gs": "GOOGLE_", "az": "AZURE_"}.get(scheme, "HTTP_")
    names = [
        name for name, value in sorted(os.environ.items()) if name.startswith(prefix) and value and f'"{value}"' in said
    ]
    if names:
        return f"the value of {' or '.join(names)} is not one that it takes"
    return f"a value among the variables {prefix}* is missing or wrong"
