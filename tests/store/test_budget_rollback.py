"""What is counted survives a store that goes back."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.amount import Unit
from bot.conversation.budget import Use
from bot.store.budgets import Budgets, Full, Reserved
from tests.store.budget_stage import (
    KEYS,
    NOTHING,
    RESTORE_S,
    budgets,
    expire_reservations,
    limit,
    reserve,
    reserved,
    settle_tokens,
)
from tests.store.rollback import roll_back, snapshot

__all__ = ["budgets"]


@pytest.mark.parametrize("is_another_run", [True, False])
async def test_a_store_that_goes_back_forgets_nothing_that_its_instance_has_seen(
    redis_url: str, budgets: Budgets, *, is_another_run: bool
) -> None:
    tokens = limit(250)
    if not is_another_run:
        await reserved(budgets, limit(250, counter="server-2"), turn=9)
    before = await snapshot(redis_url)
    settled = await reserved(budgets, tokens, turn=1)
    await budgets.settle(settled, {**NOTHING, Unit.TOKENS: 60})
    still_open = await reserved(budgets, tokens, turn=2)
    await roll_back(redis_url, before)
    assert (await reserved(budgets, tokens, turn=3)).uses == (Use(60, 200),)
    assert isinstance(await reserve(budgets, tokens, turn=4), Full)
    assert await budgets.settle(still_open, {**NOTHING, Unit.TOKENS: 10}) == (Use(70, 100),)


async def test_a_store_that_goes_back_while_requests_are_settled_loses_none(
    redis: Redis, redis_url: str, budgets: Budgets
) -> None:
    tokens = limit(10_000)
    made = [await reserved(budgets, tokens, turn=turn) for turn in (1, 2)]
    before = await snapshot(redis_url)
    await budgets.settle(made[0], {**NOTHING, Unit.TOKENS: 60})
    await roll_back(redis_url, before)
    await budgets.settle(made[1], {**NOTHING, Unit.TOKENS: 5})
    (used,) = await budgets.uses((tokens,))
    assert used.settled == 65
    await expire_reservations(redis)  # the store holds the reservation of a settlement that it has forgotten
    assert (await reserved(budgets, tokens, turn=3)).uses == (Use(65, 100),)


async def pair(redis: Redis, *, restore_s: float = 1.0) -> tuple[Budgets, Budgets]:
    """Two instances, each of which wakes the other as by the wake-ups."""
    instances: list[Budgets] = []

    async def wake_all() -> None:
        for each in instances:
            await each.restore()

    instances += [
        Budgets(redis, KEYS, instance=name, wake_others=wake_all, restore_s=restore_s)
        for name in ("one", "two")
    ]
    return instances[0], instances[1]


@pytest.mark.parametrize("notices", [0, 1])
async def test_what_either_of_two_instances_has_counted_survives_a_store_that_goes_back(
    redis: Redis, redis_url: str, notices: int
) -> None:
    instances = await pair(redis)
    tokens = limit(1000)
    for number, each in enumerate(instances):
        await settle_tokens(each, tokens, 1 + number)
    before = await snapshot(redis_url)
    for number, each in enumerate(instances):  # the first has not seen what the second settles last
        await settle_tokens(each, tokens, 3 + number)
    held = await reserved(instances[1], tokens, turn=5)
    await roll_back(redis_url, before)
    found = await reserved(instances[notices], tokens, turn=6)
    assert found.uses == (Use(400, 200),)
    assert await instances[1].settle(held, {**NOTHING, Unit.TOKENS: 10}) == (Use(410, 100),)


async def test_what_an_instance_settles_before_another_notices_that_the_store_went_back_counts_too(
    redis: Redis, redis_url: str
) -> None:
    one, two = await pair(redis)
    tokens = limit(1000)
    await settle_tokens(one, tokens, 1)
    await settle_tokens(two, tokens, 2)
    before = await snapshot(redis_url)
    await settle_tokens(two, tokens, 3)
    await settle_tokens(two, tokens, 4)
    await roll_back(redis_url, before)
    await settle_tokens(one, tokens, 5)
    assert (await reserved(two, tokens, turn=6)).uses == (Use(500, 100),)


async def test_nothing_is_reserved_on_a_stale_sum_while_the_other_instance_restores(
    redis: Redis, redis_url: str
) -> None:
    woken = asyncio.Event()

    async def wake() -> None:
        woken.set()

    one = Budgets(redis, KEYS, instance="one", wake_others=wake, restore_s=1.0)
    two = Budgets(redis, KEYS, instance="two", restore_s=1.0)
    tokens = limit(300)
    await settle_tokens(one, tokens, 1)
    before = await snapshot(redis_url)
    await settle_tokens(one, tokens, 2)
    await settle_tokens(two, tokens, 3)
    await roll_back(redis_url, before)
    reserving = asyncio.ensure_future(reserve(one, tokens, turn=4))
    await woken.wait()
    await asyncio.sleep(0.1)
    assert not reserving.done()
    await two.restore()
    assert isinstance(await reserving, Full)


async def test_an_instance_that_has_lost_nothing_notices_that_the_server_has_started_again(
    redis: Redis, redis_url: str
) -> None:
    one, two = await pair(redis)
    tokens = limit(300)
    await settle_tokens(one, tokens, 1)
    await settle_tokens(two, tokens, 2)
    before = await snapshot(redis_url)
    await settle_tokens(two, tokens, 3)
    await roll_back(redis_url, before)
    await redis.hset(KEYS.budget_server, "run", "the run before")
    assert isinstance(await reserve(one, tokens, turn=4), Full)


async def test_restoring_twice_and_in_any_order_counts_once(redis: Redis, redis_url: str) -> None:
    one, two = await pair(redis)
    tokens = limit(1000)
    before = await snapshot(redis_url)
    await settle_tokens(one, tokens, 1)
    await settle_tokens(two, tokens, 2)
    await settle_tokens(one, tokens, 3)
    await roll_back(redis_url, before)
    for each in (two, one, one, two):
        await each.restore()
    assert await one.uses((tokens,)) == (Use(300, 0),)


async def test_an_older_sight_of_a_counter_does_not_lower_it(redis: Redis) -> None:
    one, two = await pair(redis)
    tokens = limit(1000)
    await settle_tokens(one, tokens, 1)
    await settle_tokens(two, tokens, 2)
    await settle_tokens(one, tokens, 3)
    await two.restore()
    assert await one.uses((tokens,)) == (Use(300, 0),)


@pytest.mark.single_server
async def test_counters_that_have_ended_by_time_are_no_rollback(redis: Redis) -> None:
    clock = [0.0]
    budgets = Budgets(redis, KEYS, instance="me", restore_s=RESTORE_S, now_s=lambda: clock[0])
    day = limit(1000, counter="day")
    await settle_tokens(budgets, day, 1)
    await redis.flushdb()
    clock[0] = 40 * 86_400.0
    with capture_logs() as logs:
        assert isinstance(await reserve(budgets, limit(1000, counter="today"), turn=2), Reserved)
    assert logs == []
    assert await budgets.uses((day,)) == (Use(0, 0),)


async def test_a_server_that_starts_again_and_has_lost_nothing_is_not_logged(redis: Redis) -> None:
    budgets = Budgets(redis, KEYS, instance="me", restore_s=RESTORE_S)
    tokens = limit(1000)
    await settle_tokens(budgets, tokens, 1)
    await reserved(budgets, tokens, turn=2)
    await redis.hset(KEYS.budget_server, "run", "the run before")
    with capture_logs() as logs:
        assert (await reserved(budgets, tokens, turn=3)).uses == (Use(100, 200),)
    assert logs == []


async def test_the_number_of_calls_outlives_every_counter(redis: Redis, budgets: Budgets) -> None:
    month = limit(1000, renews_in_s=31 * 86_400)
    await reserved(budgets, month)
    for key in (KEYS.budget_calls("me"), KEYS.budget_server):
        assert await redis.ttl(key) > await redis.ttl(KEYS.budget(month.counter))
