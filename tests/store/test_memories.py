"""Facts by place, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.found import Found
from bot.conversation.identity import Identity
from bot.conversation.memory import MOST_FACTS, MOST_OF_PERSON, Fact, MemoryPlace
from bot.store.examination import Examination
from bot.store.key_reader import KeyReader
from bot.store.memories import Kept, Memories
from bot.store.person_search import PersonSearch
from bot.store.removed_places import RemovedPlaces
from bot.store.scripts import Scripts
from tests.conversation.builders import ANN, BEN, snowflake
from tests.store.stage import KEYS, C

SERVER, CHANNEL = 1, 10
PUBLIC, PRIVATE = MemoryPlace(SERVER, None), MemoryPlace(SERVER, CHANNEL)
LOOM = Fact("a1", "The loom is in the attic.", ANN, 5000, snowflake(5), 100, CHANNEL)


@pytest.fixture
def memories(redis: Redis) -> Memories:
    return Memories(redis, KEYS, ttl_s=1000)


async def test_places_keep_their_facts_apart(redis: Redis, memories: Memories) -> None:
    blue = replace(LOOM, id="b2", text="blue", at_ms=4000)
    assert await memories.remember(PUBLIC, LOOM) is Kept.KEPT
    assert await memories.remember(PUBLIC, LOOM) is Kept.KEPT
    assert await memories.remember(PRIVATE, blue) is Kept.KEPT
    assert await memories.of((PUBLIC,)) == (LOOM,)
    assert await memories.of((PRIVATE, PUBLIC)) == (blue, LOOM)
    assert 0 < await redis.ttl(KEYS.memory(SERVER, None)) <= 1000
    assert await memories.forget((PRIVATE, PUBLIC), LOOM)
    assert not await memories.forget((PRIVATE, PUBLIC), LOOM)
    assert await memories.of((PRIVATE, PUBLIC)) == (blue,)


async def test_a_place_holds_no_more_facts_than_may_and_of_a_person_no_more_than_a_share(
    memories: Memories,
) -> None:
    for number in range(MOST_OF_PERSON):
        assert await memories.remember(PUBLIC, replace(LOOM, id=f"{number:x}")) is Kept.KEPT
    assert await memories.remember(PUBLIC, replace(LOOM, id="ff")) is Kept.PERSON_FULL
    assert await memories.remember(PUBLIC, replace(LOOM, id="0")) is Kept.KEPT
    for number in range(MOST_FACTS - MOST_OF_PERSON):
        person = replace(ANN, id=100 + number)
        assert await memories.remember(PUBLIC, replace(LOOM, author=person)) is Kept.KEPT
    assert await memories.remember(PUBLIC, replace(LOOM, author=BEN)) is Kept.PLACE_FULL
    assert len(await memories.of((PUBLIC,))) == MOST_FACTS
    assert await memories.remember(PRIVATE, replace(LOOM, author=BEN)) is Kept.KEPT


async def test_a_fact_of_another_version_counts_as_none(redis: Redis, memories: Memories) -> None:
    await redis.hset(KEYS.memory(SERVER, None), "1:a1", "{}")
    assert await memories.of((PUBLIC,)) == ()


async def test_a_place_is_quiet_since_its_facts_were_last_used(redis: Redis, memories: Memories) -> None:
    await memories.remember(PUBLIC, LOOM)
    assert await memories.quiet(before_ms=5001) == [(PUBLIC, 5000)]
    await memories.touch((PUBLIC, PRIVATE), 9000)
    assert await memories.quiet(before_ms=9000) == []
    assert await memories.quiet(before_ms=9001) == [(PUBLIC, 9000)]
    await memories.erase(PUBLIC)
    assert await memories.quiet(before_ms=9001) == []
    assert await redis.keys(f"{KEYS.prefix}:*memor*") == []


async def test_the_facts_of_a_person_are_part_of_their_data_and_are_forgotten_with_them(
    redis: Redis, memories: Memories
) -> None:
    later = replace(LOOM, id="c3", source=snowflake(99))
    others = replace(LOOM, id="b2", text="as @Ann says, blue", author=BEN)
    for fact in (LOOM, later, others):
        await memories.remember(PUBLIC, fact)
    who, names = await PersonSearch(KeyReader(redis, KEYS)).search(Identity(ANN.id, snowflake(50)))
    assert who.usernames == {"ann"}
    examined = await Examination(redis, KEYS).examine(SERVER, names, who)
    assert [(each.home, each.within, each.id) for each in examined.kept_facts] == [(SERVER, 0, "a1")]
    assert examined.found == Found(facts=1, mentions=1)
    for call in examined.calls:
        assert await Scripts(redis).run(call)
    left = await memories.of((PUBLIC,))
    assert {(fact.id, fact.text) for fact in left} == {
        ("c3", LOOM.text),
        ("b2", "as @somebody says, blue"),
    }
    assert not (await Examination(redis, KEYS).examine(SERVER, names, who)).found


async def test_what_was_learnt_in_a_channel_goes_with_the_channel_and_a_private_threads_with_the_thread(
    redis: Redis, memories: Memories
) -> None:
    elsewhere = replace(LOOM, id="b2", channel=11)
    for place, fact in ((PUBLIC, LOOM), (PUBLIC, elsewhere), (PRIVATE, LOOM)):
        await memories.remember(place, fact)
    thread = MemoryPlace(SERVER, C)
    await memories.remember(thread, LOOM)
    await redis.hset(KEYS.meta(C), mapping={"guild": SERVER, "parent": CHANNEL})
    await redis.zadd(KEYS.known, {str(C): 1})
    places = RemovedPlaces(redis, KEYS)
    await places.erase_channel(SERVER, CHANNEL)
    assert await memories.of((PUBLIC, PRIVATE)) == (elsewhere,)
    assert await memories.of((thread,)) == (LOOM,)
    assert await places.erase_conversation(C)
    assert await memories.of((thread,)) == ()
    await places.erase_server(SERVER)
    assert await memories.of((PUBLIC,)) == ()
