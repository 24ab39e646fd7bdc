"""The section `[discord]`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from bot.config.field_types import Snowflake, address_with, names, number
from bot.config.settings.section import Section


class DiscordSettings(Section):
    token: SecretStr | None = None
    api_url: Annotated[str, address_with("https", "http")] = "https://discord.com/api/v10"
    gateway_url: Annotated[str, address_with("wss", "ws")] = "wss://gateway.discord.gg/"
    proxy: Annotated[SecretStr, address_with("http", "https")] | None = None
    shard_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    shard_ids: Annotated[
        tuple[Annotated[int, BeforeValidator(number), Field(ge=0, le=9999)], ...], BeforeValidator(names)
    ] = ()
    shard_groups: Annotated[int, Field(ge=1, le=10_000)] | None = None
    direct_messages: bool = True
    # PluralKit and Tupperbox.
    proxies: Annotated[tuple[Snowflake, ...], BeforeValidator(names)] = (
        466378653216014359,
        431544605209788416,
    )

    @property
    def proxy_address(self) -> str:
        """The address of the proxy, with its password; empty if none is set."""
        return self.proxy.get_secret_value() if self.proxy else ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.shard_count is None and (self.shard_ids or self.shard_groups is not None):
            raise ValueError(
                "shard_ids and shard_groups need shard_count, which is the same in all processes"
            )
        if self.shard_ids and self.shard_groups is not None:
            raise ValueError(
                "shard_ids and shard_groups exclude each other: each says which shards a process has"
            )
        if beyond := [each for each in self.shard_ids if each >= (self.shard_count or 0)]:
            raise ValueError(
                f"shard_ids names {beyond[0]}, but with shard_count = {self.shard_count} ids end before"
            )
        if self.shard_groups is not None and self.shard_groups > (self.shard_count or 0):
            raise ValueError("shard_groups must not exceed shard_count: a group would have no shard")
        if len(set(self.shard_ids)) < len(self.shard_ids):
            raise ValueError("shard_ids names an id twice")
        return self
