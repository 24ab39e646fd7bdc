"""The words of facts that hold no more go from the history, and from summaries where the place has changed."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.memory import FORGOTTEN, news
from bot.conversation.turn import Preface
from bot.store.codec import dump_turn
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.told_facts import ToldFacts
from tests.conversation.builders import ANN, turn
from tests.conversation.test_memory import LOOM, NOW, told
from tests.store.stage import KEYS, C

SUMMARY = "The loom is in the attic."


async def conversation(redis: Redis) -> PinsAndSummaries:
    """A history whose first turn was told a fact, whose third has summed that up, and whose fourth was told it."""
    quotes = news([LOOM], NOW, {ANN.id}, ()).quotes
    entries = [told(51, *quotes), turn(52), turn(53), told(54, *quotes)]
    entries[2] = replace(entries[2], window_start=2, preface=Preface(SUMMARY))
    entries[3] = replace(entries[3], window_start=2)
    await redis.rpush(KEYS.history(C), *map(dump_turn, entries))
    await redis.hset(KEYS.meta(C), "cut", "2")
    return PinsAndSummaries(redis, KEYS, ttl_s=100)


async def test_what_somebody_has_forgotten_goes_from_all_entries_and_no_summary_is_lost(redis: Redis) -> None:
    recall = await conversation(redis)
    facts = ToldFacts(redis, KEYS)
    assert not await facts.take_back(C, {LOOM.id}, with_summaries=False)
    stored = "".join(map(str, await redis.lrange(KEYS.history(C), 0, -1)))
    assert (stored.count("attic"), stored.count(FORGOTTEN)) == (1, 2)
    assert (await recall.past(C)).preface.summary == SUMMARY


async def test_where_a_place_has_become_public_the_summary_that_may_tell_the_fact_goes_as_well(
    redis: Redis,
) -> None:
    await conversation(redis)
    facts = ToldFacts(redis, KEYS)
    assert await facts.take_back(C, {LOOM.id}, with_summaries=True)
    assert "attic" not in str(await redis.lrange(KEYS.history(C), 0, -1))
    assert not await facts.take_back(C, {LOOM.id}, with_summaries=True)


async def test_an_entry_of_another_version_does_not_keep_the_words_in_the_others(redis: Redis) -> None:
    await conversation(redis)
    await redis.lpush(KEYS.history(C), '{"version": 99, "of": "a1"}')
    await ToldFacts(redis, KEYS).take_back(C, {LOOM.id}, with_summaries=False)
    stored = "".join(map(str, await redis.lrange(KEYS.history(C), 0, -1)))
    assert stored.count(FORGOTTEN) == 2
