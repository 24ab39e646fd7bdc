"""Conversations that are quiet for longer than their server keeps them, on a real Redis server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.memory import Fact, MemoryPlace
from bot.conversation.message import created_ms
from bot.conversation.privacy import DAY_MS, RETENTION_DAYS, retention_days
from bot.conversation.scope import Scope, Setting
from bot.store.known_conversations import Known, KnownConversations
from bot.store.memories import Memories
from bot.store.removed_places import RemovedPlaces
from bot.store.scope_settings import ScopeSettings
from bot.turns.retention import Retention
from tests.conversation.builders import message
from tests.store.stage import KEYS, TTL_S, C, RevisedStore

SERVER = 1
WRITTEN = message("hello", number=30)


def sweeping(redis: Redis, *, after_days: float) -> Retention:
    """A sweep so many days after the message."""
    now_ms = created_ms(WRITTEN.id) + round(after_days * DAY_MS)
    clock = cast("Any", SimpleNamespace(now_ms=lambda: now_ms))
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    memories = Memories(redis, KEYS, ttl_s=1000)
    known = KnownConversations(redis, KEYS, ttl_s=TTL_S)
    return Retention(RemovedPlaces(redis, KEYS), known, memories, settings, clock, ceiling=90)


async def keep_for(redis: Redis, days: int) -> None:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    await settings.change(Actor(SERVER, 7, days), Scope.SERVER, SERVER, {RETENTION_DAYS: str(days)})


async def test_a_conversation_goes_once_it_is_quiet_for_longer(redis: Redis) -> None:
    store = RevisedStore(redis)
    await store.answer(WRITTEN)
    await keep_for(redis, 3)
    assert await sweeping(redis, after_days=2.9).sweep() == 0
    assert await redis.exists(KEYS.history(C))
    assert await sweeping(redis, after_days=3.1).sweep() == 1
    assert not await redis.exists(KEYS.history(C), KEYS.meta(C))
    assert await sweeping(redis, after_days=3.1).sweep() == 0


async def test_of_two_processes_that_sweep_at_once_one_counts_the_conversation(redis: Redis) -> None:
    store = RevisedStore(redis)
    await store.answer(WRITTEN)
    await keep_for(redis, 3)
    first, second = sweeping(redis, after_days=3.1), sweeping(redis, after_days=3.1)
    counted = 0
    async for page in KnownConversations(redis, KEYS, ttl_s=TTL_S).pages():
        counted += await first.sweep()  # while the other one works on a page with the conversation
        second._known = cast("Any", Read(page))
        counted += await second.sweep()
    assert counted == 1


class Read:
    """The index of conversations as it was read before."""

    def __init__(self, page: list[Known]) -> None:
        self._page = page

    async def pages(self, **_: int) -> AsyncIterator[list[Known]]:
        """Yield what was read."""
        yield self._page


async def test_a_conversation_with_a_message_that_waits_stays(redis: Redis) -> None:
    await RevisedStore(redis).hear(WRITTEN)
    await keep_for(redis, 3)
    assert await sweeping(redis, after_days=50).sweep() == 0
    assert await redis.exists(KEYS.meta(C))


async def test_without_a_setting_nothing_goes(redis: Redis) -> None:
    await RevisedStore(redis).answer(WRITTEN)
    assert await sweeping(redis, after_days=89).sweep() == 0


@pytest.mark.parametrize(("value", "days"), [(None, 90), ("3", 3), ("0", 1), ("500", 90), ("soon", 90)])
def test_the_operators_number_is_default_and_ceiling(value: str | None, days: int) -> None:
    settings = {} if value is None else {RETENTION_DAYS: Setting(value)}
    assert retention_days(settings, 90) == days


async def test_the_facts_of_a_place_go_once_it_is_quiet_for_longer_than_its_server_keeps_it(
    redis: Redis,
) -> None:
    memories = Memories(redis, KEYS, ttl_s=1000)
    place, written_ms = MemoryPlace(SERVER, None), created_ms(WRITTEN.id)
    await memories.remember(place, Fact("a1", "blue", WRITTEN.author, written_ms, WRITTEN.id, C, 10))
    await keep_for(redis, 3)
    await sweeping(redis, after_days=2.9).sweep()
    assert await memories.of((place,))
    await memories.touch((place,), written_ms + DAY_MS)
    await sweeping(redis, after_days=3.9).sweep()
    assert await memories.of((place,))
    await sweeping(redis, after_days=4.1).sweep()
    assert await memories.of((place,)) == ()
