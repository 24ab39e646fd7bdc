"""What is kept of threads, channels and servers that are gone, or quiet for too long."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.errors import Fenced, StoreUnavailable
from bot.conversation.memory import MemoryPlace
from bot.conversation.scope import Scope
from bot.store.known_conversations import KnownConversations
from bot.store.memories import Memories
from bot.store.recent_messages import RecentMessages
from bot.store.reminders import Reminders
from bot.store.removed_places import RemovedPlaces
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import message, snowflake
from tests.conversation.test_reminder import reminder
from tests.store.outage import Outage, without_expiry
from tests.store.stage import CHANNEL_FIELDS, KEYS, C, RevisedStore
from tests.store.test_memories import LOOM

SECRET = message("a secret", number=30)
SERVER, CHANNEL = int(CHANNEL_FIELDS["guild"]), int(CHANNEL_FIELDS["parent"])


@pytest.fixture
def places(redis: Redis) -> RemovedPlaces:
    return RemovedPlaces(redis, KEYS)


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def values(redis: Redis) -> dict[str, str]:
    """The values of all keys, as text."""
    found = {}
    async for key in redis.scan_iter(match="test:*"):
        kind = await redis.type(key)
        reader = {"hash": redis.hgetall, "list": lambda each: redis.lrange(each, 0, -1), "string": redis.get}
        found[key] = str(await reader[kind](key)) if kind in reader else ""
    return found


async def test_an_erased_conversation_leaves_no_words(
    redis: Redis, store: RevisedStore, places: RemovedPlaces
) -> None:
    await store.answer(SECRET, reply="about the secret")
    await store.hear(message("another secret", number=31))
    assert any("secret" in value for value in (await values(redis)).values())
    assert await places.erase_conversation(C)
    found = await values(redis)
    assert not any("secret" in value for value in found.values())
    assert not await redis.exists(KEYS.history(C), KEYS.meta(C), KEYS.pending(C), KEYS.files(C))
    assert await redis.zscore(KEYS.known, str(C)) is None
    assert await redis.zscore(KEYS.sweeps, str(C)) is not None  # its uploads are swept


async def test_a_running_turn_is_fenced_off(store: RevisedStore, places: RemovedPlaces) -> None:
    await store.hear(SECRET)
    claim = await store.claim()
    assert await places.erase_conversation(C)
    with pytest.raises(Fenced):
        await store.commit(claim, "about the secret")


async def test_a_message_of_an_erased_conversation_is_not_received_again(
    store: RevisedStore, places: RemovedPlaces
) -> None:
    await store.hear(SECRET)
    assert await places.erase_conversation(C)
    assert await store.conversations.receive(C, SECRET, source="listing", channel_fields={}) is False


async def test_a_conversation_is_quiet_if_nothing_waits_and_its_last_turn_is_older(
    redis: Redis, store: RevisedStore, places: RemovedPlaces
) -> None:
    await store.answer(SECRET)
    assert not await places.erase_conversation(C, older_than=SECRET.id)
    assert await redis.exists(KEYS.history(C))
    await store.hear(message("one more", number=32))
    assert not await places.erase_conversation(C, older_than=snowflake(100))
    await store.delete(C, message("one more", number=32).id)
    assert await places.erase_conversation(C, older_than=snowflake(100))
    assert not await redis.exists(KEYS.history(C))


async def test_the_settings_of_a_thread_a_channel_and_a_server_go_with_it(
    redis: Redis, store: RevisedStore, places: RemovedPlaces
) -> None:
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    await store.conversations.receive(C, SECRET, source="event", channel_fields=CHANNEL_FIELDS)
    for scope, target in ((Scope.THREAD, C), (Scope.CHANNEL, CHANNEL), (Scope.SERVER, SERVER)):
        await settings.change(Actor(SERVER, 7, target), scope, target, {"system": f"for {scope}"})
    await places.erase_conversation(C)
    assert await settings.choices(thread=C, channel=None, server=SERVER)
    assert not await redis.exists(KEYS.scope(SERVER, C), KEYS.versions(SERVER, C))
    assert await redis.exists(KEYS.scope(SERVER, CHANNEL), KEYS.scope(SERVER, SERVER)) == 2
    await places.erase_channel(SERVER, CHANNEL)
    assert not await redis.exists(KEYS.scope(SERVER, CHANNEL), KEYS.versions(SERVER, CHANNEL))
    await places.erase_server(SERVER)
    assert [key async for key in redis.scan_iter(match=f"test:{{{SERVER}}}:*")] == []


@pytest.mark.parametrize("older_than", [None, snowflake(100)])
async def test_an_erasure_that_is_interrupted_at_any_command_is_completed_by_a_later_look(
    redis: Redis, store: RevisedStore, places: RemovedPlaces, older_than: int | None
) -> None:
    known = KnownConversations(redis, KEYS, ttl_s=1000)
    settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=1000)
    memories, recent = Memories(redis, KEYS, ttl_s=1000), RecentMessages(redis, KEYS)
    reminders = Reminders(redis, KEYS)
    interrupted, is_complete = 0, False
    while not is_complete:
        message_ = replace(SECRET, id=SECRET.id + interrupted)  # an erased one is not received again
        await store.conversations.receive(C, message_, source="event", channel_fields=CHANNEL_FIELDS)
        await store.journal.cancel(await store.claim())
        await recent.note(C, C, message_, is_proxied=False)
        await recent.note(CHANNEL, C, replace(message_, id=C), is_proxied=False)
        await settings.change(Actor(SERVER, 7, C), Scope.THREAD, C, {"system": "a secret"})
        await memories.remember(MemoryPlace(SERVER, C), replace(LOOM, text="a secret"))
        await reminders.add(replace(reminder(), conversation=C, text="a secret"), 5)
        with Outage(redis, interrupted), contextlib.suppress(StoreUnavailable):
            await places.erase_conversation(C, older_than=older_than)
            is_complete = True
        looked_at = [each async for page in known.pages() for each in page]
        for each in looked_at:
            assert (each.server, each.parent) == (SERVER, CHANNEL)
            assert await places.erase_conversation(C, older_than=older_than)
        found = {key: value for key, value in (await values(redis)).items() if key != KEYS.audit(SERVER)}
        assert not [key for key, value in found.items() if "secret" in value], interrupted
        assert not await redis.exists(KEYS.scope(SERVER, C), KEYS.versions(SERVER, C)), interrupted
        assert not await without_expiry(redis, KEYS.meta(C))
        assert not looked_at or not await redis.exists(KEYS.meta(C))
        interrupted += 1
    assert not await redis.exists(KEYS.meta(C))
    assert interrupted > 8


async def test_what_is_said_again_while_a_quiet_conversation_is_erased_keeps_its_place(
    redis: Redis, store: RevisedStore, places: RemovedPlaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    again, zrem = message("and again", number=90), redis.zrem

    async def and_somebody_writes(name: str, *members: str) -> Any:
        removed = await zrem(name, *members)
        await store.conversations.receive(C, again, source="event", channel_fields={})
        return removed

    await store.conversations.receive(C, SECRET, source="event", channel_fields=CHANNEL_FIELDS)
    await store.journal.cancel(await store.claim())
    monkeypatch.setattr(redis, "zrem", and_somebody_writes)
    assert await places.erase_conversation(C, older_than=snowflake(80))
    claim = await store.claim()
    assert claim.batch.messages == (again,)
    assert await redis.hmget(KEYS.meta(C), ["guild", "parent"]) == [str(SERVER), str(CHANNEL)]
