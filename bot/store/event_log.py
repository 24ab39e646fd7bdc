"""The latest events and the metrics of all instances, kept for an hour, so that a support bundle can hold them.

An instance on another machine cannot be asked for its log; all instances share the store.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

import structlog
from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.store.all_keys import keys_of_prefix
from bot.store.connection import translated
from bot.store.key_lifetimes import EVENTS_S
from bot.store.keys import Keys

log = structlog.get_logger()

MOST_EVENTS = 2000
"""The events that are kept of all instances."""

EVERY_S = 10.0
"""How often an instance stores its events, if there are any."""

METRICS_S = 60.0
"""How often an instance stores its metrics."""


class EventLog:
    """Stores what this `instance` logs and counts, and returns that of all."""

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._redis = redis
        self._keys = keys
        self._instance = instance

    async def watch(self, events: Callable[[], list[str]], metrics: Callable[[], str]) -> None:
        """Store new events and the metrics, until cancelled."""
        metrics_due_s = 0.0
        while True:
            taken = events()
            try:
                await self.add(taken)
                if time.monotonic() >= metrics_due_s:
                    await self.note_metrics(metrics())
                    metrics_due_s = time.monotonic() + METRICS_S
            except StoreUnavailable:
                log.debug("events_not_stored", events=len(taken))
            await asyncio.sleep(EVERY_S)

    async def add(self, events: Sequence[str]) -> None:
        """Store events."""
        if not events:
            return
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.rpush(self._keys.events, *events)
            pipe.ltrim(self._keys.events, -MOST_EVENTS, -1)
            pipe.expire(self._keys.events, EVENTS_S)
            await pipe.execute()

    async def note_metrics(self, text: str) -> None:
        """Store the metrics of this instance."""
        with translated():
            await self._redis.set(self._keys.metrics(self._instance), text, ex=EVENTS_S)

    async def events(self) -> list[str]:
        """Return the events of all instances, the oldest first."""
        with translated():
            return list(map(str, await self._redis.lrange(self._keys.events, 0, -1)))

    async def metrics(self) -> list[str]:
        """Return the metrics of each instance."""
        found = {key async for key in keys_of_prefix(self._redis, self._keys.metrics("").removesuffix(":"))}
        with translated():
            return [str(text) for key in sorted(found) if (text := await self._redis.get(key))]
