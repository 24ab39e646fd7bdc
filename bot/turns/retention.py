"""Erases the conversations, and the facts of places, that are quiet for longer than their server keeps them."""

from __future__ import annotations

import asyncio

import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.conversation.message import first_id
from bot.conversation.privacy import DAY_MS, retention_days
from bot.conversation.scope import Scope
from bot.store.known_conversations import KnownConversations
from bot.store.memories import Memories
from bot.store.removed_places import RemovedPlaces
from bot.store.scope_settings import ScopeSettings

log = structlog.get_logger()

EVERY_S = 3600.0
"""How often the index of conversations is walked; the shortest retention is a day."""


class Retention:
    """Sweeps; without a setting of its server a conversation expires by itself, after `ceiling` days."""

    def __init__(
        self,
        places: RemovedPlaces,
        known: KnownConversations,
        memories: Memories,
        scope_settings: ScopeSettings,
        clock: Clock,
        *,
        ceiling: int,
    ) -> None:
        self._places = places
        self._known = known
        self._memories = memories
        self._scope_settings = scope_settings
        self._clock = clock
        self._ceiling = ceiling

    async def watch(self, *, every_s: float = EVERY_S) -> None:
        """Sweep again and again, until cancelled."""
        while True:
            try:
                await self.sweep()
            except StoreUnavailable as error:
                log.info("retention_not_swept", detail=str(error))
            await asyncio.sleep(every_s)

    async def sweep(self) -> int:
        """Erase what is kept for too long, and return the number of conversations."""
        now_ms = self._clock.now_ms()
        days: dict[int, int] = {}
        erased = 0
        async for page in self._known.pages(before_ms=now_ms - DAY_MS):
            for each in page:
                if each.server is None:
                    continue
                if each.server not in days:
                    days[each.server] = await self._days(each.server)
                before_ms = now_ms - days[each.server] * DAY_MS
                if days[each.server] < self._ceiling and each.latest_ms < before_ms:
                    erased += await self._places.erase_conversation(
                        each.conversation, older_than=first_id(before_ms), keeps_reminders=True
                    )
        await self._sweep_memories(now_ms)
        if erased:
            log.info("conversations_expired", conversations=erased)
        return erased

    async def _sweep_memories(self, now_ms: int) -> None:
        """Forget the facts of places that are quiet for too long."""
        for place, used_ms in await self._memories.quiet(before_ms=now_ms - DAY_MS):
            if used_ms < now_ms - await self._days(place.home) * DAY_MS:
                await self._memories.erase(place)

    async def _days(self, server: int) -> int:
        by_scope = await self._scope_settings.by_scope(thread=None, channel=None, server=server)
        return retention_days(by_scope[Scope.SERVER], self._ceiling)
