"""The work queue, on a real Redis server."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.keys import Keys
from bot.store.work_queue import WorkQueue
from tests.conversation.builders import message
from tests.store.stage import (
    C,
    Store,
    receive,
)


async def test_a_conversation_stays_in_the_queue_until_nothing_waits(store: Store, redis: Redis) -> None:
    queue = WorkQueue(redis, Keys("test"))
    await receive(store, message("hello"))
    (item,) = await queue.items()
    assert item.conversation == C
    await receive(store, message("more", number=11))
    await queue.remove(item)
    assert [found.conversation for found in await queue.items()] == [C]
    (item,) = await queue.items()
    await queue.remove(item)
    assert await queue.items() == ()


async def test_a_rollback_of_the_store_is_noticed_by_the_heartbeat(redis: Redis) -> None:
    queue = WorkQueue(redis, Keys("test"))
    assert await queue.beat("me", "", "1")
    assert await queue.beat("me", "1", "2")
    assert await queue.beat("me", "1", "2")
    await redis.set(Keys("test").pulse("me"), "1")
    assert not await queue.beat("me", "2", "3")
