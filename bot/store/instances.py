"""Which instances run, and which versions of the schema they know, as their heartbeats tell."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from bot.store.all_keys import keys_of_prefix
from bot.store.connection import translated
from bot.store.key_lifetimes import PULSE_S
from bot.store.keys import Key, Keys

ALIVE_S = 120
"""An instance whose heartbeat is older has surely ended: a sweep, which delays the next heartbeat, takes a minute at
worst."""


async def announce(redis: Redis, keys: Keys, *, instance: str, newest: int) -> None:
    """Write the first heartbeat of an instance, with the newest version of the schema that it knows."""
    with translated():
        await redis.set(keys.pulse(instance), f"{time.time_ns()} {newest}", ex=PULSE_S)


async def running(redis: Redis, keys: Keys, silent_s: float) -> int:
    """Return how many instances have sent a heartbeat within so many seconds."""
    return len({key async for key in _beating(redis, keys, silent_s)})


async def is_older_alive(redis: Redis, keys: Keys, number: int) -> bool:
    """Say whether an instance works that does not know a version of the schema.

    The heartbeat of a release from before there were versions names none.
    """
    async for key in _beating(redis, keys, ALIVE_S):
        with translated():
            heartbeat = str(await redis.get(key) or "")
        if int(heartbeat.partition(" ")[2] or 0) < number:
            return True
    return False


async def _beating(redis: Redis, keys: Keys, silent_s: float) -> AsyncIterator[Key]:
    """Yield the heartbeats of so many seconds, some of them more than once."""
    async for key in keys_of_prefix(redis, keys.pulse("").removesuffix(":")):
        with translated():
            left_ms = await redis.pttl(key)
        if left_ms > (PULSE_S - silent_s) * 1000:
            yield key
