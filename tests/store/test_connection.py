"""What redis-py does, and what the store makes of it."""

from __future__ import annotations

import asyncio

from bot.store.connection import connect
from bot.store.desk import Desk
from bot.store.keys import Keys

STEPS = 12
"""A command takes fewer turns of the loop than this."""


async def test_a_cancelled_command_ends_cancelled_whenever_that_happens(redis_url: str) -> None:
    redis = connect(redis_url, timeout_s=1.0)
    desk = Desk(redis, Keys("test"), instance="me")
    await desk.ping()

    async def ping_twice() -> None:
        await desk.ping()
        await asyncio.Event().wait()  # where whoever was cancelled in vain would stay for ever

    for steps in range(1, STEPS):
        task = asyncio.create_task(ping_twice())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=1.0)
        assert task.cancelled(), f"cancelled after {steps} steps"
    await redis.aclose()
