"""Edits and deletions, on a real Redis server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.content import FileSource, Image
from bot.conversation.elements import TAKEN_OUT, question, render_user
from bot.conversation.errors import Fenced
from bot.conversation.history_files import files_of
from bot.conversation.message import Attachment
from bot.store.claim import Claim, Idle, Later
from bot.store.codec import Result
from bot.store.file_store import FileContent, FileStore
from bot.store.keys import TOMBSTONE_S
from bot.store.revisions import LONGEST_PAUSE_MS, PAUSE_RESET_MS, Change
from bot.store.turn_control import RegenerateResult
from tests.conversation.builders import BEN, turn
from tests.store.stage import KEYS, ONE, THREE, TWO, C, RevisedStore


@pytest.fixture
def store(redis: Redis) -> RevisedStore:
    return RevisedStore(redis)


async def test_an_edit_of_what_waits_changes_the_inbox_and_counts_once(store: RevisedStore) -> None:
    await store.hear(ONE)
    edited = replace(ONE, text="uno")
    assert await store.edit(C, edited, edited_ms=5) is Change.WAITING
    assert await store.edit(C, edited, edited_ms=5) is Change.SAME
    assert await store.edit(C, replace(ONE, text="older"), edited_ms=4) is Change.SAME
    assert (await store.claim()).batch.messages == (edited,)


async def test_an_edit_of_what_is_answered_fences_the_holder_off(store: RevisedStore) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.post(claim, 77)
    edited = replace(TWO, text="due")
    assert await store.edit(C, edited, edited_ms=5) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.commit(claim, "stale")
    again = await store.claim()
    assert (again.turn_id, again.batch.messages, again.attempt.replies, again.attempt.number) == (
        ONE.id,
        (ONE, edited),
        {0: 77},
        1,
    )


async def test_an_edit_of_the_last_turn_regenerates_it_once(store: RevisedStore) -> None:
    await store.answer(ONE, TWO)
    edited = replace(ONE, text="uno")
    assert await store.edit(C, edited, edited_ms=5) is Change.LAST
    assert await store.edit(C, edited, edited_ms=5) is Change.SAME
    assert (await store.claim()).batch.messages == (edited, TWO)


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


async def test_an_edit_keeps_the_author_and_the_thread_that_a_message_opens(store: RevisedStore) -> None:
    opener = replace(ONE, opens="Looms")
    await store.hear(opener)
    await store.edit(C, replace(ONE, text="uno", author=BEN), edited_ms=5)
    assert (await store.claim()).batch.messages == (replace(opener, text="uno"),)


async def test_an_edit_of_an_older_turn_changes_its_entry_and_nothing_else(store: RevisedStore) -> None:
    await store.answer(ONE, TWO, reply="first")
    await store.answer(THREE, reply="second")
    assert await store.edit(C, replace(TWO, text="due"), edited_ms=5) is Change.OLD
    assert await store.edit(C, replace(TWO, text="due"), edited_ms=5) is Change.SAME
    assert await store.journal.claim(C, "me") == Idle()
    first, second = await store.history()
    assert first.user == render_user([ONE, replace(TWO, text="due")])
    assert (first.reply, second.reply) == ("first", "second")


async def test_an_edit_between_the_commit_and_the_end_is_to_be_tried_later(store: RevisedStore) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.commit(claim, "answer")
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LATER
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LAST


async def test_what_is_not_known_stays_unknown(store: RevisedStore) -> None:
    assert await store.edit(C, ONE, edited_ms=5) is Change.UNKNOWN
    assert await store.delete(C, ONE.id) is Change.UNKNOWN
    assert await store.conversations_of(ONE.id, C) == ()


async def test_an_edit_is_carried_out_when_the_record_of_the_message_is_gone(store: RevisedStore) -> None:
    await store.answer(ONE, TWO)
    await store.redis.delete(KEYS.record(C, TWO.id))
    edited = replace(TWO, text="due")
    assert await store.edit(C, edited, edited_ms=5) is Change.OLD
    assert await store.edit(C, edited, edited_ms=5) is Change.UNKNOWN
    (entry,) = await store.history()
    assert entry.user == render_user([ONE, edited])


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


async def test_a_change_of_what_stays_committed_for_long_is_in_the_history_all_the_same(
    store: RevisedStore,
) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.post(claim, 77)
    await store.commit(claim, "answer")
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LATER
    assert await store.amend(C, replace(ONE, text="uno"))
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    claim = await store.claim()
    assert [each.text for each in claim.batch.messages] == ["uno"]
    assert claim.earlier.entry is not None
    assert "uno" in claim.earlier.entry.user


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

    async def _revise(
        self, conversation: int, message: int, payload: str, edited_ms: int
    ) -> tuple[Change, int | None]:
        told = await super()._revise(conversation, message, payload, edited_ms)
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


PICTURE = Image(FileSource("file_1"), 2352, "a.png")


async def test_a_file_is_taken_out_of_the_history_and_of_what_a_regeneration_reads(
    store: RevisedStore,
) -> None:
    shown = replace(ONE, attachments=(Attachment(9, "a.png", "image/png", 4, blocks=(PICTURE,)),))
    await store.hear(ONE)
    claim = await store.claim()
    asked = question([shown])
    entry = replace(turn(0), id=claim.turn_id, members=(ONE.id,), sent=(asked, *turn(0).sent[1:]))
    await store.journal.commit(claim, entry, Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False)
    files = FileStore(store.redis, KEYS)
    await files.keep(C, ONE.id, 9, FileContent((PICTURE,)))
    (listed,) = files_of(entry)
    file = await store.file(C, listed.holder, listed.key)
    assert file == listed
    await store.hear(TWO)
    running = await store.claim()
    assert await store.take_out(C, file) == 0
    assert await files.contents(C) == {(ONE.id, 9): FileContent((), TAKEN_OUT)}
    (after,) = await store.history()
    assert files_of(after) == ()
    assert after.amended == running.turn_id, "its request holds the file"
    assert await store.file(C, listed.holder, listed.key) is None
    assert await store.take_out(C, file) is None
    assert await store.file(C, 7, listed.key) is None
