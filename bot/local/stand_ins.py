"""The local stand-ins for services that are not configured. Other rooms import this module alone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import SecretStr

from bot.config import Settings
from bot.local.banner import banner
from bot.local.embedded import EmbeddedServer
from bot.local.missing import CLAUDE, DISCORD, REDIS, missing, require_all, require_claude_on_discord
from bot.local.servers import LOCAL_KEY, LocalDiscord, LocalServer, local_claude
from bot.shutdown import together

__all__ = ["StandIns", "not_configured", "require_all", "require_claude_on_discord", "start", "with_store"]

LOCAL_SUFFIX = "-local"
"""Follows the key prefix while Discord is local: data of the real Discord must not reach the local page."""


@dataclass(frozen=True, slots=True)
class StandIns:
    """The processes that stand in, and `settings` that name them; `configured` are the operator's settings."""

    configured: Settings
    settings: Settings
    servers: tuple[LocalServer, ...] = ()
    redis: EmbeddedServer | None = None
    page_url: str | None = None

    def banner(self, name: str) -> str:
        """Return the text for an operator at the start; `name` is the bot's name on Discord."""
        return banner(self.configured, name, self.page_url)


def not_configured(settings: Settings) -> tuple[str, ...]:
    """Return the variables of the services that a stand-in replaces."""
    return tuple(service.variable for service in missing(settings))


async def start(settings: Settings, stack: AsyncExitStack) -> StandIns:
    """Start a stand-in for each service that is not configured, all at the same time; `stack` ends them."""
    require_claude_on_discord(settings)
    absent = missing(settings)
    data_dir = settings.redis.data_dir
    discord = LocalDiscord(data_dir, settings.local.port) if DISCORD in absent else None
    is_local = DISCORD in absent or REDIS in absent
    claude = local_claude(data_dir if is_local else None) if CLAUDE in absent else None
    redis = EmbeddedServer(data_dir, settings.redis.server) if REDIS in absent else None
    await together(
        *(stack.enter_async_context(server) for server in (redis, discord, claude) if server is not None)
    )
    complete = settings
    if discord is not None:
        complete = _with(
            complete,
            "discord",
            token=SecretStr(discord.endpoints["token"]),
            api_url=discord.endpoints["api_url"],
            gateway_url=discord.endpoints["gateway_url"],
        )
        complete = _with(complete, "redis", prefix=f"{settings.redis.prefix}{LOCAL_SUFFIX}")
    if claude is not None:
        complete = _with(
            complete, "claude", api_key=SecretStr(LOCAL_KEY), base_url=claude.endpoints["base_url"]
        )
    if redis is not None:
        complete = _with(complete, "redis", url=SecretStr(redis.url))
    return StandIns(
        configured=settings,
        settings=complete,
        servers=tuple(server for server in (discord, claude) if server is not None),
        redis=redis,
        page_url=discord.endpoints["page_url"] if discord is not None else None,
    )


async def with_store(settings: Settings, stack: AsyncExitStack) -> Settings:
    """Return settings that name the server and the prefix that the bot uses; `stack` ends a server that was started.

    The private server is started, or attached to if the bot runs.
    """
    absent = missing(settings)
    complete = settings
    if DISCORD in absent:
        complete = _with(complete, "redis", prefix=f"{settings.redis.prefix}{LOCAL_SUFFIX}")
    if REDIS in absent:
        server = EmbeddedServer(settings.redis.data_dir, settings.redis.server)
        await stack.enter_async_context(server)
        complete = _with(complete, "redis", url=SecretStr(server.url))
    return complete


def _with(settings: Settings, section: str, **values: object) -> Settings:
    changed = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: changed})
