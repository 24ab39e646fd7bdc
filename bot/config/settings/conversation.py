"""The sections `[history]`, `[files]`, `[voice]` and `[reply]`: what becomes of a conversation and its answers."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from bot.config.field_types import Model, Seconds, address_with, number
from bot.config.settings.section import Section


class HistorySettings(Section):
    # Some models cost five times as much above 100,000 tokens.
    max_tokens: Annotated[int, Field(ge=1000, le=10_000_000)] = 80_000
    past_price_step: bool = False
    keep_ratio: Annotated[float, Field(gt=0, lt=1)] = 0.5
    pinned_share: Annotated[float, Field(ge=0, le=0.9)] = 0.3
    on_trim: Literal["drop", "summarize"] = "drop"
    ttl_days: Annotated[int, Field(ge=1, le=3650)] = 90


class FilesSettings(Section):
    max_mb: Annotated[float, Field(ge=0, le=100)] = 20.0
    pdf_pages: Annotated[int, Field(ge=1, le=600)] = 50  # the API takes no more
    text_chars: Annotated[int, Field(ge=1000, le=10_000_000)] = 60_000
    remark_tokens: Annotated[int, Field(ge=0, le=10_000_000)] = 10_000
    inline_mb: Annotated[float, Field(ge=1, le=100_000)] = 256.0


class VoiceSettings(Section):
    url: Annotated[str, address_with("https", "http")] | None = None
    api_key: SecretStr | None = None
    model: Model = "whisper-1"
    max_minutes: Annotated[float, Field(ge=0.1, le=600)] = 30.0
    timeout_s: Seconds = 60.0

    @field_validator("url", mode="after")
    @classmethod
    def _whole(cls, value: str | None) -> str | None:
        """Complete the address: a host alone, an address that ends with /v1, and the whole one mean the same."""
        if value is None:
            return None
        parts = urlsplit(value)
        path = parts.path.rstrip("/").removesuffix("/audio/transcriptions") or "/v1"
        return parts._replace(path=f"{path}/audio/transcriptions", fragment="").geturl()

    @model_validator(mode="after")
    def _check(self) -> Self:
        # Both go into the header Authorization, of which a request has one.
        if self.api_key is not None and self.url is not None and urlsplit(self.url).username is not None:
            raise ValueError("url names a user and api_key is set: a server takes one of the two")
        return self


class ReplySettings(Section):
    when: Literal["always", "mentioned", "auto"] = "auto"
    ignore_prefix: str | None = "//"
    while_answering: Literal["queue", "interrupt"] = "queue"
    gather_ms: Annotated[int, Field(ge=0, le=10_000)] = 0
    titles: Literal["generated", "message"] = "generated"
    suppress_embeds: bool = True
    # Discord knows no other durations.
    thread_auto_archive_minutes: Annotated[Literal[60, 1440, 4320, 10080], BeforeValidator(number)] = 1440
    code_file_lines: Annotated[int, Field(ge=0, le=100_000)] = 60
    max_messages: Annotated[int, Field(ge=0, le=1000)] = 8
    context_messages: Annotated[int, Field(ge=0, le=100)] = 20
