"""Settings: flags > SPARKIFY_* environment > sparkify.toml > defaults.

The command line passes the flags that were given; everything else comes from here. `sparkify.toml` is
looked for in the working folder only, so that what a run does never depends on where it was installed.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from sparkify.errors import UsageError
from sparkify.source.access import Access

CONFIG_FILE = "sparkify.toml"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_bytes(text: str) -> int:
    """Bytes in a size as people write it: `268435456`, `256MB`, `256 MiB`, `1g`; powers of 1024.

    Raises ValueError when the text is no size of at least one byte.
    """
    compact = text.strip().upper().replace(" ", "").removesuffix("IB").removesuffix("B")
    digits = compact.rstrip("KMGT")
    unit = compact[len(digits) :]
    if not digits.isascii() or not digits.isdigit() or unit not in _UNITS or int(digits) == 0:
        raise ValueError(f"'{text}' is no size; write it like 256MB or 268435456")
    return int(digits) * _UNITS[unit]


class Settings(BaseSettings):
    """Every setting of the loader and of the commands that read the warehouse."""

    model_config: ClassVar[SettingsConfigDict] = SettingsConfigDict(
        env_prefix="SPARKIFY_", toml_file=CONFIG_FILE, extra="forbid", frozen=True, env_ignore_empty=True
    )

    warehouse: str = "duckdb:///sparkify.duckdb"
    """Address of the warehouse."""
    song_data: str | None = None
    log_data: str | None = None
    jsonpaths: str | None = None
    skip: list[str] = Field(default_factory=list)
    """Glob patterns; a file whose address or name matches one is passed over."""
    max_errors: int = Field(default=0, ge=0)
    """Records that may be set aside over one run."""
    batch_bytes: int | None = Field(default=None, ge=1)
    """Source bytes, as stored, of one batch; None: 256 MiB, or 4 GiB on Redshift."""
    match: Literal["exact", "resolve"] | None = None
    """How plays find songs; None keeps what the warehouse is set to (at first: resolve)."""
    wait: float = Field(default=30.0, ge=0)
    """Seconds to wait for a warehouse that another process holds."""
    memory: str = "2GB"
    """What DuckDB may hold in memory before it spills to disk."""
    threads: int | None = Field(default=None, ge=1)
    """Threads of DuckDB; None takes every core."""
    spool_dir: Path | None = None
    """Folder for what a run writes before the engine reads it; None: beside the warehouse."""
    concurrency: int = Field(default=64, ge=1, le=1024)
    """Objects fetched from object storage at the same time."""
    anonymous: bool = False
    """Read object storage without credentials, as anybody may read a public bucket."""
    retry: float = Field(default=120.0, ge=0)
    """Seconds within which one request to object storage, or one conflict on Redshift, is tried again."""
    staging: str | None = None
    """Redshift: prefix in S3 for what COPY reads and UNLOAD writes in passing."""
    copy_role: str = "default"
    """Redshift: ARN of the role with which the cluster reaches S3, or `default` for the one it is set to."""
    redshift_password: SecretStr | None = None
    """Redshift: of the user in the address, unless a secret or IAM takes its place."""
    in_place: bool = True
    """Redshift: copy big log files where they lie; otherwise every file is read on this machine first."""
    connect_timeout: float = Field(default=30.0, gt=0)
    """Redshift: seconds until a connection must stand."""
    statement_timeout: float = Field(default=0.0, ge=0)
    """Redshift: seconds that one statement may take, its time in the queue included; 0: no limit."""

    @field_validator("batch_bytes", mode="before")
    @classmethod
    def _sizes(cls, value: object) -> object:
        return parse_bytes(value) if isinstance(value, str) else value

    @field_validator("song_data", "log_data", "jsonpaths", "spool_dir", "staging", mode="before")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value == "":
            raise ValueError("is empty; name a place, or leave it out")
        return value

    @field_validator("spool_dir")
    @classmethod
    def _spool_dir(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"{value}: there is no such folder; make it first")
        return value

    @field_validator("staging")
    @classmethod
    def _staging(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"s3://[^/]+/.*[^/].*", value):
            raise ValueError(f"{value}: is no prefix in S3; write it like s3://bucket/staging/")
        return value

    @field_validator("copy_role")
    @classmethod
    def _copy_role(cls, value: str) -> str:
        if value != "default" and not re.fullmatch(
            r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+(,arn:[\w+=,.@:/-]+)*", value
        ):
            raise ValueError(f"{value}: is no role; write default, or its ARN like arn:aws:iam::123456789012:role/name")
        return value

    @field_validator("memory")
    @classmethod
    def _memory(cls, value: str) -> str:
        parse_bytes(value)
        return value

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
        return Access(anonymous=self.anonymous, retry=self.retry)

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
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**flags: object) -> Settings:
    """The settings in force; a flag that is None was not given.

    Raises UsageError naming the setting, where it came from and what would be valid.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "settings"
        origin = f"--{name.replace('_', '-')}" if name in given else f"setting '{name}' (SPARKIFY_* or {CONFIG_FILE})"
        message = str(first["msg"]).removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = f"there is no such setting; there are {', '.join(Settings.model_fields)}"
        raise UsageError(f"{origin}: {message}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{Path(CONFIG_FILE)} is not valid TOML: {error}") from error
    except SettingsError as error:
        raise UsageError(
            f'settings: {error}; SPARKIFY_SKIP wants a JSON list such as ["*.tmp.json", "2018-11-01-*"]'
        ) from error
