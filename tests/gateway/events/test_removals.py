"""What goes with a thread that is gone, and what a thread that is not open yet keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.clock import Clock
from bot.gateway.events.removals import Removals
from bot.store.keys import Keys
from bot.store.known_conversations import KnownConversations
from bot.store.removed_places import RemovedPlaces
from tests.conversation.builders import message
from tests.store.stage import TTL_S, C, Store, claimed, receive

KEYS = Keys("test")


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
def removals(redis: Redis) -> Removals:
    async def halt(_conversation: int) -> None:
        """Nothing runs."""

    dispatcher = cast("Any", SimpleNamespace(halt=halt))
    return Removals(
        RemovedPlaces(redis, KEYS), KnownConversations(redis, KEYS, ttl_s=TTL_S), dispatcher, Clock()
    )


async def test_a_message_that_waits_for_its_thread_stays(
    store: Store, redis: Redis, removals: Removals
) -> None:
    await receive(store, message("hello"))
    await removals.missing_thread(C)
    assert (await claimed(store)).batch.messages == (message("hello"),)


async def test_a_conversation_whose_thread_is_gone_is_erased_when_nothing_waits(
    store: Store, redis: Redis, removals: Removals
) -> None:
    await receive(store, message("hello"))
    await store.journal.cancel(await claimed(store))
    await removals.missing_thread(C)
    assert await redis.exists(KEYS.meta(C)) == 0


async def test_a_thread_that_is_deleted_takes_what_waits_along(
    store: Store, redis: Redis, removals: Removals
) -> None:
    await receive(store, message("hello"))
    await removals.thread(C)
    assert await redis.exists(KEYS.meta(C), KEYS.pending(C)) == 0
