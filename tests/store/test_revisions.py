"""Regenerations and changes, on a real Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.conversation.message import Message
from bot.conversation.prompt import render_user
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Idle, Later
from bot.store.codec import Result
from bot.store.conversations import Conversations
from bot.store.journal import Done, Journal
from bot.store.keys import DONE_RECORD_S, TOMBSTONE_S, Keys
from bot.store.revisions import LONGEST_PAUSE_MS, PAUSE_RESET_MS, Change, Revisions
from bot.store.states import State
from bot.store.turn_control import RegenerateResult, TurnControl
from tests.conversation.builders import ANN, BEN, message, snowflake, turn

C = snowflake(5)
KEYS = Keys("test")
ONE, TWO, THREE = (message(text, number=10 + i) for i, text in enumerate(("one", "two", "three")))


class Store(Revisions):
    """All sides of the store at once."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, KEYS, ttl_s=1000)
        self.redis = redis
        self.control = TurnControl(redis, KEYS, ttl_s=1000)
        self.conversations = Conversations(redis, KEYS, ttl_s=1000)
        self.journal = Journal(redis, KEYS, ttl_s=1000, lease_s=5.0, reconcile_s=0.0)

    async def hear(self, *messages: Message) -> None:
        for one in messages:
            await self.conversations.receive(C, one, source="event", facts={"guild": 1})

    async def claim(self) -> Claim:
        claim = await self.journal.claim(C, "me")
        assert isinstance(claim, Claim)
        return claim

    async def post(self, claim: Claim, *ids: int) -> None:
        for part, id_ in enumerate(ids):
            await self.journal.intend(claim, part, 0)
            await self.journal.posted(claim, part, id_)

    async def commit(self, claim: Claim, reply: str) -> None:
        entry = replace(
            turn(0, user=render_user(claim.messages), reply=reply),
            id=claim.lead,
            members=tuple(each.id for each in claim.messages),
        )
        await self.journal.commit(claim, entry, Result(reply), cut=0)

    async def answer(self, *messages: Message, reply: str = "answer", posted: int = 77) -> Claim:
        await self.hear(*messages)
        claim = await self.claim()
        await self.post(claim, posted)
        await self.commit(claim, reply)
        await self.journal.acknowledge(claim, reconcile=False, buttons=posted)
        return claim

    async def history(self) -> list[Turn]:
        await self.hear(message("what is left?", number=99))
        return [*(await self.claim()).history]


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[Store]:
    client: Redis = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield Store(client)
    await client.aclose()


# Anew


async def test_the_last_turn_waits_again_with_its_messages_and_those_of_its_reply(store: Store) -> None:
    done = await store.answer(ONE, TWO)
    assert await store.control.regenerate(C, done.lead, "w1") is RegenerateResult.OK
    claim = await store.claim()
    assert (claim.lead, claim.messages, claim.replies) == (ONE.id, (ONE, TWO), {0: 77})
    assert (claim.state, claim.again, claim.tries, claim.in_doubt) == (State.POSTED, 1, 1, ())
    assert claim.own is not None
    assert claim.own.reply == "answer"
    assert claim.history == ()


async def test_the_new_answer_takes_the_place_of_the_old_one_in_the_history(store: Store) -> None:
    await store.answer(ONE, reply="first")
    done = await store.answer(TWO, reply="old")
    for number in range(3):
        await store.control.regenerate(C, done.lead, f"w{number}")
        claim = await store.claim()
        await store.commit(claim, f"new {number}")
        await store.commit(claim, f"new {number}")
        await store.journal.acknowledge(claim, reconcile=False)
    assert [entry.reply for entry in await store.history()] == ["first", "new 2"]


async def test_the_same_wish_counts_once_and_another_waits_for_the_end(store: Store) -> None:
    done = await store.answer(ONE)
    assert [await store.control.regenerate(C, done.lead, wish) for wish in ("w1", "w1", "w2")] == [
        RegenerateResult.OK,
        RegenerateResult.OK,
        RegenerateResult.BUSY,
    ]
    claim = await store.claim()
    await store.commit(claim, "new")
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, done.lead, "w1") is RegenerateResult.OK
    assert await store.journal.claim(C, "me") == Idle()


