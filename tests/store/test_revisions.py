"""Edits and deletions, on a real Redis server."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.content import FileSource, Image
from bot.conversation.elements import TAKEN_OUT, question, render_user
from bot.conversation.errors import Fenced
from bot.conversation.history_files import files_of
from bot.conversation.message import Attachment, Mention, Message
from bot.store.claim import Idle
from bot.store.codec import Result
from bot.store.file_store import FileContent, FileStore
from bot.store.revisions import Change
from bot.store.turn_control import RegenerateResult
from tests.conversation.builders import BEN, turn
from tests.store.claims import lease_of
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


async def test_an_event_without_a_change_answers_nothing_again_that_an_older_version_has_stored(
    store: RevisedStore,
) -> None:
    done = await store.answer(ONE)
    record = KEYS.record(C, ONE.id)
    stored = json.loads(str(await store.redis.hget(record, "payload")))
    del stored["mentions"], stored["roles"]
    await store.redis.hset(record, "payload", json.dumps(stored))
    # The message was edited before it was received, as Discord says with each later event, such as for a pin.
    assert await store.edit(C, ONE, edited_ms=5) is Change.SAME
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=6) is Change.LAST
    assert (await store.claim()).turn_id == done.turn_id


async def test_an_edit_keeps_the_author_and_the_thread_that_a_message_opens(store: RevisedStore) -> None:
    opener = replace(ONE, opens="Looms")
    await store.hear(opener)
    await store.edit(C, replace(ONE, text="uno", author=BEN), edited_ms=5)
    assert (await store.claim()).batch.messages == (replace(opener, text="uno"),)


async def test_whom_an_edit_mentions_is_known_by_id_while_the_message_waits_and_in_the_history(
    store: RevisedStore,
) -> None:
    ann, ben = Mention(1, "Ann"), Mention(2, "Ben")
    first = replace(ONE, text="ask @Ann", mentions=(ann,))
    await store.hear(first)
    waiting = replace(first, text="ask @Ben", mentions=(ben,))
    assert await store.edit(C, waiting, edited_ms=5) is Change.WAITING
    assert (await store.answer()).batch.messages[0].mentions == (ann, ben)
    await store.answer(TWO, reply="second")
    carol = Mention(3, "Carol")
    assert (
        await store.edit(C, replace(first, text="ask @Carol", mentions=(carol,)), edited_ms=6) is Change.OLD
    )
    assert [known.mentions for known in (await store.history())[0].provenance] == [(ann, ben, carol)]


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


async def test_a_change_of_what_stays_committed_for_long_is_in_the_history_all_the_same(
    store: RevisedStore,
) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.post(claim, 77)
    await store.commit(claim, "answer")
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LATER
    assert await store.amend(C, replace(ONE, text="uno"), edited_ms=5)
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, claim.turn_id, "w1") is RegenerateResult.OK
    claim = await store.claim()
    assert [each.text for each in claim.batch.messages] == ["uno"]
    assert claim.earlier.entry is not None
    assert "uno" in claim.earlier.entry.user


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
    await files.keep(await lease_of(store.redis, KEYS, C), ONE.id, 9, FileContent((PICTURE,)))
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


async def test_of_a_message_that_is_deleted_while_its_file_is_read_no_file_is_left(
    store: RevisedStore,
) -> None:
    files = FileStore(store.redis, KEYS)
    await store.hear(ONE)
    lease = (await store.claim()).lease

    class Meanwhile(RevisedStore):
        """The worker stores a file just before it loses its lease."""

        async def _revise(self, *revision: Any, **named: Any) -> tuple[Change, int | None]:
            await files.keep(lease, ONE.id, 8, FileContent((PICTURE,)))
            return await super()._revise(*revision, **named)

    assert await Meanwhile(store.redis).delete(C, ONE.id) is Change.ANSWERING
    with pytest.raises(Fenced):
        await files.keep(lease, ONE.id, 9, FileContent((PICTURE,)))
    assert await files.contents(C) == {}


async def test_an_edit_that_comes_late_does_not_bring_a_deleted_message_back(store: RevisedStore) -> None:
    await store.answer(ONE)

    class Meanwhile(RevisedStore):
        """The message is deleted between two steps of the edit."""

        async def _edited(self, *edit: Any) -> tuple[Message, str]:
            found = await super()._edited(*edit)
            await store.delete(C, ONE.id)
            return found

    await Meanwhile(store.redis).amend(C, replace(ONE, text="edited"), edited_ms=5)
    assert await store.redis.hget(KEYS.record(C, ONE.id), "payload") is None


@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "unrecorded"])
@pytest.mark.parametrize("again", ["due", TWO.text], ids=["another text", "the first text"])
async def test_an_older_edit_that_comes_late_leaves_the_history_as_the_newer_one_has_made_it(
    store: RevisedStore, *, is_recorded: bool, again: str
) -> None:
    await store.answer(ONE, TWO)
    await store.answer(THREE)
    if not is_recorded:
        await store.redis.delete(KEYS.record(C, TWO.id))
    await store.edit(C, replace(TWO, text=again), edited_ms=2000)
    assert await store.edit(C, replace(TWO, text="in between"), edited_ms=1000) in (
        Change.SAME,
        Change.UNKNOWN,
    )
    assert not await store.amend(C, replace(TWO, text="in between"), edited_ms=1000)
    entry, _ = await store.history()
    assert entry.user == render_user([ONE, replace(TWO, text=again)])


async def test_an_older_edit_that_has_read_the_history_before_the_newer_one_changes_nothing(
    store: RevisedStore,
) -> None:
    await store.answer(ONE, TWO)
    await store.answer(THREE)

    class Meanwhile(RevisedStore):
        """The message is edited back between the two steps of an older edit."""

        async def _revise(self, *revision: Any, **named: Any) -> tuple[Change, int | None]:
            change = await super()._revise(*revision, **named)
            await store.edit(C, replace(TWO, text=TWO.text), edited_ms=2000)
            return change

    await Meanwhile(store.redis).edit(C, replace(TWO, text="in between"), edited_ms=1000)
    entry, _ = await store.history()
    assert entry.user == render_user([ONE, TWO])


async def test_an_older_edit_that_comes_late_does_not_undo_that_a_message_was_edited_back(
    store: RevisedStore,
) -> None:
    await store.hear(ONE)
    assert await store.edit(C, ONE, edited_ms=2000) is Change.SAME
    assert await store.edit(C, replace(ONE, text="in between"), edited_ms=1000) is Change.SAME
    assert (await store.claim()).batch.messages == (ONE,)


async def test_an_older_edit_leaves_the_record_of_an_amended_message(store: RevisedStore) -> None:
    done = await store.answer(ONE)
    assert await store.amend(C, replace(ONE, text="uno"), edited_ms=2000)
    assert not await store.amend(C, replace(ONE, text="in between"), edited_ms=1000)
    assert await store.edit(C, replace(ONE, text="in between"), edited_ms=1000) is Change.SAME
    assert await store.control.regenerate(C, done.turn_id, "w1") is RegenerateResult.OK
    assert [each.text for each in (await store.claim()).batch.messages] == ["uno"]


async def test_an_older_edit_does_not_answer_a_turn_again_that_a_newer_one_has_had_answered(
    store: RevisedStore,
) -> None:
    await store.answer(ONE)

    class Meanwhile(RevisedStore):
        """The message is edited again, and answered, between the two steps of an older edit."""

        async def _hold(self, *_hold: Any) -> None:
            if await store.edit(C, replace(ONE, text="due"), edited_ms=2000) is not Change.LAST:
                return
            await store.redis.hdel(KEYS.record(C, ONE.id), "hold")
            claim = await store.claim()
            await store.commit(claim, "again")
            await store.journal.acknowledge(claim, reconcile=False)

    edited = await Meanwhile(store.redis).edit(C, replace(ONE, text="in between"), edited_ms=1000)
    assert edited is Change.SAME
    assert (await store.control.status(C)).waiting == 0
    (entry,) = await store.history()
    assert entry.user == render_user([replace(ONE, text="due")])
