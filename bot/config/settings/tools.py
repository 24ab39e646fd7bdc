"""The sections `[tools]` and `[[mcp]]`."""

from __future__ import annotations

from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, PrivateAttr, SecretStr, model_validator

from bot.config.field_types import Snowflake, address_with, names
from bot.config.settings.section import Section


class ToolsSettings(Section):
    on: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    max_steps: Annotated[int, Field(ge=1, le=50)] = 10
    max_s: Annotated[float, Field(ge=1, le=3600)] = 300.0
    never: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    searches: Annotated[int, Field(ge=1, le=50)] = 5
    searches_per_day: Annotated[int, Field(ge=0, le=1_000_000)] = 200
    fetches: Annotated[int, Field(ge=1, le=50)] = 5
    page_tokens: Annotated[int, Field(ge=500, le=200_000)] = 20_000
    files_mb: Annotated[float, Field(ge=0.1, le=100)] = 8.0


class McpSettings(Section):
    """One `[[mcp]]`: an MCP server whose tools people may be offered; `token` names a variable of the environment."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,19}$")]
    url: Annotated[str, address_with("https", "http")]
    token: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,199}$")] | None = None
    tools: Annotated[tuple[str, ...], BeforeValidator(names)] = ()
    servers: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    channels: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = ()
    private: bool = False
    timeout_s: Annotated[float, Field(ge=0.1, le=300)] = 30.0
    max_kb: Annotated[int, Field(ge=1, le=20_000)] = 2000
    _secret: SecretStr | None = PrivateAttr(default=None)

    @property
    def secret(self) -> SecretStr | None:
        """The token itself."""
        return self._secret

    def resolve(self, secret: str) -> None:
        """Set the token, which `load` has found in the variable."""
        self._secret = SecretStr(secret)

    @model_validator(mode="after")
    def _check(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username is not None or parts.password is not None:
            raise ValueError("url must not hold a user or a password; name a variable with a token in token")
        if parts.scheme == "http" and not self.private:
            raise ValueError("url must begin with https://; http:// is possible with private = true")
        return self