async def test_only_the_last_turn_is_done_anew_and_none_while_something_waits(store: Store) -> None:
    first = await store.answer(ONE)
    second = await store.answer(TWO)
    assert await store.control.regenerate(C, first.lead, "w1") is RegenerateResult.OLD
    await store.hear(THREE)
    assert await store.control.regenerate(C, second.lead, "w2") is RegenerateResult.BUSY


async def test_what_was_reset_is_not_done_anew_and_its_words_are_gone(store: Store) -> None:
    done = await store.answer(ONE)
    await store.conversations.reset(C, before=snowflake(50))
    assert await store.control.regenerate(C, done.lead, "w1") is RegenerateResult.OLD
    assert not await store.redis.hexists(KEYS.record(C, ONE.id), "payload")
    assert not await store.redis.exists(KEYS.result(C, ONE.id))


async def test_only_the_last_turn_keeps_its_words_beside_the_history(store: Store) -> None:
    await store.answer(ONE)
    await store.answer(TWO)
    held = [await store.redis.hexists(KEYS.record(C, each.id), "payload") for each in (ONE, TWO)]
    assert held == [False, True]


async def test_a_continuation_says_so_and_the_next_round_forgets_it(store: Store) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.lead, "w1", continues=True)
    claim = await store.claim()
    assert claim.more
    assert claim.cut_off == claim.own
    await store.commit(claim, "answer and more")
    await store.journal.acknowledge(claim, reconcile=False)
    await store.control.regenerate(C, done.lead, "w2")
    assert not (await store.claim()).more


async def test_older_replies_are_told_to_lose_their_buttons_until_they_have(store: Store) -> None:
    await store.answer(ONE, posted=71)
    await store.hear(TWO)
    claim = await store.claim()
    await store.commit(claim, "two")
    for _ in range(2):
        assert await store.journal.acknowledge(claim, reconcile=False, buttons=72) == Done(0, (71,))
    await store.hear(THREE)
    claim = await store.claim()
    await store.commit(claim, "three")
    assert await store.journal.acknowledge(claim, reconcile=False, buttons=73) == Done(0, (71, 72))
    await store.journal.buttons_removed(C, [71])
    await store.journal.buttons_removed(C, [71, 72])
    assert await store.redis.hget(KEYS.meta(C), "stale") is None


async def test_the_last_turn_is_known_as_long_as_its_conversation_and_older_ones_for_a_week(
    store: Store,
) -> None:
    year_s = 365 * 24 * 3600
    store.journal = Journal(store.redis, KEYS, ttl_s=year_s, lease_s=5.0, reconcile_s=0.0)

    async def lifetimes_s() -> list[int]:
        found = [await store.redis.ttl(KEYS.record(C, each.id)) for each in (ONE, TWO, THREE)]
        return [round(each, -1) for each in found]

    await store.answer(ONE, TWO)
    assert (await lifetimes_s())[:2] == [year_s, year_s]
    await store.answer(THREE)
    assert await lifetimes_s() == [DONE_RECORD_S, DONE_RECORD_S, year_s]
    await store.conversations.reset(C, before=snowflake(50))
    assert await lifetimes_s() == [DONE_RECORD_S, DONE_RECORD_S, DONE_RECORD_S]


async def test_a_last_turn_whose_record_is_gone_is_none(store: Store) -> None:
    await store.answer(ONE)
    await store.redis.delete(KEYS.record(C, ONE.id))
    assert (await store.control.status(C)).last is None


# Stop


async def test_a_stop_is_seen_with_the_next_renewal_and_by_whoever_takes_over(store: Store) -> None:
    assert await store.control.stop(C) is None
    await store.hear(ONE)
    assert await store.control.stop(C) is None
    claim = await store.claim()
    assert await store.journal.renew(claim) is False
    assert await store.control.stop(C, TWO.id) is None
    assert await store.control.stop(C, ONE.id) == ONE.id
    assert await store.journal.renew(claim) is True
    await store.journal.release(claim, blameless=True)
    assert (await store.claim()).stopped


