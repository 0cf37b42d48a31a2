"""Settings: flags > SPARKIFY_* environment > sparkify.toml > defaults.

The command line passes the flags that were given; everything else comes from here. `sparkify.toml` is
looked for in the working folder only, so that what a run does never depends on where it was installed.
"""

from __future__ import annotations

import codecs
import difflib
import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from sparkify.errors import UsageError, remedy
from sparkify.names import is_text
from sparkify.source.access import Access
from sparkify.values import remark, visible

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

CONFIG_FILE = "sparkify.toml"
LEAST_MEMORY = "64MB"
"""What DuckDB needs for any batch."""
HOUR, DAY = 3_600, 86_400
"""Seconds."""
_PREFIX = "SPARKIFY_"
# What it gives every container beside a service whose name begins with ours; nobody set these.
_OF_KUBERNETES = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_bytes(text: str) -> int:
    """Bytes in a size as people write it: `268435456`, `256MB`, `256 MiB`, `1g`; powers of 1024.

    Raises ValueError when the text is not a size of at least one byte.
    """
    compact = text.strip().upper().replace(" ", "").removesuffix("IB").removesuffix("B")
    digits = compact.rstrip("KMGT")
    unit = compact[len(digits) :]
    if not re.fullmatch("[0-9]{1,18}", digits) or unit not in _UNITS or int(digits) == 0:
        raise ValueError("is not a valid size; write it like 256MB or 268435456")
    return int(digits) * _UNITS[unit]


class Settings(BaseSettings):
    """Every setting of the loader and of the commands that read the warehouse."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix=_PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    warehouse: str = "duckdb:///sparkify.duckdb"
    """Address of the warehouse."""
    song_data: str | None = None
    log_data: str | None = None
    jsonpaths: str | None = None
    skip: list[str] = Field(default_factory=list)
    """Glob patterns; a file whose address or name matches one is passed over."""
    max_errors: int = Field(default=0, ge=0, le=1_000_000_000)
    """Records that may be set aside over one run."""
    batch_bytes: int | None = None
    """Source bytes, as stored, of one batch; None: 256 MiB, or 4 GiB on Redshift."""
    match: Literal["exact", "resolve"] | None = None
    """How plays find songs; None keeps what the warehouse is set to (at first: resolve)."""
    wait: float = Field(default=30.0, ge=0, le=DAY)
    """Seconds to wait for a warehouse that another process holds."""
    timeout: float = Field(default=300.0, ge=0.001, le=DAY)
    """Seconds that one question may take: of `sql` and `query`, of the page and of the report."""
    memory: str = "2GB"
    """What DuckDB may hold in memory before it spills to disk."""
    threads: int | None = Field(default=None, ge=1, le=256)
    """Threads of DuckDB; None takes every core, however many there are."""
    spool_dir: Path | None = None
    """Folder for what a run writes before the engine reads it; None: beside the warehouse."""
    concurrency: int = Field(default=64, ge=1, le=1024)
    """Objects fetched from object storage at the same time."""
    anonymous: bool = False
    """Read object storage without credentials, as anybody may read a public bucket."""
    retry: float = Field(default=120.0, ge=0, le=DAY)
    """Seconds within which one request to object storage, or one conflict on Redshift, is tried again."""
    stall: float = Field(default=60.0, ge=1, le=3600)
    """Seconds of silence, before the first byte too, after which a request to object storage is tried again."""
    staging: str | None = None
    """Redshift: prefix in S3 for what COPY reads and UNLOAD writes in passing."""
    copy_role: str = "default"
    """Redshift: ARN of the role with which the cluster reaches S3, or `default` for the one it is set to."""
    redshift_password: SecretStr | None = None
    """Redshift: of the user in the address, unless a secret or IAM takes its place."""
    in_place: bool = True
    """Redshift: copy big log files where they lie; otherwise every file is read on this machine first."""
    connect_timeout: float = Field(default=30.0, ge=0.1, le=HOUR)
    """Redshift: seconds until a connection must stand."""
    statement_timeout: float = Field(default=0.0, ge=0, le=DAY)
    """Redshift: seconds that one statement may take, its time in the queue included; 0: no limit."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    @field_validator("batch_bytes", mode="before")
    @classmethod
    def _batch_bytes(cls, value: object) -> object:
        return None if value is None else size_within(value, 1, "1TB")

    @field_validator("song_data", "log_data", "jsonpaths", "spool_dir", "staging", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value == "":
            raise ValueError("is empty; name a place, or leave it out")
        return value

    @field_validator("spool_dir")
    @classmethod
    def _spool_dir(cls, value: Path | None) -> Path | None:
        if value is not None and not is_text(value):
            raise ValueError("is not UTF-8, and the engine opens no other; name another folder")
        if value is not None and not os.path.isdir(value):  # noqa: PTH112 - Path.is_dir() raises
            raise ValueError(f"there is no such folder; {remark(str(value), 'make it first')}")
        return value

    @field_validator("staging")
    @classmethod
    def _staging(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"s3://[^/]+/.*[^/].*", value):
            raise ValueError("is not a prefix in S3; write it like s3://bucket/staging/")
        return value

    @field_validator("copy_role")
    @classmethod
    def _copy_role(cls, value: str) -> str:
        if value != "default" and not re.fullmatch(
            r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+(,arn:[\w+=,.@:/-]+)*", value
        ):
            raise ValueError("is not a role; write default, or its ARN like arn:aws:iam::123456789012:role/name")
        return value

    @field_validator("memory", mode="before")
    @classmethod
    def _memory(cls, value: object) -> str:
        size_within(value, LEAST_MEMORY, "64TB")
        return str(value)

    def origin(self, name: str) -> str:
        """What to call a setting in an error: the flag, the variable or the file that its value came from."""
        return self._origins.get(name, _flag(name))

    @property
    def batch_limit(self) -> int:
        """Source bytes of one batch. A cluster takes seconds for the statements of a batch, whatever is in it."""
        return self.batch_bytes or (4 << 30 if self.warehouse.startswith("redshift://") else 256 << 20)

    @property
    def memory_limit(self) -> str:
        """The memory setting in the words of DuckDB, which takes no bare number."""
        return f"{max(parse_bytes(self.memory) >> 20, 1)}MiB"

    @property
    def access(self) -> Access:
        """How object storage is reached."""
        return Access(anonymous=self.anonymous, retry=self.retry, stall=self.stall)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _file())


