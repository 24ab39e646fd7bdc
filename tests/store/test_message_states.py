"""What the journal and the history know of a message."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.store.message_states import MessageState, MessageStates, Shown, Waiting
from bot.store.states import State
from tests.store.stage import KEYS, ONE, THREE, TWO, C, RevisedStore, expire_lease


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


@pytest.fixture
def states(redis: Redis) -> MessageStates:
    return MessageStates(redis, KEYS)


async def test_the_state_of_a_message_is_found_in_its_channel_and_in_the_thread_started_from_it(
    store: RevisedStore, states: MessageStates
) -> None:
    await store.answer(ONE, TWO)
    await store.conversations.receive(THREE.id, THREE, source="event", channel_fields={"parent": C})
    assert await states.of(C, [ONE.id, TWO.id, THREE.id, 5]) == {
        ONE.id: MessageState(C, State.DONE, ONE.id),
        TWO.id: MessageState(C, State.DONE, ONE.id),
        THREE.id: MessageState(THREE.id, State.RECEIVED),
    }
    assert await states.of(C, []) == {}


async def test_a_state_of_another_version_is_unknown(redis: Redis, states: MessageStates) -> None:
    await redis.hset(KEYS.record(C, ONE.id), "state", "dreaming")
    assert await states.of(C, [ONE.id]) == {}


async def test_a_message_waits_for_nothing_or_for_the_turn_that_is_open(
    redis: Redis, store: RevisedStore, states: MessageStates
) -> None:
    await store.hear(ONE)
    assert await states.waiting(C, ONE.id) == Waiting()
    before_ms = int((await redis.time())[0]) * 1000
    claim = await store.claim()
    await store.hear(TWO)
    member, behind = await states.waiting(C, ONE.id), await states.waiting(C, TWO.id)
    assert (member.turn, member.is_member, member.is_held) == (ONE.id, True, True)
    assert (behind.turn, behind.is_member) == (ONE.id, False)
    assert member.began_ms is not None
    assert member.began_ms >= before_ms
    await expire_lease(redis)
    assert not (await states.waiting(C, ONE.id)).is_held
    again = await store.claim()
    assert again.attempt.number == claim.attempt.number + 1
    began_ms = (await states.waiting(C, ONE.id)).began_ms
    assert began_ms is not None
    assert began_ms >= member.began_ms


async def test_a_postponed_conversation_is_due_later(store: RevisedStore, states: MessageStates) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.journal.release(claim, blameless=True, not_within_s=500)
    found = await states.waiting(C, ONE.id)
    assert found.due_ms is not None
    assert not found.is_held


async def test_the_reply_and_the_entry_of_a_turn_are_found(
    store: RevisedStore, states: MessageStates
) -> None:
    await store.answer(ONE, TWO, reply="Weave.", posted=77)
    assert await states.shown(C, ONE.id) == Shown((77,))
    assert await states.shown(C, TWO.id) == Shown(())
    entry = await states.entry(C, TWO.id)
    assert entry is not None
    assert (entry.id, entry.reply) == (ONE.id, "Weave.")
    assert await states.entry(C, THREE.id) is None