async def test_a_stop_ends_one_round_and_not_the_next(store: Store) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.control.stop(C)
    await store.commit(claim, "half")
    assert await store.control.stop(C) is None
    await store.journal.acknowledge(claim, reconcile=False)
    await store.control.regenerate(C, claim.lead, "w1")
    assert not (await store.claim()).stopped


async def test_how_a_conversation_stands_names_who_asked_and_what_was_posted(store: Store) -> None:
    await store.answer(ONE, replace(TWO, author=BEN), posted=77)
    await store.hear(THREE)
    await store.claim()
    standing = await store.control.status(C)
    assert standing.last is not None
    assert (standing.last.turn_id, standing.last.askers, standing.last.replies) == (
        ONE.id,
        frozenset({ANN.id, BEN.id}),
        (77,),
    )
    assert standing.running is not None
    assert (standing.running.turn_id, standing.running.state, standing.waiting) == (
        THREE.id,
        State.CLAIMED,
        1,
    )


async def test_who_asked_is_known_although_the_question_is_deleted(store: Store) -> None:
    await store.answer(ONE, replace(TWO, author=BEN), posted=77)
    await store.delete(C, ONE.id)
    await store.delete(C, TWO.id)
    standing = await store.control.status(C)
    assert standing.last is not None
    assert standing.last.askers == {ANN.id, BEN.id}
    assert await store.control.regenerate(C, standing.last.turn_id, "w1") is RegenerateResult.GONE


async def test_who_asked_is_known_of_what_an_earlier_version_received(store: Store) -> None:
    await store.answer(ONE)
    await store.redis.hdel(KEYS.record(C, ONE.id), "author")
    standing = await store.control.status(C)
    assert standing.last is not None
    assert standing.last.askers == {ANN.id}


# Edits


async def test_an_edit_of_what_waits_changes_the_inbox_and_counts_once(store: Store) -> None:
    await store.hear(ONE)
    edited = replace(ONE, text="uno")
    assert await store.edit(C, edited, edited_ms=5) is Change.WAITING
    assert await store.edit(C, edited, edited_ms=5) is Change.SAME
    assert await store.edit(C, replace(ONE, text="older"), edited_ms=4) is Change.SAME
    assert (await store.claim()).messages == (edited,)


async def test_an_edit_of_what_is_answered_fences_the_holder_off(store: Store) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.post(claim, 77)
    edited = replace(TWO, text="due")
    assert await store.edit(C, edited, edited_ms=5) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.commit(claim, "stale")
    again = await store.claim()
    assert (again.lead, again.messages, again.replies, again.tries) == (ONE.id, (ONE, edited), {0: 77}, 1)


async def test_an_edit_of_the_last_turn_has_it_done_anew_once(store: Store) -> None:
    await store.answer(ONE, TWO)
    edited = replace(ONE, text="uno")
    assert await store.edit(C, edited, edited_ms=5) is Change.LAST
    assert await store.edit(C, edited, edited_ms=5) is Change.SAME
    assert (await store.claim()).messages == (edited, TWO)


async def edited_at(store: Store, text: str, edited_ms: int) -> Change:
    """Have the first message edited."""
    return await store.edit(C, replace(ONE, text=text), edited_ms=edited_ms)


async def pass_by(store: Store, ms: int) -> None:
    """Let time pass for the turn: what is noted of it was noted earlier."""
    key = KEYS.record(C, ONE.id)
    hold = int(str(await store.redis.hget(key, "hold")))
    await store.redis.hset(key, "hold", str(hold - ms))


async def finish(store: Store, claim: Claim) -> None:
    """Answer what was claimed."""
    await store.post(claim, 77)
    await store.commit(claim, "anew")
    await store.journal.acknowledge(claim, reconcile=False, buttons=77)


