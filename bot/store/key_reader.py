"""Reads keys by their names behind the prefix, as a walk over all keys finds them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from redis.asyncio import Redis

from bot.store.all_keys import keys_of_prefix
from bot.store.connection import translated
from bot.store.keys import Keys

KEYS_AT_ONCE = 500
"""So many keys are read in one round trip."""


class KeyReader:
    """Reads the bot's keys, whatever they hold."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    def name_of(self, key: str) -> str:
        """Return the name of a key behind the prefix."""
        return key.removeprefix(f"{self._keys.prefix}:")

    async def names(self) -> AsyncIterator[list[str]]:
        """Yield the names of all keys, page by page."""
        beginning = f"{self._keys.prefix}:"
        page: list[str] = []
        seen: set[str] = set()
        async for key in keys_of_prefix(self._redis, self._keys.prefix):
            if key in seen:
                continue
            seen.add(key)
            page.append(key.removeprefix(beginning))
            if len(page) >= KEYS_AT_ONCE:
                yield page
                page = []
        yield page

    async def fields(self, names: Sequence[str], fields: Sequence[str]) -> list[tuple[str, ...]]:
        """Return fields of hashes, "" for those that are missing."""
        if not names:
            return []
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.hmget(f"{self._keys.prefix}:{name}", list(fields))
            found: list[Any] = await pipe.execute()
        return [tuple(str(value or "") for value in values) for values in found]

    async def texts(self, names: Sequence[str]) -> list[str]:
        """Return strings, "" for those that are missing."""
        if not names:
            return []
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.get(f"{self._keys.prefix}:{name}")
            found: list[Any] = await pipe.execute()
        return [str(value or "") for value in found]

    async def hash(self, name: str) -> dict[str, str]:
        """Return a hash."""
        with translated():
            found: dict[Any, Any] = await self._redis.hgetall(f"{self._keys.prefix}:{name}")
        return {str(each): str(value) for each, value in found.items()}

    async def entries(self, name: str) -> list[str]:
        """Return a list."""
        with translated():
            found: list[Any] = await self._redis.lrange(f"{self._keys.prefix}:{name}", 0, -1)
        return [str(text) for text in found]
