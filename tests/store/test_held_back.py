"""Messages that are held back: those of a person who has as many answers as may be, and those that a limit keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.store.claim import Claim, Later
from bot.store.message_states import MessageStates
from bot.store.revisions import Change
from tests.store.stage import KEYS, ONE, THREE, TWO, C, RevisedStore

FOR_S = 60.0


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def held_back(store: RevisedStore, *, joins: bool = False) -> None:
    """Hold the first message back."""
    await store.hear(ONE)
    claim = await store.claim()
    await store.journal.hold_back(claim, FOR_S, [ONE.id], joins=joins)
    await store.journal.release(claim, blameless=True)


async def expire_wait(redis: Redis) -> None:
    await redis.hset(KEYS.record(C, ONE.id), "waits", "1")


async def test_messages_that_are_held_back_keep_those_of_others_not_waiting(
    redis: Redis, store: RevisedStore
) -> None:
    await store.hear(ONE, TWO)
    both = await store.claim()
    assert both.batch.members == (ONE.id, TWO.id)
    await store.journal.hold_back(both, FOR_S, [ONE.id])
    await store.journal.release(both, blameless=True)
    claim = await store.claim()
    assert (claim.turn_id, claim.batch.members) == (TWO.id, (TWO.id,))
    assert not await store.journal.has_more(claim)
    await store.hear(THREE)
    assert await store.journal.has_more(claim)
    assert await store.journal.join(claim) == ((TWO.id, THREE.id), (TWO, THREE))
    await store.commit(replace(claim, batch=replace(claim.batch, members=(TWO.id, THREE.id))), "for two")
    assert (await store.journal.acknowledge(claim, reconcile=False)).waiting == 1
    later = await store.journal.claim(C, "me")
    assert isinstance(later, Later)
    assert 0 < later.in_s <= FOR_S
    await expire_wait(redis)
    last = await store.claim()
    assert (last.turn_id, last.batch.members) == (ONE.id, (ONE.id,))
    assert [entry.reply for entry in last.history] == ["for two"]


async def test_what_a_limit_holds_back_is_answered_together_with_the_next_message(
    store: RevisedStore,
) -> None:
    await held_back(store, joins=True)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    await store.hear(TWO)
    claim = await store.claim()
    assert (claim.turn_id, claim.batch.members) == (ONE.id, (ONE.id, TWO.id))
    await store.journal.hold_back(claim, FOR_S, claim.batch.members, joins=True)
    await store.journal.release(claim, blameless=True)
    assert isinstance(await store.journal.claim(C, "me"), Later), (
        "the other person has reached a limit as well"
    )


async def test_a_change_of_a_message_that_is_held_back_leaves_the_running_turn_alone(
    redis: Redis, store: RevisedStore
) -> None:
    await held_back(store)
    await store.hear(TWO)
    running = await store.claim()
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.WAITING
    await store.post(running, 77)
    assert await store.control.stop(C) == TWO.id
    assert await store.journal.renew(running)
    await store.commit(running, "for two")
    await store.journal.acknowledge(running, reconcile=False)
    await expire_wait(redis)
    assert [each.text for each in (await store.claim()).batch.messages] == ["uno"]


async def test_a_deleted_message_is_not_held_back(store: RevisedStore) -> None:
    await held_back(store)
    await store.hear(TWO)
    await store.claim()
    assert await store.delete(C, ONE.id) is Change.WAITING
    assert (await store.claim()).batch.members == (TWO.id,)


async def test_the_turn_that_runs_is_known_beside_one_that_is_held_back(
    redis: Redis, store: RevisedStore
) -> None:
    await held_back(store)
    status = (await store.control.status(C)).running
    assert status is not None
    assert status.turn_id == ONE.id
    await store.hear(TWO)
    claim = await store.claim()
    status = (await store.control.status(C)).running
    assert status is not None
    assert status.turn_id == TWO.id
    states = MessageStates(redis, KEYS)
    held, answered = await states.waiting(C, ONE.id), await states.waiting(C, TWO.id)
    assert (held.turn, held.is_member, held.hold_ms) == (ONE.id, True, None)
    assert held.due_ms is not None
    assert (answered.turn, answered.is_member, answered.due_ms) == (TWO.id, True, None)
    await store.hear(THREE)
    assert (await states.waiting(C, THREE.id)).turn == claim.turn_id


async def test_a_message_that_is_held_back_can_be_stopped(store: RevisedStore) -> None:
    await held_back(store)
    assert await store.control.stop(C) == ONE.id
    claim = await store.journal.claim(C, "me")
    assert isinstance(claim, Claim)
    assert claim.attempt.stopped
