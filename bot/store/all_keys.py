"""The walk over all keys of the prefix."""

from __future__ import annotations

from collections.abc import AsyncIterator

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Key

SCANNED_AT_ONCE = 500
"""So many keys are looked at in one round trip."""


async def keys_of_prefix(redis: Redis, prefix: str) -> AsyncIterator[Key]:
    """Yield every key that exists during the whole walk, some of them more than once."""
    with translated():
        async for key in redis.scan_iter(match=f"{prefix}:*", count=SCANNED_AT_ONCE):
            yield Key(str(key))
