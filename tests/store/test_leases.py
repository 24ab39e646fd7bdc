"""Leases, and what a claim opens, on a real Redis server."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from bot.store.claim import Claim, Held, Idle
from bot.store.codec import Result
from bot.store.keys import Keys
from bot.store.states import State
from tests.conversation.builders import BEN, message
from tests.store.stage import (
    LEASE_S,
    C,
    Store,
    answered,
    claimed,
    expire_lease,
    listed,
    receive,
)


async def test_everything_that_waits_joins_one_turn_in_the_order_it_was_written(
    store: Store,
) -> None:
    first, second, third = (
        message("one", number=1),
        message("two", number=2, author=BEN),
        message("three", number=3),
    )
    await receive(store, third, first, second)
    claim = await claimed(store)
    assert claim.batch.messages == (first, second, third)
    assert (claim.turn_id, claim.attempt.state, claim.batch.waiting, claim.attempt.number) == (
        first.id,
        State.CLAIMED,
        0,
        1,
    )
    assert (claim.meta.guild, claim.meta.parent, claim.meta.starter) == (1, 2, 3)


async def test_a_conversation_with_nothing_to_do_is_idle(store: Store) -> None:
    assert await store.journal.claim(C, "me") == Idle()


async def test_while_one_works_on_it_nobody_else_can(store: Store) -> None:
    await receive(store, message("hello"))
    await claimed(store, "me")
    held = await store.journal.claim(C, "you")
    assert isinstance(held, Held)
    assert 0 < held.for_s <= LEASE_S


async def test_asking_twice_for_the_same_lease_gives_the_same_lease(store: Store) -> None:
    await receive(store, message("hello"))
    assert (await claimed(store, "me")).token == (await claimed(store, "me")).token


async def test_a_token_is_larger_than_any_before_although_the_store_was_rolled_back(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    before = await claimed(store, "old")
    await redis.delete(Keys("test").lease(C))
    await asyncio.sleep(0.002)
    assert (await claimed(store, "new")).token > before.token


async def test_before_anything_is_visible_later_messages_join_the_turn_that_was_left(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    await claimed(store, "old")
    await receive(store, message("more", number=11))
    await expire_lease(redis)
    assert [m.text for m in (await claimed(store, "new")).batch.messages] == ["hello", "more"]


async def test_only_the_window_is_read(store: Store) -> None:
    for number in range(6):
        await receive(store, message("hello", number=10 + number))
        claim = await claimed(store)
        assert len(claim.history) == (number if number < 4 else number - 3)
        window_start = 3 if number >= 3 else 0
        await store.journal.commit(claim, answered(claim), Result("answer"), window_start=window_start)
        await store.journal.acknowledge(claim, reconcile=False)


async def test_a_repeated_claim_counts_as_one_attempt(store: Store) -> None:
    await receive(store, message("hello"))
    assert [(await claimed(store)).attempt.number for _ in range(3)] == [1, 1, 1]


async def test_a_blameless_attempt_does_not_count(store: Store) -> None:
    await receive(store, message("hello"))
    for blameless, tries in ((True, 1), (False, 1), (True, 2), (True, 2)):
        claim = await claimed(store)
        assert claim.attempt.number == tries
        for _ in range(2):
            await store.journal.release(claim, blameless=blameless)


async def test_a_conversation_whose_history_has_expired_begins_again(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=1)
    await store.journal.acknowledge(claim, reconcile=False)
    await redis.delete(Keys("test").history(C))
    await receive(store, message("again", number=11))
    claim = await claimed(store)
    assert (claim.history, claim.meta.window_start) == ((), 0)


async def test_a_turn_with_any_message_from_a_listing_may_have_been_answered_before(store: Store) -> None:
    await receive(store, message("heard", number=11))
    await listed(store, message("missed", number=12))
    assert (await claimed(store)).batch.listed


async def test_a_reply_that_may_be_visible_is_finished_before_an_older_message_is_answered(
    store: Store,
) -> None:
    await receive(store, message("heard", number=12))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 0)
    await listed(store, message("older", number=11))
    assert (await claimed(store)).turn_id == claim.turn_id


async def test_what_an_earlier_attempt_has_posted_is_known_to_the_next(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.intend(old, 0, 1)
    await store.journal.posted(old, 0, 77)
    await store.journal.intend(old, 1, 1)
    await store.journal.posted(old, 1, 78)
    await receive(store, message("more", number=11))
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert (new.attempt.state, new.attempt.replies, new.attempt.number, new.batch.waiting) == (
        State.POSTED,
        {0: 77, 1: 78},
        2,
        1,
    )
    assert [m.text for m in new.batch.messages] == ["hello"]


async def test_a_committed_reply_is_shown_by_whoever_comes_next(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.commit(old, answered(old), Result("answer", ("note",)), window_start=1)
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert (new.attempt.state, new.attempt.result, new.meta.window_start) == (
        State.COMMITTED,
        Result("answer", ("note",)),
        1,
    )
    await store.journal.acknowledge(new, reconcile=False)
    assert await redis.llen(Keys("test").history(C)) == 1


async def test_a_renewal_that_comes_after_the_release_revives_nothing(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.release(claim, blameless=True)
    assert await store.journal.renew(claim) is False
    assert isinstance(await store.journal.claim(C, "other"), Claim)
