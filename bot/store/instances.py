"""Which instances run, as their heartbeats tell."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.all_keys import keys_of_prefix
from bot.store.connection import translated
from bot.store.keys import PULSE_S, Keys


async def running(redis: Redis, keys: Keys, silent_s: float) -> int:
    """Return how many instances have sent a heartbeat within so many seconds."""
    instances: set[str] = set()
    async for key in keys_of_prefix(redis, keys.pulse("").removesuffix(":")):
        with translated():
            left_ms = await redis.pttl(key)
        if left_ms > (PULSE_S - silent_s) * 1000:
            instances.add(key)
    return len(instances)