async def test_edits_after_the_first_wait_for_a_pause_that_grows_and_the_last_text_counts(
    store: Store,
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
        assert [each.text for each in claim.messages] == [f"{number} more"]
        await finish(store, claim)
        await pass_by(store, -LONGEST_PAUSE_MS + round(later.in_s * 1000))
    assert waits == [4, 8, 16, 32, 60, 60, 60]
    await pass_by(store, PAUSE_RESET_MS + 1)
    await edited_at(store, "much later", 1000)
    assert isinstance(await store.journal.claim(C, "me"), Claim)


async def test_edits_at_the_same_moment_lose_none_and_the_last_text_counts(store: Store) -> None:
    await store.answer(ONE)
    await asyncio.gather(*(edited_at(store, f"{number}", number) for number in range(1, 7)))
    await pass_by(store, LONGEST_PAUSE_MS)
    assert [each.text for each in (await store.claim()).messages] == ["6"]


async def test_edits_of_what_is_being_answered_wait_as_well(store: Store) -> None:
    await store.hear(ONE)
    await store.claim()
    assert await edited_at(store, "1", 1) is Change.ANSWERING
    await store.post(await store.claim(), 77)
    assert await edited_at(store, "2", 2) is Change.ANSWERING
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await edited_at(store, "2", 2) is Change.SAME, "another instance has heard of it, too"
    assert isinstance(await store.journal.claim(C, "another"), Later), "as after a restart"
    await pass_by(store, LONGEST_PAUSE_MS)
    assert [each.text for each in (await store.claim()).messages] == ["2"]


async def test_nothing_else_waits_for_the_pause_of_an_edit(store: Store) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    await store.hear(TWO)
    assert (await store.claim()).lead == ONE.id


async def test_who_keeps_editing_while_something_else_waits_is_not_answered_each_time(store: Store) -> None:
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
    assert [each.text for each in (await store.claim()).messages] == ["14"]


async def test_a_stop_does_not_wait_for_the_pause_of_an_edit(store: Store) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await store.control.stop(C) == ONE.id
    assert (await store.claim()).stopped


async def test_a_deletion_does_not_wait_for_the_pause_of_an_edit(store: Store) -> None:
    await store.answer(ONE)
    await edited_at(store, "1", 1)
    await finish(store, await store.claim())
    await edited_at(store, "2", 2)
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    assert not (await store.claim()).messages


async def test_an_edit_keeps_the_author_and_the_thread_that_a_message_opens(store: Store) -> None:
    opener = replace(ONE, opens="Looms")
    await store.hear(opener)
    await store.edit(C, replace(ONE, text="uno", author=BEN), edited_ms=5)
    assert (await store.claim()).messages == (replace(opener, text="uno"),)


async def test_an_edit_of_an_older_turn_changes_its_entry_and_nothing_else(store: Store) -> None:
    await store.answer(ONE, TWO, reply="first")
    await store.answer(THREE, reply="second")
    assert await store.edit(C, replace(TWO, text="due"), edited_ms=5) is Change.OLD
    assert await store.edit(C, replace(TWO, text="due"), edited_ms=5) is Change.SAME
    assert await store.journal.claim(C, "me") == Idle()
    first, second = await store.history()
    assert first.user == render_user([ONE, replace(TWO, text="due")])
    assert (first.reply, second.reply) == ("first", "second")


async def test_an_edit_between_the_commit_and_the_end_is_to_be_tried_later(store: Store) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.commit(claim, "answer")
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LATER
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LAST


async def test_what_is_not_known_stays_unknown(store: Store) -> None:
    assert await store.edit(C, ONE, edited_ms=5) is Change.UNKNOWN
    assert await store.delete(C, ONE.id) is Change.UNKNOWN
    assert await store.conversations_of(ONE.id, C) == ()


async def test_an_edit_is_carried_out_when_the_record_of_the_message_is_gone(store: Store) -> None:
    await store.answer(ONE, TWO)
    await store.redis.delete(KEYS.record(C, TWO.id))
    edited = replace(TWO, text="due")
    assert await store.edit(C, edited, edited_ms=5) is Change.OLD
    assert await store.edit(C, edited, edited_ms=5) is Change.UNKNOWN
    (entry,) = await store.history()
    assert entry.user == render_user([ONE, edited])


# Deletions


async def test_what_is_deleted_while_it_waits_is_not_answered(store: Store) -> None:
    await store.hear(ONE, TWO)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.WAITING, Change.SAME]
    assert (await store.claim()).messages == (TWO,)


