"""discord.py's client with the bot's intents and without caches; the handlers of events are registered later."""

from __future__ import annotations

import time

import discord
import structlog

from bot.gateway.connection.attempts import Attempts
from bot.gateway.connection.compat import Http
from bot.telemetry.gateway_state import READY, GatewayHealth, GatewayReason

log = structlog.get_logger()

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=True)
"""37377. Message Content is privileged: the developer portal has a switch for it (Discord, "Gateway Intents")."""


class Client(discord.Client):
    """A client that pings nobody, caches no messages and no members, and counts its connection attempts.

    `health` holds the state of its connection.
    """

    def __init__(self, proxy: str | None = None, health: GatewayHealth | None = None) -> None:
        super().__init__(
            proxy=proxy,
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            guild_ready_timeout=0.25,
        )
        self.attempts = Attempts(time.monotonic())
        self.health = health or GatewayHealth()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Count an IDENTIFY: Discord limits them per day."""
        await super().before_identify_hook(shard_id, initial=initial)
        self.attempts.identified(time.monotonic())

    async def setup_hook(self) -> None:
        """Refuse rate-limited calls from the login on, instead of waiting for the limit to end."""
        if isinstance(self.http, Http):
            self.http.enforces_bans = True

    async def on_disconnect(self) -> None:
        """Note that the connection is lost; discord.py also calls this for an attempt that has failed."""
        if self.health.condition.state in READY:
            self.health.lost(GatewayReason.CONNECTION_LOST)

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        """Log the exception of a handler without its arguments, which hold message content."""
        log.exception("event_failed", handler=event_method)
