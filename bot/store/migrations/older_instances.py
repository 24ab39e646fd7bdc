"""Which versions of the schema the instances know that are working now."""

from __future__ import annotations

import time

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import PULSE_S, Keys

ALIVE_S = 120
"""An instance whose heartbeat is older has ended. A sweep, between two heartbeats, takes a minute at worst."""

SCAN_COUNT = 1000


async def announce(redis: Redis, keys: Keys, *, instance: str, newest: int) -> None:
    """Write the first heartbeat of an instance, with the newest version that it knows."""
    with translated():
        await redis.set(keys.pulse(instance), f"{time.time_ns()} {newest}", ex=PULSE_S)


async def is_older_alive(redis: Redis, keys: Keys, number: int, *, alive_s: float = ALIVE_S) -> bool:
    """Say whether an instance works that does not know a version of the schema.

    The heartbeat of a release from before there were versions names none.
    """
    fresh_ms = (PULSE_S - alive_s) * 1000
    with translated():
        beats = [str(key) async for key in redis.scan_iter(match=f"{keys.pulse('')}*", count=SCAN_COUNT)]
        pipe = redis.pipeline(transaction=False)
        for key in beats:
            pipe.get(key)
            pipe.pttl(key)
        found = await pipe.execute() if beats else []
    return any(
        life_ms > fresh_ms and int(str(text or "").partition(" ")[2] or 0) < number
        for text, life_ms in zip(found[::2], found[1::2], strict=True)
    )
