"""The work queue, on a real Redis server."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest
from redis.asyncio import Redis

from bot.store import work_queue
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


async def test_items_of_other_shards_do_not_hide_those_of_this_process(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_queue, "ITEMS_AT_ONCE", 3)

    async def even(conversations: Sequence[int]) -> Collection[int]:
        return [each for each in conversations if each % 2 == 0]

    queue = WorkQueue(redis, Keys("test"), even)
    for number in range(20):
        await queue.add(2 * number + 1, number)
    for number, conversation in enumerate((102, 104, 103, 106, 108)):
        await queue.add(conversation, 100 + number)
    assert [item.conversation for item in await queue.items()] == [102, 104, 106]
    for item in await queue.items():
        await queue.remove(item)
    assert [item.conversation for item in await queue.items()] == [108]
