"""The bot's presence: online, or idle with the reason while Redis or Claude is away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import discord
import structlog

from bot.gateway.connection.client import Client
from bot.gateway.connection.shard import Shard
from bot.telemetry.service_health import ServiceHealth

log = structlog.get_logger()

LOOK_S = 1.0

MODELS_ANSWER_S = 2.0

MODELS_S = 30.0
"""Between two questions whether Claude is back, where nobody asks Claude anything."""


class Presence:
    """Shows the health of the services.

    `try_redis` returns the code of the refusal, None if Redis serves. `list_models` asks Claude, and returns whether
    there was an answer.
    """

    def __init__(
        self,
        client: Client,
        health: ServiceHealth,
        try_redis: Callable[[], Awaitable[str | None]],
        list_models: Callable[[], Awaitable[bool]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._health = health
        self._try_redis = try_redis
        self._list_models = list_models
        self._clock = clock
        self._models_at_s = clock()
        self._shown: dict[int, tuple[str | None, str]] = {}

    async def watch(self, every_s: float = LOOK_S) -> None:
        """Show the health until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(every_s)

    async def look(self) -> None:
        """Ask a service that has failed, and show what has changed."""
        health = self._health
        if health.redis_is_suspect:
            health.redis_tried(await self._try_redis())
        if health.may_ask_for_models and self._clock() - self._models_at_s >= MODELS_S:
            self._models_at_s = self._clock()
            if await self._lists_models():
                health.claude_is_back()
        await self._show(health.reason)

    async def _lists_models(self) -> bool:
        try:
            async with asyncio.timeout(MODELS_ANSWER_S):
                return await self._list_models()
        except TimeoutError:
            return False

    async def _show(self, reason: str) -> None:
        if not self._client.is_ready():
            return
        for shard in self._client.connections:
            if shard.established:
                await self._show_in(shard, reason)

    async def _show_in(self, shard: Shard, reason: str) -> None:
        # A new session begins online, whatever the one before showed.
        session = shard.ws.session_id
        before = self._shown.get(shard.shard_id, (None, ""))
        if (session, reason) == before or (not reason and before[0] != session):
            self._shown[shard.shard_id] = (session, reason)
            return
        status = discord.Status.idle if reason else discord.Status.online
        activity = discord.CustomActivity(name=f"Waiting: {reason}") if reason else None
        try:
            await self._client.change_presence(status=status, activity=activity, shard_id=shard.shard_id)
        except (discord.DiscordException, OSError, AttributeError) as error:
            log.info("presence_not_shown", kind=type(error).__name__)
            return
        self._shown[shard.shard_id] = (session, reason)
        log.info("presence_shown", status=str(status), reason=reason)
