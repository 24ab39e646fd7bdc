"""Reconciliation of turns in doubt, on a real Redis server."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.store.claim import Idle, Later
from bot.store.codec import Result
from bot.store.keys import Keys
from tests.conversation.builders import message
from tests.store.stage import (
    RECONCILE_S,
    C,
    Store,
    answered,
    claimed,
    expire_lease,
    make_due,
    receive,
)


async def test_a_turn_in_doubt_is_reconciled_once_that_is_safe(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=True)
    later = await store.journal.claim(C, "me")
    assert isinstance(later, Later)
    assert RECONCILE_S - 30 < later.in_s <= RECONCILE_S
    await make_due(redis)
    settling = await claimed(store)
    assert (settling.reconciling, settling.turn_id, settling.attempt.replies) == (
        True,
        claim.turn_id,
        {0: 77},
    )
    assert settling.attempt.result == Result("answer")
    await store.journal.reconciled(settling)
    assert await store.journal.claim(C, "me") == Idle()


async def test_a_worker_that_was_fenced_off_can_still_schedule_a_reconciliation(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await expire_lease(redis)
    new = await claimed(store, "new")
    await store.journal.commit(new, answered(new), Result("answer"), window_start=0)
    await store.journal.acknowledge(new, reconcile=False)
    await redis.delete(Keys("test").work)
    await store.journal.schedule_reconcile(old)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await redis.zrange(Keys("test").work, 0, -1) == [str(C)], "or nobody would ever look"


async def test_a_reconciliation_that_is_scheduled_during_another_one_stays_due(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await expire_lease(redis)
    new = await claimed(store, "new")
    await store.journal.commit(new, answered(new), Result("answer"), window_start=0)
    await store.journal.acknowledge(new, reconcile=True)
    await make_due(redis)
    reconciling = await claimed(store, "new")
    await store.journal.schedule_reconcile(old)  # its last edit came after the messages were listed
    for _ in range(2):  # the answer of the first call was lost
        await store.journal.reconciled(reconciling)
    assert isinstance(await store.journal.claim(C, "new"), Later)
    await make_due(redis)
    assert (await claimed(store, "new")).reconciling


async def test_a_message_that_waits_or_is_unknown_has_no_answer_and_one_that_joined_has_that_of_its_turn(
    store: Store,
) -> None:
    first, joined, later = (message(text, number=20 + at) for at, text in enumerate(("one", "two", "three")))
    await receive(store, first)
    await receive(store, joined)
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    asked = (first.id, joined.id, later.id, 5)
    assert await store.journal.answers_to(claim, asked) == {}
    await store.journal.acknowledge(claim, reconcile=False)
    await receive(store, later)
    assert await store.journal.answers_to(claim, asked) == {
        first.id: frozenset({77}),
        joined.id: frozenset({77}),
    }
