"""Deletions of messages: `revisions` and `journal` together, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.elements import render_user
from bot.conversation.errors import Fenced
from bot.store.claim import Claim, Idle
from bot.store.key_lifetimes import TOMBSTONE_S
from bot.store.revisions import Change
from bot.store.turn_control import RegenerateResult
from tests.store.stage import KEYS, ONE, THREE, TWO, C, RevisedStore


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def test_what_is_deleted_while_it_waits_is_not_answered(store: RevisedStore) -> None:
    await store.hear(ONE, TWO)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.WAITING, Change.SAME]
    assert (await store.claim()).batch.messages == (TWO,)


async def test_what_is_deleted_before_anybody_has_taken_it_in_is_not_answered(store: RevisedStore) -> None:
    assert [await store.tombstone(ONE.id, C) for _ in range(2)] == [True, True]
    await store.hear(ONE, TWO)
    assert (await store.claim()).batch.messages == (TWO,)
    places = [key async for key in store.redis.scan_iter(f"*{ONE.id}*:t:*")]
    assert places, "it may have been a mention that opens a thread of its own"


async def test_what_was_taken_in_just_before_its_deletion_is_found_by_it(store: RevisedStore) -> None:
    await store.hear(ONE)
    assert not await store.tombstone(ONE.id, C)
    assert await store.delete(C, ONE.id) is Change.WAITING
    assert await store.tombstone(ONE.id, C)


async def test_a_tombstone_expires_soon(store: RevisedStore) -> None:
    await store.tombstone(ONE.id, C)
    lives = [await store.redis.ttl(key) async for key in store.redis.scan_iter("*:t:*")]
    assert lives == [TOMBSTONE_S, TOMBSTONE_S]


async def test_what_is_deleted_before_anything_is_visible_leaves_the_turn_to_the_others(
    store: RevisedStore,
) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.post(claim, 77)
    again = await store.claim()
    assert (again.turn_id, again.batch.members, again.batch.messages) == (TWO.id, (TWO.id,), (TWO,))


async def test_what_is_deleted_while_its_answer_is_visible_leaves_a_turn_without_messages(
    store: RevisedStore,
) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.post(claim, 77)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.ANSWERING, Change.SAME]
    again = await store.claim()
    assert (again.batch.messages, again.attempt.replies) == ((), {0: 77})
    await store.journal.cancel(again)
    assert await store.journal.claim(C, "me") == Idle()
    assert await store.history() == []


async def test_an_edit_that_arrives_after_the_deletion_brings_nothing_back(store: RevisedStore) -> None:
    await store.hear(ONE, TWO)
    await store.post(await store.claim(), 77)
    assert await store.delete(C, TWO.id) is Change.ANSWERING
    assert await store.edit(C, replace(TWO, text="secret"), edited_ms=1) is Change.SAME
    assert (await store.claim()).batch.messages == (ONE,)


async def test_what_is_deleted_afterwards_leaves_the_history_and_is_not_regenerated(
    store: RevisedStore,
) -> None:
    done = await store.answer(ONE)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.OLD, Change.OLD]
    assert await store.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.GONE
    assert [entry.outcome for entry in await store.history()] == ["removed"]


async def test_a_deletion_is_carried_out_when_the_record_of_the_message_is_gone(store: RevisedStore) -> None:
    await store.answer(ONE, TWO)
    await store.redis.delete(KEYS.record(C, TWO.id))
    assert await store.conversations_of(TWO.id, C) == (C,)
    assert await store.delete(C, TWO.id) is Change.OLD
    (entry,) = await store.history()
    assert entry.user == render_user([ONE])


async def test_a_regeneration_of_what_is_deleted_meanwhile_leaves_no_entry(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.turn_id, "w1")
    claim = await store.claim()
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.commit(claim, "new")
    assert (await store.claim()).batch.messages == ()
    (entry,) = await store.redis.lrange(KEYS.history(C), 0, -1)
    assert "one" not in str(entry)


async def test_a_deleted_message_leaves_a_turn_that_begins_again(store: RevisedStore) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.journal.intend(claim, 0, 0)
    assert await store.delete(C, TWO.id) is Change.ANSWERING
    claim = await store.claim()
    assert claim.batch.members == (ONE.id, TWO.id)
    await store.journal.reopen(claim)
    await store.journal.release(claim, blameless=True)
    claim = await store.claim()
    assert claim.batch.members == (ONE.id,)
    await store.commit(claim, "answer")
    assert (await store.journal.acknowledge(claim, reconcile=False)).waiting == 0


async def test_what_joins_is_named_with_the_members_that_are_deleted(store: RevisedStore) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.redis.hdel(KEYS.record(C, TWO.id), "payload")
    await store.hear(THREE)
    joined = await store.journal.join(claim)
    assert joined == ((ONE.id, TWO.id, THREE.id), (ONE, THREE))


async def test_what_is_deleted_between_the_commit_and_the_end_is_forgotten_at_once(
    store: RevisedStore,
) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.post(claim, 77)
    await store.commit(claim, "answer")
    assert [await store.delete(C, TWO.id) for _ in range(2)] == [Change.OLD, Change.SAME]
    (entry,) = await store.redis.lrange(KEYS.history(C), 0, -1)
    assert "two" not in str(entry)
    assert (await store.claim()).batch.messages == (ONE,)
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    assert (await store.claim()).batch.messages == (ONE,)


class Overtaken(RevisedStore):
    """Has its turn taken up anew by somebody else as soon as that is possible."""

    overtaken: Claim | None = None

    async def _revise(self, *revision: Any, **named: Any) -> tuple[Change, int | None]:
        told = await super()._revise(*revision, **named)
        self.overtaken = await self.claim()
        return told


async def test_a_worker_that_claims_a_regeneration_never_reads_what_was_deleted(store: RevisedStore) -> None:
    quick = Overtaken(store.redis)
    done = await quick.answer(ONE, TWO)
    await quick.control.regenerate(C, done.turn_id, "w1")
    await quick.claim()
    assert await quick.delete(C, TWO.id) is Change.ANSWERING
    assert quick.overtaken is not None
    assert quick.overtaken.earlier.entry is not None
    assert quick.overtaken.earlier.entry.user == render_user([ONE])
