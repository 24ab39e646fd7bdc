"""The pause before a reply to an edit: `revisions` and `journal` together, on a real Redis server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.store.claim import Claim, Later
from bot.store.revisions import LONGEST_PAUSE_MS, PAUSE_RESET_MS, Change
from tests.store.stage import KEYS, ONE, TWO, C, RevisedStore


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def edited_at(store: RevisedStore, text: str, edited_ms: int) -> Change:
    """Have the first message edited."""
    return await store.edit(C, replace(ONE, text=text), edited_ms=edited_ms)


async def pass_by(store: RevisedStore, ms: int) -> None:
    """Let time pass for the turn: what is noted of it was noted earlier."""
    key = KEYS.record(C, ONE.id)
    hold = int(str(await store.redis.hget(key, "hold")))
    await store.redis.hset(key, "hold", str(hold - ms))


async def finish(store: RevisedStore, claim: Claim) -> None:
    """Answer what was claimed."""
    await store.post(claim, 77)
    await store.commit(claim, "anew")
    await store.journal.acknowledge(claim, reconcile=False, buttons=77)


async def test_edits_after_the_first_wait_for_a_pause_that_grows_and_the_last_text_counts(
    store: RevisedStore,
) -> None:
    await store.answer(ONE)
    assert await edited_at(store, "1", 1) is Change.LAST
    await finish(store, await store.claim())
    waits = []
    for number in range(2, 9):
        assert await edited_at(store, f"{number}", number * 10) is Change.LAST
        assert await edited_at(store, f"{number} more", number * 10 + 1) is Change.ANSWERING
        later = await store.journal.claim(C, "me")
        assert isinstance(later, Later)
        waits.append(round(later.in_s))
        await pass_by(store, LONGEST_PAUSE_MS)
        claim = await store.claim()
        assert [each.text for each in claim.batch.messages] == [f"{number} more"]
        await finish(store, claim)
        await pass_by(store, -LONGEST_PAUSE_MS + round(later.in_s * 1000))
    assert waits == [4, 8, 16, 32, 60, 60, 60]
    await pass_by(store, PAUSE_RESET_MS + 1)
    await edited_at(store, "much later", 1000)
    assert isinstance(await store.journal.claim(C, "me"), Claim)


async def test_edits_at_the_same_moment_lose_none_and_the_last_text_counts(store: RevisedStore) -> None:
    await store.answer(ONE)
    await asyncio.gather(*(edited_at(store, f"{number}", number) for number in range(1, 7)))
    await pass_by(store, LONGEST_PAUSE_MS)
    assert [each.text for each in (await store.claim()).batch.messages] == ["6"]


async def test_edits_of_what_is_being_answered_wait_as_well(store: RevisedStore) -> None:
    await store.hear(ONE)
    await store.claim()
    assert await edited_at(store, "1", 1) is Change.ANSWERING
    await store.post(await store.claim(), 77)
    assert await edited_at(store, "2", 2) is Change.ANSWERING
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await edited_at(store, "2", 2) is Change.SAME, "another instance has heard of it, too"
    assert isinstance(await store.journal.claim(C, "another"), Later), "as after a restart"
    await pass_by(store, LONGEST_PAUSE_MS)
    assert [each.text for each in (await store.claim()).batch.messages] == ["2"]


async def test_nothing_else_waits_for_the_pause_of_an_edit(store: RevisedStore) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    await store.hear(TWO)
    assert (await store.claim()).turn_id == ONE.id


async def test_who_keeps_editing_while_something_else_waits_is_not_answered_each_time(
    store: RevisedStore,
) -> None:
    await store.answer(ONE)
    await edited_at(store, "0", 1)
    await store.claim()
    await store.hear(TWO)
    taken_up = 0
    for number in range(1, 15):
        assert await edited_at(store, f"{number}", number * 10) is Change.ANSWERING
        taken_up += isinstance(await store.journal.claim(C, "me"), Claim)
    assert taken_up == 1
    await pass_by(store, LONGEST_PAUSE_MS)
    assert [each.text for each in (await store.claim()).batch.messages] == ["14"]


async def test_a_stop_does_not_wait_for_the_pause_of_an_edit(store: RevisedStore) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await store.control.stop(C) == ONE.id
    assert (await store.claim()).attempt.stopped


async def test_a_deletion_does_not_wait_for_the_pause_of_an_edit(store: RevisedStore) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    assert not (await store.claim()).batch.messages
