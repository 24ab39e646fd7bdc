"""The definitions of remote tools that people have switched on, by their digest."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Keys


class PinnedTools:
    """Stores each definition once, as text; a definition never changes, because its digest names it."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def save(self, digest: str, definition: str) -> None:
        """Store a definition."""
        with translated():
            await self._redis.hset(self._keys.pinned_tools, digest, definition)

    async def all(self) -> dict[str, str]:
        """Return every definition by its digest."""
        with translated():
            found = await self._redis.hgetall(self._keys.pinned_tools)
        return {str(digest): str(definition) for digest, definition in found.items()}
