"""The timeline of a turn in its record: the steps of `journal` and `posted_messages` carry it, `records` reads it."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.timeline import AttemptTimeline, StreamedRequest, Timeline
from bot.store.claim import Claim
from bot.store.codec import Result, load_timeline
from bot.store.revisions import Revisions
from tests.conversation.builders import message, snowflake
from tests.store.stage import KEYS, C, Store, answered, claimed, expire_lease, receive


def timeline(number: int = 1, *deltas: int) -> AttemptTimeline:
    return AttemptTimeline(number, requests=(StreamedRequest("reply", deltas=deltas),))


async def test_the_next_attempt_knows_the_timeline_that_the_steps_of_the_one_before_have_carried(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    assert claim.attempt.timeline == ()
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77, (timeline(1, 5, 2),))
    await expire_lease(redis)
    claim = await claimed(store)
    assert claim.attempt.timeline == (timeline(1, 5, 2),)
    two = (timeline(1, 5, 2), timeline(2, 9, 9))
    await store.journal.record_cost(claim, cost=1, unpriced=0, timeline=two)
    await expire_lease(redis)
    claim = await claimed(store)
    assert claim.attempt.timeline == two
    await store.journal.commit(
        claim, answered(claim), Result("answer"), window_start=0, timeline=(*two, timeline(3))
    )
    await expire_lease(redis)
    claim = await claimed(store)
    assert [each.number for each in claim.attempt.timeline] == [1, 2, 3]
    await store.journal.acknowledge(claim, reconcile=False, timeline=(timeline(4, 1, 1),))
    assert await stored_timeline(redis, claim) == (timeline(4, 1, 1),)


async def stored_timeline(redis: Redis, claim: Claim) -> Timeline:
    found = await redis.hget(KEYS.record(C, claim.turn_id), "timeline")
    return load_timeline(str(found or ""))


async def test_a_late_record_of_an_attempt_does_not_replace_the_timeline_of_a_later_one(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    late = await claimed(store)
    await expire_lease(redis)
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77, (timeline(2, 5, 2),))
    await store.journal.record_cost(late, cost=1, unpriced=0, timeline=(timeline(1, 3, 3),))
    assert await stored_timeline(redis, claim) == (timeline(2, 5, 2),)


@pytest.mark.parametrize("how", ["deleted", "reset"])
async def test_a_timeline_goes_with_its_turn(store: Store, redis: Redis, how: str) -> None:
    said = message("hello")
    await receive(store, said)
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False, timeline=(timeline(1, 1, 1),))
    assert await stored_timeline(redis, claim)
    if how == "deleted":
        await Revisions(redis, KEYS, ttl_s=1000).delete(C, said.id)
    else:
        await store.reset(C, before=snowflake(20))
    assert not await stored_timeline(redis, claim)


async def test_a_cancelled_turn_and_one_that_is_reset_while_it_runs_keep_no_timeline(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77, (timeline(1, 5, 2),))
    await store.journal.cancel(claim)
    assert not await stored_timeline(redis, claim)
    await receive(store, message("again", number=12))
    running = await claimed(store)
    await store.reset(C, before=snowflake(20))
    await store.journal.record_cost(running, cost=1, unpriced=0, timeline=(timeline(1, 3, 3),))
    assert not await stored_timeline(redis, running)


async def test_a_timeline_of_another_version_counts_as_none(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await redis.hset(KEYS.record(C, claim.turn_id), "timeline", '[{"number":"x"}]')
    await expire_lease(redis)
    assert (await claimed(store)).attempt.timeline == ()
