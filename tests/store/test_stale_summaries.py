"""Summaries that may hold what was deleted are dropped, and written anew by the next turn."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.turn import Preface, Turn
from bot.store.codec import dump_correction, dump_turn, load_turn
from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.revisions import Change
from bot.store.stale_summaries import StaleSummaries
from tests.conversation.builders import message, snowflake, turn
from tests.store.stage import KEYS, C, RevisedStore

TRIM = 3


@pytest.fixture
def stale(redis: Redis) -> StaleSummaries:
    return StaleSummaries(redis, KEYS)


async def trimmed(redis: Redis, *, corrected: str | None = None) -> list[Turn]:
    """A history of five turns, of which the fourth has made a trim with a summary of the first two."""
    entries = [replace(turn(10 + number), window_start=0) for number in range(5)]
    entries[TRIM] = replace(entries[TRIM], window_start=2, preface=Preface("about the secret"))
    entries[4] = replace(entries[4], window_start=2)
    await redis.rpush(KEYS.history(C), *map(dump_turn, entries))
    fields = {"cut": 2} | ({"corrected": dump_correction((entries[TRIM].id, corrected))} if corrected else {})
    await redis.hset(KEYS.meta(C), mapping=fields)  # type: ignore[arg-type]
    return entries


async def history(redis: Redis) -> list[Turn]:
    return [load_turn(str(text)) for text in await redis.lrange(KEYS.history(C), 0, -1)]


async def test_a_summary_that_may_hold_an_entry_goes_and_the_window_begins_before_the_trim(
    redis: Redis, stale: StaleSummaries
) -> None:
    await trimmed(redis)
    assert await stale.drop(C, 1) == 1
    assert (await history(redis))[TRIM].preface is None
    assert await redis.hget(KEYS.meta(C), "cut") == "0"
    past = await PinsAndSummaries(redis, KEYS, ttl_s=100).past(C)
    assert (len(past.history), past.preface) == (5, Preface())


async def test_a_summary_of_other_entries_stays(redis: Redis, stale: StaleSummaries) -> None:
    entries = await trimmed(redis)
    assert await stale.drop(C, 2) == 0
    assert await history(redis) == entries
    assert await redis.hget(KEYS.meta(C), "cut") == "2"


async def test_what_somebody_wrote_in_place_of_a_summary_goes_as_well(
    redis: Redis, stale: StaleSummaries
) -> None:
    await trimmed(redis, corrected="the secret in my words")
    assert await stale.drop(C, 0) == 1
    assert "secret" not in str(await redis.hgetall(KEYS.meta(C)))


async def test_while_a_turn_waits_the_window_stays_and_the_summary_goes(
    redis: Redis, stale: StaleSummaries
) -> None:
    entries = await trimmed(redis)
    await redis.zadd(KEYS.pending(C), {"1": 1})
    assert await stale.drop(C, 0) == 1
    assert await redis.hget(KEYS.meta(C), "cut") == "2"
    assert (await history(redis))[TRIM].preface == Preface()
    # A trim under way reads this as a correction, and makes way for it.
    assert await redis.hget(KEYS.meta(C), "corrected") == dump_correction((entries[TRIM].id, ""))


async def test_a_second_drop_finds_nothing(redis: Redis, stale: StaleSummaries) -> None:
    await trimmed(redis)
    assert await stale.drop(C, 1) == 1
    assert await stale.drop(C, 1) == 0


async def test_earlier_summaries_lose_their_text(redis: Redis, stale: StaleSummaries) -> None:
    entries = await trimmed(redis)
    later = replace(turn(20), window_start=4, preface=Preface("more about the secret"))
    await redis.rpush(KEYS.history(C), dump_turn(later))
    await redis.hset(KEYS.meta(C), "cut", 4)
    assert await stale.drop(C, 1) == 2
    left = await history(redis)
    assert (left[TRIM].preface, left[5].preface) == (Preface(), None)
    assert await redis.hget(KEYS.meta(C), "cut") == "2"
    assert left[0] == entries[0]


async def test_a_deleted_message_takes_the_summary_that_may_hold_it_along(redis: Redis) -> None:
    store = RevisedStore(redis)
    await store.answer(message("a secret", number=30))
    trim = replace(turn(40), id=snowflake(40), window_start=1, preface=Preface("about the secret"))
    await redis.rpush(KEYS.history(C), dump_turn(trim))
    await redis.hset(KEYS.meta(C), "cut", 1)
    assert await store.delete(C, message("a secret", number=30).id) is Change.OLD
    assert "secret" not in str(await redis.lrange(KEYS.history(C), 0, -1))
