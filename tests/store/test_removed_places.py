"""What is kept of threads, channels and servers that are gone, or quiet for too long."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import Actor
from bot.conversation.errors import Fenced
from bot.conversation.scope import Scope
from bot.store.removed_places import RemovedPlaces
from bot.store.scope_settings import ScopeSettings
from tests.conversation.builders import message, snowflake
from tests.store.stage import CHANNEL_FIELDS, KEYS, C, RevisedStore

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
