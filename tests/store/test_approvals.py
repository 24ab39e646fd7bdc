"""The calls that wait for a permission, on a real Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.approval import Approval
from bot.conversation.identity import Identity
from bot.conversation.message import first_id
from bot.store.approvals import Approvals, read_approval
from bot.store.examination import Examination
from bot.store.key_lifetimes import APPROVALS_S
from tests.conversation.test_approval import LATER, T0, WAITING
from tests.store.stage import KEYS

OTHER = replace(WAITING, id=6, created_ms=T0 - 1)


@pytest.fixture
def approvals(redis: Redis) -> Approvals:
    return Approvals(redis, KEYS)


async def test_a_call_comes_back_as_it_was_and_the_oldest_first(approvals: Approvals) -> None:
    assert await approvals.open(WAITING) == WAITING
    await approvals.open(OTHER)
    assert await approvals.find(1, 5) == WAITING
    assert await approvals.of(1) == (OTHER, WAITING)
    assert await approvals.of(2) == ()
    assert await approvals.find(2, 5) is None


async def test_a_call_that_is_opened_again_is_what_became_of_it(approvals: Approvals) -> None:
    await approvals.open(WAITING)
    after, taken = await approvals.change(1, 5, lambda each: each.allowed(7, LATER))
    assert taken
    assert await approvals.open(replace(WAITING, created_ms=LATER)) == after


@pytest.mark.parametrize("others", ["allow", "refuse"])
async def test_of_two_instances_that_press_at_once_one_decides(redis: Redis, others: str) -> None:
    one, other = Approvals(redis, KEYS), Approvals(redis, KEYS)
    for number in range(20):
        call = replace(WAITING, id=100 + number)
        await one.open(call)

        def allow(each: Approval) -> Approval | None:
            return each.allowed(7, LATER)

        def refuse(each: Approval) -> Approval | None:
            return each.refused(11, "no", LATER)

        second = allow if others == "allow" else refuse

        def by_other(each: Approval, step: Callable[[Approval], Approval | None] = second) -> Approval | None:
            found = step(each)
            return None if found is None else replace(found, by=11)

        decided = await asyncio.gather(
            one.change(1, call.id, allow),
            other.change(1, call.id, by_other),
        )
        assert [taken for _, taken in decided].count(True) == 1
        (winner,) = [found for found, taken in decided if taken]
        assert [found for found, _ in decided] == [winner, winner]
        assert await one.find(1, call.id) == winner


async def test_a_change_of_the_call_meanwhile_is_not_lost(approvals: Approvals) -> None:
    await approvals.open(WAITING)
    seen: list[Approval] = []

    def step(each: Approval) -> Approval | None:
        seen.append(each)
        return each.with_card(77, "waiting")

    async def decide() -> None:
        await approvals.change(1, 5, lambda each: each.allowed(7, LATER))

    await asyncio.gather(approvals.change(1, 5, step), decide())
    found = await approvals.find(1, 5)
    assert found is not None
    assert (found.card, found.state, found.by) == (77, "running", 7)


async def test_a_step_that_is_not_allowed_changes_nothing(approvals: Approvals) -> None:
    await approvals.open(WAITING)
    assert await approvals.change(1, 5, lambda _: None) == (WAITING, False)
    assert await approvals.change(1, 99, lambda each: each) == (None, False)


async def test_a_call_is_kept_for_a_time_after_each_change_and_can_be_forgotten(
    approvals: Approvals, redis: Redis
) -> None:
    await approvals.open(WAITING)
    key = KEYS.approvals(1)
    assert 0 < await redis.ttl(key) <= APPROVALS_S
    await redis.expire(key, 5)
    await approvals.change(1, 5, lambda each: each.allowed(7, LATER))
    assert await redis.ttl(key) > 5
    await approvals.forget(1, 5)
    assert await approvals.find(1, 5) is None


async def test_a_conversation_with_a_call_that_waits_is_looked_at_again(
    approvals: Approvals, redis: Redis
) -> None:
    await approvals.open(WAITING)
    assert await redis.zrange(KEYS.approvals_due, 0, -1) == ["1"]


async def test_what_this_version_cannot_read_is_left_alone(approvals: Approvals, redis: Redis) -> None:
    await approvals.open(WAITING)
    await redis.hset(KEYS.approvals(1), "6", '{"id": 6, "of": "a later version"}')
    assert await approvals.of(1) == (WAITING,)
    assert await approvals.find(1, 6) is None
    assert await approvals.change(1, 6, lambda each: each) == (None, False)
    assert await redis.hexists(KEYS.approvals(1), "6")
    assert read_approval("nonsense") is None
    assert read_approval(str(await redis.hget(KEYS.approvals(1), "5"))) == WAITING


async def test_a_person_is_forgotten_with_the_calls_from_before_and_keeps_those_from_after(
    approvals: Approvals, redis: Redis
) -> None:
    asked_ms = 1_800_000_000_000
    await approvals.open(replace(WAITING, turn=first_id(asked_ms)))

    async def found(person: int, before_ms: int) -> int:
        who = Identity(person, before=first_id(before_ms))
        examined = await Examination(redis, KEYS).examine(1, ("{1}:p",), who)
        assert len(examined.calls) == examined.found.tool_calls
        return examined.found.tool_calls

    assert await found(WAITING.asker, asked_ms + 1) == 1
    assert await found(WAITING.asker, asked_ms - 1) == 0
    assert await found(WAITING.asker + 1, asked_ms + 1) == 0
