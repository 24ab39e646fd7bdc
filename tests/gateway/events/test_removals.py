"""What goes with a thread that is gone, and what a thread that is not open yet keeps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.clock import Clock
from bot.conversation.scope import Scope
from bot.gateway.events.removals import Removals
from bot.store.keys import Keys
from bot.store.known_conversations import KnownConversations
from bot.store.removed_places import RemovedPlaces
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import message
from tests.store.outage import Outage
from tests.store.stage import CHANNEL_FIELDS, TTL_S, C, Store, claimed, receive

KEYS = Keys("test")
SERVER, CHANNEL = int(CHANNEL_FIELDS["guild"]), int(CHANNEL_FIELDS["parent"])


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


@pytest.mark.parametrize("gone", ["channel", "server"])
async def test_a_removal_that_is_interrupted_at_any_command_is_completed_by_a_later_look(
    store: Store, redis: Redis, removals: Removals, gone: str
) -> None:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    known = KnownConversations(redis, KEYS, ttl_s=TTL_S)
    interrupted, is_complete = 0, False

    async def remove() -> None:
        await (removals.channel(SERVER, CHANNEL) if gone == "channel" else removals.server(SERVER))

    while not is_complete:
        await receive(store, message("hello", number=20 + interrupted))
        await settings.change(Actor(SERVER, 7, CHANNEL), Scope.CHANNEL, CHANNEL, {"system": "a secret"})
        with Outage(redis, interrupted) as outage:
            await remove()
            is_complete = not outage.has_begun
        if any([each.server == SERVER async for page in known.pages() for each in page]):
            await remove()
        assert not await redis.exists(KEYS.scope(SERVER, CHANNEL), KEYS.versions(SERVER, CHANNEL)), (
            interrupted
        )
        interrupted += 1
    assert interrupted > 12
