"""What people may look at and change of what Claude remembers, on a real Redis server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.compose import Past
from bot.conversation.request import Usage
from bot.conversation.turn import Front
from bot.store.codec import dump_turn, load_turn
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.recall import Recall
from tests.conversation.builders import snowflake, turn

C = snowflake(5)
KEYS = Keys("test")


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def recall(redis: Redis) -> Recall:
    return Recall(redis, KEYS, ttl_s=1000)


FRONT = Front("They talked of looms.", (turn(1), replace(turn(2), members=(3, 4))))
TRIMMED = replace(turn(9), front=FRONT, asides=(Usage(input=5, output=2),), amended=7)


def test_a_turn_comes_back_as_it_was_stored_with_its_front() -> None:
    assert load_turn(dump_turn(TRIMMED)) == TRIMMED


def test_a_turn_of_an_earlier_version_can_still_be_read() -> None:
    old = (
        '{"id":1,"user":"q","reply":"a","outcome":"answered","model":"m","user_tokens":1,"reply_tokens":1,'
        '"usage":{},"cut":0,"prefix_key":"k"}'
    )
    assert load_turn(old).front is None


async def test_the_window_is_read_from_the_cut_on(redis: Redis, recall: Recall) -> None:
    assert await recall.past(C) == Past()
    await redis.rpush(KEYS.history(C), dump_turn(turn(8)), dump_turn(TRIMMED))
    await redis.hset(KEYS.meta(C), "cut", "1")
    assert await recall.past(C) == Past((TRIMMED,), cut=1)


async def test_pins_and_corrections_are_kept_as_long_as_the_conversation(
    redis: Redis, recall: Recall
) -> None:
    await redis.rpush(KEYS.history(C), dump_turn(TRIMMED))
    await recall.pin(C, [7, 5, 7])
    await recall.correct(C, TRIMMED.id, " They talked\nof cloth. ")
    past = await recall.past(C)
    assert past.pins == {5, 7}
    assert past.front == replace(FRONT, summary="They talked\nof cloth.")
    assert 0 < await redis.ttl(KEYS.meta(C)) <= 1000
    await recall.pin(C, [])
    await recall.correct(C, TRIMMED.id, "")
    past = await recall.past(C)
    assert past.pins == frozenset()
    assert past.front == replace(FRONT, summary="")


async def test_a_reset_forgets_the_correction_too(redis: Redis, recall: Recall) -> None:
    await recall.correct(C, 7, "secret")
    await Conversations(redis, KEYS, ttl_s=1000).reset(C, before=snowflake(9))
    assert "secret" not in str(await redis.hgetall(KEYS.meta(C)))
