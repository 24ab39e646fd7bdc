"""What of each limit is used up: reserved before a request, settled after it, whatever happens in between."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

from redis.asyncio import Redis

from bot.conversation.amount import Unit
from bot.conversation.budget import Use
from bot.store.budgets import Budgets, Full, Reserved
from bot.store.key_lifetimes import RESERVATION_RECORD_S, RESERVATION_S
from tests.store.budget_stage import (
    KEYS,
    NOTHING,
    ONE,
    budgets,
    claim,
    expire_reservations,
    limit,
    reserve,
    reserved,
    settle_tokens,
)

__all__ = ["budgets"]


async def test_a_settlement_replaces_the_reservation(budgets: Budgets) -> None:
    tokens, money = limit(1000), limit(5000, Unit.MONEY)
    made = await reserved(budgets, tokens, money)
    assert made.uses == (Use(0, 100), Use(0, 1000))
    used = await budgets.settle(made, {**NOTHING, Unit.TOKENS: 30, Unit.MONEY: 7})
    assert used == (Use(30, 0), Use(7, 0)) == await budgets.uses((tokens, money))


async def test_a_repeated_call_counts_once(budgets: Budgets) -> None:
    tokens = limit(1000)
    await reserved(budgets, tokens)
    made = await reserved(budgets, tokens)
    assert made.uses == (Use(0, 100),)
    for _ in range(2):
        assert await budgets.settle(made, {**NOTHING, Unit.TOKENS: 30}) == (Use(30, 0),)
    assert (await reserved(budgets, tokens)).uses == (Use(30, 0),)


async def test_a_request_that_used_nothing_is_given_back(budgets: Budgets) -> None:
    made = await reserved(budgets, limit(1000))
    assert await budgets.settle(made, NOTHING) == (Use(0, 0),)


async def test_a_full_limit_reserves_nothing_anywhere_and_names_the_one_that_renews_last(
    budgets: Budgets,
) -> None:
    soon, late = limit(100, counter="a", renews_in_s=60), limit(100, counter="b", renews_in_s=600)
    room = limit(1000, counter="c")
    await reserved(budgets, soon, late)
    found = await reserve(budgets, soon, room, late, turn=2)
    assert isinstance(found, Full)
    assert (found.limit, found.uses) == (late, (Use(0, 100), Use(0, 0), Use(0, 100)))
    assert await budgets.uses((room,)) == (Use(0, 0),)


async def test_a_person_is_told_once_of_a_full_limit_and_a_repeated_attempt_at_that_turn_tells_it_again(
    budgets: Budgets,
) -> None:
    full = limit(100)
    await reserved(budgets, full)
    told = []
    for turn, token in ((2, 5), (3, 5), (2, 6)):
        found = await reserve(budgets, full, turn=turn, token=token)
        assert isinstance(found, Full)
        told.append(found.tell)
    assert told == [True, False, True]


async def test_a_hundred_reservations_of_two_instances_exceed_a_limit_by_one_at_most(
    redis_url: str, redis: Redis
) -> None:
    other: Redis = Redis.from_url(redis_url, decode_responses=True)
    instances = [Budgets(redis, KEYS, instance="me"), Budgets(other, KEYS, instance="other")]
    tokens, money = limit(1050), limit(10**9, Unit.MONEY)
    found = await asyncio.gather(
        *(reserve(instances[turn % 2], tokens, money, turn=turn) for turn in range(1, 101))
    )
    await other.aclose()
    assert sum(isinstance(each, Reserved) for each in found) == 11
    assert await instances[0].uses((tokens, money)) == (Use(0, 1100), Use(0, 11_000))


async def test_a_reservation_whose_worker_is_gone_is_given_back_by_the_next_call(
    redis: Redis, budgets: Budgets
) -> None:
    tokens = limit(100)
    late = await reserved(budgets, tokens)
    (entry,) = await redis.zrange(KEYS.reservations, 0, -1, withscores=True)
    assert 0 < float(entry[1]) / 1000 - time.time() <= RESERVATION_S + 1
    assert isinstance(await reserve(budgets, tokens, turn=2), Full)
    await expire_reservations(redis)
    assert isinstance(await reserve(budgets, tokens, turn=2), Reserved)
    # It was not gone, only slow: what it has used counts all the same, once.
    for _ in range(2):
        assert await budgets.settle(late, {**NOTHING, Unit.TOKENS: 30}) == (Use(30, 100),)


async def test_the_next_attempt_at_a_turn_gives_back_what_the_one_before_reserved(
    budgets: Budgets,
) -> None:
    messages = limit(1, Unit.MESSAGES)
    await reserved(budgets, messages, token=5)
    assert isinstance(await reserve(budgets, messages, token=6), Reserved)
    assert isinstance(
        await reserve(budgets, messages, token=5, number=2), Full
    )  # fenced, and does not know it
    assert await budgets.uses((messages,)) == (Use(0, 1),)


async def test_what_the_version_before_has_counted_goes_on_counting(redis: Redis, budgets: Budgets) -> None:
    tokens = limit(1000)
    await redis.hset(KEYS.budget(tokens.counter), "settled", "70")
    await settle_tokens(budgets, tokens, 1)
    assert (await reserved(budgets, tokens, turn=2)).uses == (Use(170, 100),)


async def test_an_open_reservation_is_known_for_as_long_as_a_counter_holds_it(
    redis: Redis, budgets: Budgets
) -> None:
    month = limit(1000, renews_in_s=30 * 86_400)
    made = await reserved(budgets, month)
    await reserved(budgets, limit(1000, counter="other"), turn=2)
    counter, record = await redis.ttl(KEYS.budget(month.counter)), await redis.ttl(made.call.record)
    assert record >= counter > 30 * 86_400
    assert await redis.ttl(KEYS.reservations) >= counter
    await budgets.settle(made, NOTHING)
    assert 0 < await redis.ttl(made.call.record) <= RESERVATION_RECORD_S


async def test_each_key_expires(redis: Redis, budgets: Budgets) -> None:
    made = await reserved(budgets, limit(1000))
    await reserve(budgets, limit(1, counter="full"), turn=2)
    await reserve(budgets, limit(1, counter="full"), turn=3)
    await budgets.settle(made, ONE)
    keys = [key async for key in redis.scan_iter()]
    assert len(keys) == 7
    assert all([await redis.ttl(key) > 0 for key in keys])


async def test_a_share_is_noted_once_and_never_lowered(budgets: Budgets) -> None:
    tokens = limit(1000)
    await budgets.tell_share(tokens, 80)  # a counter that has expired meanwhile
    assert await budgets.uses((tokens,)) == (Use(0, 0),)
    await reserved(budgets, tokens)
    for share in (80, 100, 80):
        await budgets.tell_share(tokens, share)
    assert await budgets.uses((tokens,)) == (Use(0, 100, 100),)


async def test_a_person_who_was_told_is_not_told_again_by_the_same_turn(
    redis: Redis, budgets: Budgets
) -> None:
    full, person = limit(100), claim(2).payer.person
    await budgets.tell_person(full, person)  # a counter that has expired meanwhile
    assert not [key async for key in redis.scan_iter()]
    await reserved(budgets, full)
    told = []
    for token in (5, 6, 7):
        found = await reserve(budgets, full, turn=2, token=token)
        assert isinstance(found, Full)
        told.append(found.tell)
        if token == 6:
            await budgets.tell_person(full, person)
    assert told == [True, True, False]


async def test_an_answer_counts_once_however_often_its_attempt_is_killed(budgets: Budgets) -> None:
    messages, tokens = limit(1, Unit.MESSAGES), limit(1000)
    first = await reserved(budgets, messages, tokens, token=5)
    await budgets.settle(first, ONE)
    again = await reserved(budgets, messages, tokens, token=6)
    assert (again.counted, again.uses) == (True, (Use(1, 0), Use(100, 100)))
    assert await budgets.settle(again, {**ONE, Unit.MESSAGES: 0}) == (Use(1, 0), Use(200, 0))
    assert (await reserved(budgets, messages, tokens, token=7)).counted
    assert isinstance(await reserve(budgets, messages, tokens, turn=2), Full)
    regenerated = replace(claim(1, 8), attempt=replace(claim(1, 8).attempt, regeneration=1))
    assert isinstance(await budgets.reserve(regenerated, 1, (messages, tokens), ONE), Full)


async def test_a_settlement_without_a_message_does_not_spare_the_next_attempt(budgets: Budgets) -> None:
    messages = limit(1, Unit.MESSAGES)
    await budgets.settle(await reserved(budgets, messages, token=5), NOTHING)
    again = await reserved(budgets, messages, token=6)
    assert (again.counted, again.uses) == (False, (Use(0, 1),))


async def test_reservations_are_reported_and_those_that_are_not_settled_are_counted(redis: Redis) -> None:
    outcomes: list[str] = []
    budgets = Budgets(redis, KEYS, instance="me", report=outcomes.append)
    tokens = limit(100)
    first = await reserved(budgets, tokens)
    assert isinstance(await reserve(budgets, tokens, turn=2), Full)
    assert (outcomes, budgets.unsettled) == (["reserved", "refused"], 1)
    await budgets.settle(first, NOTHING)
    assert budgets.unsettled == 0