def load_settings(**flags: object) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises UsageError naming the setting, where it came from and what would be valid.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    _check_folder()
    file, variables = _file(), _variables()
    for called, prefix, found in (
        (f"{CONFIG_FILE}: ", "", dict(zip(file, file, strict=True))),
        ("", _PREFIX, variables),
    ):
        unknown = next((shown for name, shown in found.items() if name not in Settings.model_fields), None)
        if unknown is not None:
            raise UsageError(f"{called}{visible(unknown)}: there is no such setting; {_meant(unknown, prefix)}")
    origins = {"warehouse": "the default warehouse"}
    origins |= {name: f"{CONFIG_FILE}: {name}" for name in file} | variables | {name: _flag(name) for name in given}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise UsageError(f"{origins[name]}{_shown(name, first['input'])}: {_advice(name, first)}") from error
    except SettingsError as error:  # the only one whose text is parsed is a list
        raise UsageError(
            f'{origins["skip"]}: is not a JSON list; write it like ["*.tmp.json", "2018-11-01-*"]'
        ) from error
    settings._origins.update(origins)
    return settings


def _check_folder() -> None:
    try:
        Path.cwd()
    except OSError as error:
        raise UsageError(f"the working folder cannot be found ({error.strerror}); change to another one") from error


def _file() -> dict[str, Any]:
    """What the settings file says; nothing where there is none."""
    try:
        data = Path(CONFIG_FILE).read_bytes()
    except FileNotFoundError:
        if not os.path.lexists(CONFIG_FILE):
            return {}
        raise UsageError(f"{CONFIG_FILE}: is a link to a file that is not there; mend it, or remove it") from None
    except IsADirectoryError:
        raise UsageError(f"{CONFIG_FILE}: is a folder; the settings are a file of this name") from None
    except OSError as error:
        raise UsageError(f"{CONFIG_FILE}: cannot be read ({error.strerror}); {remedy(error)}") from error
    try:
        return tomllib.loads(_decoded(data))
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{CONFIG_FILE}: is not valid TOML: {error}") from error


def _decoded(data: bytes) -> str:
    """The text of the settings file, without the mark that editors on Windows put before it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ValueError("it is written in UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(
            f"line {line} holds the byte {data[error.start]:#04x}, which is not UTF-8; save it as UTF-8"
        ) from error


def _variables() -> dict[str, str]:
    """The environment's names of settings, by the setting; what is empty counts as not set."""
    return {
        name[len(_PREFIX) :].lower(): name
        for name, value in os.environ.items()
        if value and name.upper().startswith(_PREFIX) and not _OF_KUBERNETES.search(name)
    }


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _meant(unknown: str, prefix: str) -> str:
    """The name that is most like an unknown one, or all there are."""
    names = [f"{prefix}{name.upper()}" if prefix else name for name in Settings.model_fields]
    near = difflib.get_close_matches(unknown, names, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"


def _shown(name: str, value: object) -> str:
    """The value behind the name, but for what may be secret."""
    if value == "" or name in ("warehouse", "redshift_password"):
        return ""
    return f" {visible(value) if isinstance(value, str) else value}"[:200]


def _advice(name: str, error: ErrorDetails) -> str:
    """What would be valid: pydantic says it in a programmer's words."""
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    field = Settings.model_fields[name]
    bounds = {type(bound): getattr(bound, type(bound).__name__.lower()) for bound in field.metadata}
    if Ge in bounds and Le in bounds:
        whole = "" if field.annotation is float else "whole "
        return f"give a {whole}number from {bounds[Ge]:,} to {bounds[Le]:,}"
    if error["type"] == "literal_error":
        return "choose exact or resolve"
    if name == "skip":
        return 'give a list like ["*.tmp.json", "2018-11-01-*"]'
    return "give true or false" if field.annotation is bool else "give text"


def size_within(value: object, least: int | str, most: str) -> int:
    """A size, as text or as a number of bytes, that lies within bounds; raises ValueError."""
    size = parse_bytes(str(value))
    bounds = [parse_bytes(str(bound)) for bound in (least, most)]
    if not bounds[0] <= size <= bounds[1]:
        raise ValueError(f"give a size from {least} to {most}")
    return size
