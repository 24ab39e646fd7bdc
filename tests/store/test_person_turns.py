"""The turns of one person that run at the same time."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.store.key_lifetimes import PLACE_S
from bot.store.keys import Keys
from bot.store.person_turns import PersonTurns

KEYS = Keys("test")
ANN, BEN = 70, 71


async def test_no_more_turns_of_a_person_run_than_may(redis: Redis) -> None:
    one, other = PersonTurns(redis, KEYS, 2), PersonTurns(redis, KEYS, 2)
    found = await asyncio.gather(
        *((one, other)[number % 2].take(ANN, 100 + number, 200 + number) for number in range(10))
    )
    assert [taken for taken, _ in found].count(True) == 2
    assert [is_first for _, is_first in found].count(True) == 1
    assert await one.take(BEN, 300, 400) == (True, False)
    assert 0 < await redis.ttl(KEYS.places(ANN)) <= PLACE_S


async def test_those_who_wait_are_let_in_by_the_order_of_their_messages(redis: Redis) -> None:
    turns = PersonTurns(redis, KEYS, 1)
    assert await turns.take(ANN, 1, 10) == (True, False)
    assert await turns.take(ANN, 3, 30) == (False, True)
    assert await turns.take(ANN, 2, 20) == (False, False)
    await turns.leave(ANN, 1)
    assert await turns.take(ANN, 3, 30) == (False, False), "an older message waits"
    assert await turns.take(ANN, 4, 40) == (False, False)
    assert await turns.take(ANN, 2, 20) == (True, False)
    await turns.leave(ANN, 2)
    assert await turns.take(ANN, 4, 40) == (False, False)
    assert await turns.take(ANN, 3, 30) == (True, False)


async def test_a_turn_that_has_a_place_keeps_it_when_it_is_attempted_again(redis: Redis) -> None:
    turns = PersonTurns(redis, KEYS, 1)
    for _ in range(3):
        assert await turns.take(ANN, 1, 10) == (True, False)
    assert await turns.take(ANN, 2, 20) == (False, True)
    assert await turns.take(ANN, 1, 10) == (True, False)
    assert await turns.take(ANN, 3, 5) == (False, False)
    assert await turns.take(ANN, 1, 10) == (True, False)


async def test_a_place_and_a_wait_that_nobody_takes_back_end(redis: Redis) -> None:
    turns = PersonTurns(redis, KEYS, 1)
    await redis.hset(KEYS.places(ANN), mapping={"1": "run 10 1000", "2": "wait 05 1000", "3": "what 1"})
    assert await turns.take(ANN, 4, 40) == (True, False)
    assert set(await redis.hgetall(KEYS.places(ANN))) == {"4"}


async def test_without_a_limit_the_store_is_not_asked(redis: Redis) -> None:
    turns = PersonTurns(redis, KEYS, 0)
    assert await turns.take(ANN, 1, 10) == (True, False)
    await turns.leave(ANN, 1)
    assert await redis.keys("*") == []
