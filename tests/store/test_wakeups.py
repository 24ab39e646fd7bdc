"""Wake-ups, on real Redis servers."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from bot.store import wakeups
from bot.store.connection import connect
from bot.store.keys import Keys
from bot.store.wakeups import Wakeups
from tests.redis_proxy import RedisProxy
from tests.redis_server import order, redis_server

WITHIN_S = 30.0
C = 5


async def heard_after_publishing(publisher: Wakeups, heard: asyncio.Queue[int]) -> int:
    """Publish until a wake-up is heard: a subscription begins some moments after `listen` is called."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            await publisher.publish(C)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.05):
                    return await heard.get()


async def test_after_a_failover_wakeups_are_heard_from_the_new_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wakeups, "LISTEN_S", 0.05)
    heard: asyncio.Queue[int] = asyncio.Queue()
    with redis_server() as old, redis_server() as new:
        async with RedisProxy.before(old) as proxy, connect(proxy.url, timeout_s=3.0) as redis:
            here = Wakeups(redis, Keys("p"))
            listening = asyncio.create_task(here.listen(heard.put_nowait))
            assert await heard_after_publishing(here, heard) == C
            await order(old, "REPLICAOF", "127.0.0.1", 1)
            proxy.lead_to(new)
            async with connect(new, timeout_s=3.0) as elsewhere:
                await redis.set("written", "as every heartbeat writes")
                while not heard.empty():
                    heard.get_nowait()
                assert await heard_after_publishing(Wakeups(elsewhere, Keys("p")), heard) == C
            listening.cancel()
            await asyncio.wait([listening])


async def test_a_wakeup_that_another_version_publishes_ends_nothing() -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()
    with redis_server() as server:
        async with connect(server, timeout_s=3.0) as redis:
            here = Wakeups(redis, Keys("p"))
            listening = asyncio.create_task(here.listen(heard.put_nowait))
            assert await heard_after_publishing(here, heard) == C
            await redis.publish(Keys("p").wakeups, "what a later version says")
            assert await heard_after_publishing(here, heard) == C
            assert not listening.done()
            listening.cancel()
            await asyncio.wait([listening])
