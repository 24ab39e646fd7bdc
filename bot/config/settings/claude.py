"""The section `[claude]`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from bot.config.field_types import Model, Seconds, address_with, names, table
from bot.config.public_address import is_private_host
from bot.config.settings.section import Section
from bot.conversation.pricing import PriceRow
from bot.conversation.request import Parameters

DEFAULT_SYSTEM = """\
You are a helper in a Discord community. Several people may write in the same thread; each message names \
its author. Answer in the language you are addressed in. Be friendly, direct and brief: a few sentences \
where they are enough, more only where the question needs it. Say so when you do not know. Discord \
renders Markdown: use code blocks with a language for code, lists where they help, and tables \
where they are short."""


_DATE_SUFFIX = re.compile(r"-\d{8}$")


class ClaudeSettings(Section):
    api_key: SecretStr | None = None
    base_url: Annotated[str, address_with("https", "http")] | None = None
    model: Model = "claude-sonnet-5-5"
    effort: Literal["low", "medium", "high", "xhigh", "max"] = "medium"
    thinking: Literal["default", "on", "off"] = "default"
    models: Annotated[tuple[Model, ...], BeforeValidator(names)] = ()
    successor: Model | None = None
    fallback: Annotated[tuple[Model, ...], BeforeValidator(names)] = ()
    status_url: Annotated[str, address_with("https", "http")] | None = None
    status_private: bool = False
    max_tokens: Annotated[int, Field(ge=1, le=128_000)] = 8192  # the widest output of any current model
    system: Annotated[str, Field(min_length=1, max_length=200_000)] = DEFAULT_SYSTEM
    first_text_timeout_s: Seconds = 120.0
    stall_timeout_s: Seconds = 60.0
    max_requests: Annotated[int, Field(ge=1, le=1000)] = 256  # the HTTP client's connections
    cache: Literal["auto", "5m", "1h", "off"] = "auto"
    files: Literal["auto", "files", "inline"] = "auto"
    # The API refuses a request with more than 20 pictures if one of them is longer than 2000 pixels.
    image_max_edge: Annotated[int, Field(ge=200, le=2000)] = 1568
    prices: Annotated[dict[Model, PriceRow], BeforeValidator(table)] = Field(default_factory=dict)

    @property
    def parameters(self) -> Parameters:
        """The parameters of the model that nobody can choose for a scope, and the model."""
        return Parameters(self.model, self.max_tokens)

    @model_validator(mode="after")
    def _check(self) -> Self:
        offered = (*self.models, self.model)
        for model in self.fallback if self.models else ():
            if model not in offered and _DATE_SUFFIX.sub("", model) not in offered:
                raise ValueError(f"fallback names {model}, which models does not list: list it there as well")
        if self.status_url is not None and not self.status_private and is_private_host(self.status_url):
            raise ValueError(
                "status_url is a private address, which is not asked: name a public one, or set "
                "status_private = true"
            )
        return self

    @field_validator("base_url", mode="after")
    @classmethod
    def _without_v1(cls, value: str | None) -> str | None:
        """Remove a trailing /v1, which other programs want and the SDK adds by itself."""
        if value is None:
            return None
        address = value.rstrip("/")
        return address.removesuffix("/v1/messages").removesuffix("/v1").rstrip("/")
