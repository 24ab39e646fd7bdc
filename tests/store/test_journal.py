"""The steps of a turn, on a real Redis server."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.store.claim import Idle
from bot.store.codec import Result
from bot.store.journal import Done
from bot.store.keys import Keys
from bot.store.turn_control import RegenerateResult, TurnControl
from tests.conversation.builders import message, snowflake
from tests.store.claims import changed
from tests.store.stage import (
    KEYS,
    C,
    Store,
    answered,
    claimed,
    expire_lease,
    listed,
    receive,
)


async def accounts(store: Store) -> tuple[int, int]:
    meta = await store.meta(C)
    assert meta is not None
    return meta.cost, meta.unpriced


async def test_an_attempt_that_commits_counts_its_cost_once(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, cost=5, unpriced=2)
    await store.journal.record_cost(claim, cost=5, unpriced=2)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, cost=5, unpriced=2)
    assert await accounts(store) == (5, 2)


@pytest.mark.parametrize("late", [False, True])
async def test_a_worker_that_was_fenced_off_reports_its_cost_before_or_after_the_next_one(
    store: Store, redis: Redis, *, late: bool
) -> None:
    await receive(store, message("hello"))
    fenced = await claimed(store, "fenced")
    await expire_lease(redis)
    claim = await claimed(store)
    tell = [
        store.journal.record_cost(fenced, cost=3, unpriced=1),
        store.journal.commit(claim, answered(claim), Result("answer"), window_start=0, cost=5),
    ]
    for step in reversed(tell) if late else tell:
        await step
    await store.journal.record_cost(fenced, cost=3, unpriced=1)
    assert await accounts(store) == (8, 1)


async def test_an_attempt_knows_what_earlier_ones_have_recorded_and_how_many_have_recorded_nothing(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    seen = []
    for recorded in ((5, 0), (7, 1), None, (0, 0)):
        claim = await claimed(store)
        seen.append((claim.attempt.costs, claim.attempt.lost))
        if recorded is not None:
            cost, unpriced = recorded
            await store.journal.record_cost(claim, cost=cost, unpriced=unpriced)
        await expire_lease(redis)
    assert seen == [((), 0), ((5,), 0), ((5, None), 0), ((5, None), 1)]
    claim = await claimed(store)
    assert (claim.attempt.costs, claim.attempt.lost) == ((5, None, 0), 1)


async def test_an_attempt_that_was_not_to_blame_is_not_lost(store: Store) -> None:
    await receive(store, message("hello"))
    await store.journal.release(await claimed(store), blameless=True)
    assert (await claimed(store)).attempt.lost == 0


async def test_a_regeneration_begins_with_no_cost_of_earlier_attempts(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    await claimed(store)
    await expire_lease(redis)
    claim = await claimed(store)
    await store.journal.record_cost(claim, cost=5, unpriced=0)
    await expire_lease(redis)
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False)
    await store.journal.release(claim, blameless=False)
    control = TurnControl(redis, KEYS, ttl_s=1000)
    assert await control.regenerate(C, claim.turn_id, "w") is RegenerateResult.OK
    again = await claimed(store)
    assert (again.attempt.costs, again.attempt.lost) == ((), 0)


async def test_a_cost_from_before_a_reset_adds_nothing_after_it(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.reset(C, before=snowflake(20))
    await store.journal.record_cost(claim, cost=3, unpriced=0)
    assert await accounts(store) == (0, 0)


async def test_a_turn_goes_from_the_inbox_to_the_history(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    assert await store.journal.acknowledge(claim, reconcile=False) == Done(0)
    assert await store.journal.claim(C, "me") == Idle()
    await receive(store, message("again", number=11))
    assert (await claimed(store)).history == (answered(claim),)


async def test_a_message_that_comes_during_the_turn_waits_for_the_next(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await receive(store, message("and", number=11))
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    assert await store.journal.acknowledge(claim, reconcile=False) == Done(1)
    assert [m.text for m in (await claimed(store)).batch.messages] == ["and"]


async def test_every_step_done_twice_is_done_once(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    for _ in range(2):
        await store.journal.intend(claim, 0, 1)
    for _ in range(2):
        await store.journal.posted(claim, 0, 77)
    for _ in range(2):
        await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    assert [await store.journal.acknowledge(claim, reconcile=False) for _ in range(2)] == [Done(0)] * 2
    assert await redis.llen(Keys("test").history(C)) == 1


async def test_who_has_lost_the_lease_can_do_nothing_more(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.intend(old, 0, 1)
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert new.token > old.token
    for step in (
        store.journal.renew(old),
        store.journal.intend(old, 0, 1),
        store.journal.posted(old, 0, 7),
        store.journal.commit(old, answered(old), Result("late"), window_start=0),
        store.journal.acknowledge(old, reconcile=False),
        store.journal.cancel(old),
    ):
        with pytest.raises(Fenced):
            await step
    await store.journal.release(old, blameless=True)
    await store.journal.renew(new)


async def test_nothing_is_acknowledged_that_was_not_committed(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    with pytest.raises(Fenced):
        await store.journal.acknowledge(claim, reconcile=False)


async def test_every_key_of_a_conversation_expires(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"), message("more", number=11))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False)
    keys = [key async for key in redis.scan_iter("test:{*")]
    assert len(keys) >= 5
    assert all([await redis.ttl(key) > 0 for key in keys])
    assert {key async for key in redis.scan_iter("*") if await redis.ttl(key) < 0} == {
        Keys("test").work,
        Keys("test").known,
    }


async def test_before_anything_is_visible_whatever_comes_joins_the_running_turn(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await receive(store, message("and", number=11))
    joined = await store.journal.join(claim)
    assert joined is not None
    assert [m.text for m in joined[1]] == ["hello", "and"]
    claim = changed(claim, members=joined[0])
    await store.journal.intend(claim, 0, 1)
    await receive(store, message("too late", number=12))
    assert await store.journal.join(claim) is None
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    assert await store.journal.acknowledge(claim, reconcile=False) == Done(1)


async def test_nothing_is_posted_that_answers_a_message_whose_joining_the_store_has_forgotten(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    record = KEYS.record(C, claim.turn_id)
    before: dict[Any, Any] = await redis.hgetall(record)
    await receive(store, message("and", number=11))
    joined = await store.journal.join(claim)
    assert joined is not None
    await redis.hset(record, mapping=before)  # the lease is as it was
    joint = changed(claim, members=joined[0])
    with pytest.raises(Fenced):
        await store.journal.intend(joint, 0, 1)
    assert await redis.hgetall(record) == before
    await store.journal.intend(claim, 0, 1)


async def test_a_turn_is_left_only_what_the_reply_found_on_discord_answers(store: Store) -> None:
    first, second = message("hello"), message("and", number=11)
    await receive(store, first, second)
    claim = await claimed(store)
    await store.journal.adopt(claim, [first.id], [77])
    assert await store.journal.join(claim) is None, "the reply is visible already"
    claim = changed(claim, members=(first.id,))
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    assert await store.journal.acknowledge(claim, reconcile=False) == Done(1)
    assert (await claimed(store)).batch.messages == (second,)


async def test_what_a_listing_brings_waits_for_a_turn_of_its_own(store: Store) -> None:
    await receive(store, message("heard", number=12))
    claim = await claimed(store)
    await listed(store, message("older", number=11))
    await listed(store, message("newer", number=13))
    await receive(store, message("and", number=14))
    joined = await store.journal.join(claim)
    assert joined is not None
    assert [m.text for m in joined[1]] == ["heard", "and"]
