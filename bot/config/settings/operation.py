"""The sections `[turns]`, `[recovery]`, `[shutdown]`, `[telemetry]` and `[local]`: how the process runs."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from bot.config.field_types import Port, Seconds, address_with
from bot.config.public_address import is_private_host
from bot.config.sentry_dsn import read_dsn
from bot.config.settings.section import Section


class TurnsSettings(Section):
    lease_s: Annotated[float, Field(ge=0.5, le=300)] = 6.0
    heartbeat_s: Annotated[float, Field(ge=0.1, le=150)] = 2.0
    poll_s: Seconds = 5.0
    tries: Annotated[int, Field(ge=1, le=10_000)] = 5
    max_concurrent: Annotated[int, Field(ge=1, le=10_000)] = 256

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.heartbeat_s >= self.lease_s / 2:  # one renewal may fail without losing the lease
            raise ValueError(
                f"heartbeat_s ({self.heartbeat_s:g}) must be less than half of lease_s ({self.lease_s:g})"
            )
        return self


class RecoverySettings(Section):
    max_age_hours: Annotated[float, Field(ge=0, le=168)] = 24.0  # records of messages are kept for a week
    max_messages: Annotated[int, Field(ge=1, le=1000)] = 100
    every_s: Seconds = 120.0


class ShutdownSettings(Section):
    grace_s: Annotated[float, Field(ge=0, le=7)] = 7.0  # with 3 s for the rest, the process ends within 10 s


class TelemetrySettings(Section):
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    metrics_port: Port | None = None
    metrics_host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    heartbeat_url: Annotated[SecretStr, address_with("https", "http")] | None = None
    sentry_dsn: Annotated[SecretStr, address_with("https", "http")] | None = None
    private: bool = False

    @field_validator("sentry_dsn", mode="after")
    @classmethod
    def _whole_dsn(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and read_dsn(value.get_secret_value()) is None:
            raise ValueError("must be a DSN as the project's settings show it: https://KEY@HOST/PROJECT")
        return value

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name in () if self.private else ("heartbeat_url", "sentry_dsn"):
            address: SecretStr | None = getattr(self, name)
            if address is not None and is_private_host(address.get_secret_value()):
                raise ValueError(
                    f"{name} is a private address, which is not asked: name a public one, or set private = true"
                )
        return self


class LocalSettings(Section):
    port: Port = 8765
    model_on_discord: bool = False
