"""What of each limit is used up: reserved before a request, settled after it, whatever happens in between."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.amount import Amount, Period, Unit
from bot.conversation.budget import Limit, Rule, Subject, Use
from bot.store.budgets import Budgets, Full, Reserved
from bot.store.claim import Claim
from bot.store.keys import RESERVATION_RECORD_S, RESERVATION_S, Keys
from tests.conversation.builders import message
from tests.store.claims import a_claim
from tests.store.rollback import roll_back, snapshot

KEYS = Keys("test")
NOW_S = int(time.time())

ONE = {Unit.MESSAGES: 1, Unit.TOKENS: 100, Unit.MONEY: 1000}
NOTHING = {Unit.MESSAGES: 0, Unit.TOKENS: 0, Unit.MONEY: 0}


def limit(most: int, unit: Unit = Unit.TOKENS, counter: str = "server-1", renews_in_s: int = 1000) -> Limit:
    rule = Rule(Subject.SERVER, Amount(most, unit, Period.DAY))
    return Limit(rule, f"{counter}-{unit}", NOW_S + renews_in_s, renews_in_s)


def claim(turn: int = 1, token: int = 5) -> Claim:
    return a_claim(turn, messages=(message("hello", number=turn),), token=token)


RESTORE_S = 0.2


@pytest.fixture
def budgets(redis: Redis) -> Budgets:
    return Budgets(redis, KEYS, instance="me", restore_s=RESTORE_S)


async def reserve(
    budgets: Budgets, *limits: Limit, turn: int = 1, token: int = 5, number: int = 1
) -> Reserved | Full:
    return await budgets.reserve(claim(turn, token), number, limits, ONE)


async def reserved(budgets: Budgets, *limits: Limit, turn: int = 1, token: int = 5) -> Reserved:
    found = await reserve(budgets, *limits, turn=turn, token=token)
    assert isinstance(found, Reserved)
    return found


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


async def expire_reservations(redis: Redis) -> None:
    """Let the time of all open reservations be over."""
    for member in await redis.zrange(KEYS.reservations, 0, -1):
        await redis.zadd(KEYS.reservations, {str(member): 1})


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


async def test_a_store_that_goes_back_forgets_nothing_that_its_instance_has_seen(
    redis_url: str, budgets: Budgets
) -> None:
    tokens = limit(250)
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


async def settle_tokens(budgets: Budgets, tokens: Limit, turn: int, amount: int = 100) -> None:
    await budgets.settle(await reserved(budgets, tokens, turn=turn), {**NOTHING, Unit.TOKENS: amount})


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