async def test_what_is_deleted_before_anybody_has_taken_it_in_is_not_answered(store: Store) -> None:
    assert [await store.tombstone(ONE.id, C) for _ in range(2)] == [True, True]
    await store.hear(ONE, TWO)
    assert (await store.claim()).messages == (TWO,)
    places = [key async for key in store.redis.scan_iter(f"*{ONE.id}*:t:*")]
    assert places, "it may have been a mention that opens a thread of its own"


async def test_what_was_taken_in_just_before_its_deletion_is_found_by_it(store: Store) -> None:
    await store.hear(ONE)
    assert not await store.tombstone(ONE.id, C)
    assert await store.delete(C, ONE.id) is Change.WAITING
    assert await store.tombstone(ONE.id, C)


async def test_what_was_buried_is_forgotten_soon(store: Store) -> None:
    await store.tombstone(ONE.id, C)
    lives = [await store.redis.ttl(key) async for key in store.redis.scan_iter("*:t:*")]
    assert lives == [TOMBSTONE_S, TOMBSTONE_S]


async def test_what_is_deleted_before_anything_is_visible_leaves_the_turn_to_the_others(store: Store) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.post(claim, 77)
    again = await store.claim()
    assert (again.lead, again.members, again.messages) == (TWO.id, (TWO.id,), (TWO,))


async def test_what_is_deleted_while_its_answer_is_visible_leaves_a_turn_without_messages(
    store: Store,
) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.post(claim, 77)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.ANSWERING, Change.SAME]
    again = await store.claim()
    assert (again.messages, again.replies) == ((), {0: 77})
    await store.journal.cancel(again)
    assert await store.journal.claim(C, "me") == Idle()
    assert await store.history() == []


async def test_an_edit_that_is_told_after_the_deletion_brings_nothing_back(store: Store) -> None:
    await store.hear(ONE, TWO)
    await store.post(await store.claim(), 77)
    assert await store.delete(C, TWO.id) is Change.ANSWERING
    assert await store.edit(C, replace(TWO, text="secret"), edited_ms=1) is Change.SAME
    assert (await store.claim()).messages == (ONE,)


async def test_what_is_deleted_afterwards_leaves_the_history_and_cannot_be_done_anew(store: Store) -> None:
    done = await store.answer(ONE)
    assert [await store.delete(C, ONE.id) for _ in range(2)] == [Change.OLD, Change.OLD]
    assert await store.control.regenerate(C, done.lead, "w1") is RegenerateResult.GONE
    assert [entry.outcome for entry in await store.history()] == ["removed"]


async def test_a_deletion_is_carried_out_when_the_record_of_the_message_is_gone(store: Store) -> None:
    await store.answer(ONE, TWO)
    await store.redis.delete(KEYS.record(C, TWO.id))
    assert await store.conversations_of(TWO.id, C) == (C,)
    assert await store.delete(C, TWO.id) is Change.OLD
    (entry,) = await store.history()
    assert entry.user == render_user([ONE])


async def test_a_round_anew_of_what_is_deleted_meanwhile_leaves_no_entry(store: Store) -> None:
    done = await store.answer(ONE)
    await store.control.regenerate(C, done.lead, "w1")
    claim = await store.claim()
    assert await store.delete(C, ONE.id) is Change.ANSWERING
    with pytest.raises(Fenced):
        await store.commit(claim, "new")
    assert (await store.claim()).messages == ()
    (entry,) = await store.redis.lrange(KEYS.history(C), 0, -1)
    assert "one" not in str(entry)


