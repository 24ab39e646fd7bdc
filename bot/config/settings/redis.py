"""The section `[redis]`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from bot.config.field_types import RedisAddress, SentinelAddresses
from bot.config.settings.section import Section


def data_home() -> Path:
    """Return the directory for user data: `$XDG_DATA_HOME`, else `~/.local/share` (XDG Base Directory 0.8)."""
    named = Path(os.environ.get("XDG_DATA_HOME", ""))
    if named.is_absolute():  # the specification: a relative path is to be ignored
        return named
    try:
        return Path.home() / ".local" / "share"
    except RuntimeError:  # no HOME and no entry in the password file, as in some containers
        return Path("data").absolute()


class RedisSettings(Section):
    url: RedisAddress | None = None
    sentinels: SentinelAddresses = ()
    sentinel_service: Annotated[str, Field(min_length=1, max_length=200)] = "mymaster"
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None
    wait_replicas: Annotated[int, Field(ge=0, le=10)] = 0
    data_dir: Path = Field(default_factory=lambda: data_home() / "bobbin")
    server: FilePath | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 3.0
    ca_file: FilePath | None = None
    verify_certificate: bool = True
    # Braces mark the part of a key that Redis Cluster hashes; blanks make keys unreadable in its tools.
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9:._-]+$", max_length=200)] = "bobbin"
    migration_backup: bool = True

    @field_validator("data_dir", "server", "ca_file", mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("~"):
            return value
        try:
            return str(Path(value).expanduser())
        except RuntimeError as error:
            raise ValueError("begins with ~, and there is no home directory") from error

    @field_validator("data_dir", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        if isinstance(value, str) and not value.strip():
            raise ValueError("must name a directory")  # pathlib would read it as the working directory
        return value

    @model_validator(mode="before")
    @classmethod
    def _with_sentinels_alone(cls, values: Any) -> Any:
        """Read Sentinels without an address as a Redis that wants no password."""
        if isinstance(values, dict) and values.get("sentinels") and not values.get("url"):
            return values | {"url": SecretStr("redis://sentinel")}
        return values

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.sentinels and self.url is not None and self.url.get_secret_value().startswith("unix:"):
            raise ValueError("sentinels needs a url that begins with redis:// or rediss://, not with unix://")
        if self.ca_file is not None and not self.verify_certificate:
            raise ValueError("ca_file names whom to trust, but verify_certificate = false trusts everybody")
        return self
