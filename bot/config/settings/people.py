"""The sections `[access]`, `[limits]`, `[audit]`, `[privacy]`, `[budgets]` and `[usage]`.

Who is answered, how much, and what is kept of people.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from bot.config.field_types import Amounts, Model, Snowflake, address_with, names
from bot.config.settings.section import Section

KEY_BYTES = 32
"""The length of a Fernet key."""


class AccessSettings(Section):
    allow_roles: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    block: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()


class LimitsSettings(Section):
    threads_per_minute: Annotated[int, Field(ge=0, le=1000)] = 5
    turns_per_person: Annotated[int, Field(ge=0, le=1000)] = 3
    refusals: Annotated[float, Field(ge=0, le=1000)] = 3.0


class AuditSettings(Section):
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 180


class PrivacySettings(Section):
    url: Annotated[str, address_with("https", "http")] | None = None
    require_consent: bool = False
    # Fernet keys, the newest first.
    keys: Annotated[tuple[SecretStr, ...], BeforeValidator(names)] = ()

    @field_validator("keys", mode="after")
    @classmethod
    def _check(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            try:
                is_key = len(urlsafe_b64decode(key.get_secret_value())) == KEY_BYTES
            except ValueError:
                is_key = False
            if not is_key:
                raise ValueError("must be keys as `python -m bot key` prints them")
        return keys


class BudgetsSettings(Section):
    bot: Amounts = ()
    server: Amounts = ()
    channel: Amounts = ()
    person: Amounts = ()
    at_limit: Literal["drop", "keep"] = "drop"
    fallback_model: Model | None = None
    fallback: Amounts = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.fallback_model is None) != (not self.fallback):
            raise ValueError(
                "fallback_model and fallback belong together: which model answers at a limit, and how much each "
                "person may use of it"
            )
        return self


class UsageSettings(Section):
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 400