async def test_what_was_deleted_leaves_a_turn_that_begins_anew(store: Store) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.journal.intend(claim, 0, 0)
    assert await store.delete(C, TWO.id) is Change.ANSWERING
    claim = await store.claim()
    assert claim.members == (ONE.id, TWO.id)
    await store.journal.reopen(claim)
    await store.journal.release(claim, blameless=True)
    claim = await store.claim()
    assert claim.members == (ONE.id,)
    await store.commit(claim, "answer")
    assert (await store.journal.acknowledge(claim, reconcile=False)).waiting == 0


async def test_what_joins_is_named_with_the_members_that_are_deleted(store: Store) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.redis.hdel(KEYS.record(C, TWO.id), "payload")
    await store.hear(THREE)
    joined = await store.journal.join(claim)
    assert joined == ((ONE.id, TWO.id, THREE.id), (ONE, THREE))


async def test_a_message_that_carries_the_buttons_again_does_not_lose_them(store: Store) -> None:
    done = await store.answer(ONE, posted=71)
    for number, buttons, left in ((1, 72, (71,)), (2, 71, (72,))):
        await store.control.regenerate(C, done.lead, f"w{number}")
        claim = await store.claim()
        await store.commit(claim, "new")
        assert (
            await store.journal.acknowledge(claim, reconcile=False, buttons=buttons)
        ).stale_buttons == left
        assert await store.journal.stale_buttons(C) == frozenset(left)


async def test_the_messages_of_a_reply_that_is_written_anew_keep_the_buttons_they_get(store: Store) -> None:
    await store.answer(ONE, posted=71)
    done = await store.answer(TWO, posted=72)
    await store.redis.hset(KEYS.meta(C), "stale", "71 72")
    await store.control.regenerate(C, done.lead, "w1")
    assert await store.journal.stale_buttons(C) == {71}


async def test_a_renewal_that_comes_after_the_release_revives_nothing(store: Store) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.journal.release(claim, blameless=True)
    assert await store.journal.renew(claim) is False
    assert isinstance(await store.journal.claim(C, "other"), Claim)


async def test_a_change_of_what_stays_committed_for_long_is_in_the_history_all_the_same(store: Store) -> None:
    await store.hear(ONE)
    claim = await store.claim()
    await store.post(claim, 77)
    await store.commit(claim, "answer")
    assert await store.edit(C, replace(ONE, text="uno"), edited_ms=5) is Change.LATER
    assert await store.amend(C, replace(ONE, text="uno"))
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, claim.lead, "w1") is RegenerateResult.OK
    claim = await store.claim()
    assert [each.text for each in claim.messages] == ["uno"]
    assert claim.own is not None
    assert "uno" in claim.own.user


async def test_what_is_deleted_between_the_commit_and_the_end_is_forgotten_at_once(store: Store) -> None:
    await store.hear(ONE, TWO)
    claim = await store.claim()
    await store.post(claim, 77)
    await store.commit(claim, "answer")
    assert [await store.delete(C, TWO.id) for _ in range(2)] == [Change.OLD, Change.SAME]
    (entry,) = await store.redis.lrange(KEYS.history(C), 0, -1)
    assert "two" not in str(entry)
    assert (await store.claim()).messages == (ONE,)
    await store.journal.acknowledge(claim, reconcile=False)
    assert await store.control.regenerate(C, claim.lead, "w1") is RegenerateResult.OK
    assert (await store.claim()).messages == (ONE,)


class Overtaken(Store):
    """Has its turn taken up anew by somebody else as soon as that is possible."""

    overtaken: Claim | None = None

    async def _revise(
        self, conversation: int, message: int, payload: str, edited_ms: int
    ) -> tuple[Change, int | None]:
        told = await super()._revise(conversation, message, payload, edited_ms)
        self.overtaken = await self.claim()
        return told


async def test_who_takes_a_round_up_again_never_reads_what_was_deleted(store: Store) -> None:
    quick = Overtaken(store.redis)
    done = await quick.answer(ONE, TWO)
    await quick.control.regenerate(C, done.lead, "w1")
    await quick.claim()
    assert await quick.delete(C, TWO.id) is Change.ANSWERING
    assert quick.overtaken is not None
    assert quick.overtaken.own is not None
    assert quick.overtaken.own.user == render_user([ONE])
