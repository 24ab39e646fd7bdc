"""A queue of things to look at, on a real Redis server."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis

from bot.store.due_queue import DueQueue
from bot.store.scripts import Call, Scripts
from tests.store.stage import KEYS

ID = 7


@pytest.fixture
def queue(redis: Redis) -> DueQueue:
    return DueQueue(redis, KEYS.approvals_due)


async def _due_in(redis: Redis) -> float | None:
    """In how many seconds the item is due, None if it is not in the queue."""
    score = await redis.zscore(KEYS.approvals_due, str(ID))
    now_s, _ = await redis.time()
    return None if score is None else float(score) / 1000 - now_s


@pytest.mark.parametrize(("again_s", "is_due"), [(None, False), (5.0, True), (500.0, True)])
async def test_what_is_done_goes_or_is_due_again_sooner_or_later_than_it_was(
    queue: DueQueue, redis: Redis, again_s: float | None, *, is_due: bool
) -> None:
    await queue.schedule(ID)
    (item,) = await queue.take(60)
    assert await queue.done(item, again_s)
    due_s = await _due_in(redis)
    assert (due_s is not None) is is_due
    if due_s is not None and again_s is not None:
        assert again_s - 4 < due_s < again_s + 4


@pytest.mark.parametrize("again_s", [None, 500.0])
async def test_what_was_scheduled_meanwhile_stays_due(
    queue: DueQueue, redis: Redis, again_s: float | None
) -> None:
    await queue.schedule(ID)
    (item,) = await queue.take(60)
    await queue.schedule(ID, 3)
    assert not await queue.done(item, again_s)
    due_s = await _due_in(redis)
    assert due_s is not None
    assert due_s < 10


@pytest.mark.parametrize("again_s", [None, 500.0])
async def test_what_was_scheduled_meanwhile_for_later_than_the_next_attempt_is_looked_at_again(
    queue: DueQueue, redis: Redis, again_s: float | None
) -> None:
    await queue.schedule(ID)
    (item,) = await queue.take(60)
    await queue.schedule(ID, 300)
    assert not await queue.done(item, again_s)
    due_s = await _due_in(redis)
    assert due_s is not None
    assert 50 < due_s < 62


async def test_an_item_that_is_scheduled_a_thousand_times_is_due_a_second_earlier_at_most(
    queue: DueQueue, redis: Redis
) -> None:
    await queue.schedule(ID, 100)
    first = await redis.zscore(KEYS.approvals_due, str(ID))
    for _ in range(1000):
        await queue.schedule(ID, 200)
    score = await redis.zscore(KEYS.approvals_due, str(ID))
    assert first is not None
    assert score is not None
    assert 0 < float(first) - float(score) <= 1000


async def test_a_process_that_dies_right_behind_the_script_leaves_the_item_due_again(
    queue: DueQueue, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Scripts.run

    async def dying(self: Scripts, call: Call) -> object:
        await run(self, call)
        raise asyncio.CancelledError

    await queue.schedule(ID)
    (item,) = await queue.take(60)
    monkeypatch.setattr(Scripts, "run", dying)
    with pytest.raises(asyncio.CancelledError):
        await queue.done(item, 500.0)
    assert await _due_in(redis) is not None
