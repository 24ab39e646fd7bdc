"""The inbox, metadata and high-water marks of conversations, on a real Redis server."""

from __future__ import annotations

import contextlib

import pytest
from redis.asyncio import Redis

from bot.conversation.content import Text
from bot.conversation.errors import Fenced, StoreUnavailable
from bot.conversation.message import created_ms
from bot.conversation.request import PromptMessage
from bot.store.claim import Idle, UnreadableConversation
from bot.store.codec import Result
from bot.store.keys import Keys
from bot.store.tool_steps import ToolStep, ToolSteps
from tests.conversation.builders import message, snowflake
from tests.store.outage import Outage, without_expiry
from tests.store.stage import (
    CHANNEL_FIELDS,
    KEYS,
    C,
    Store,
    answered,
    claimed,
    receive,
)
from tests.store.test_content import everything


async def test_a_message_is_taken_in_once_however_often_it_is_delivered(store: Store) -> None:
    hello = message("hello")
    assert await receive(store, hello, hello, hello) == [True, False, False]
    claim = await claimed(store)
    assert claim.batch.messages == (hello,)


async def test_what_is_known_of_a_channel_expires_wherever_its_writing_is_interrupted(
    store: Store, redis: Redis
) -> None:
    for commands in range(len(CHANNEL_FIELDS) + 1):
        with Outage(redis, commands), contextlib.suppress(StoreUnavailable):
            await store.introduce(C, CHANNEL_FIELDS)
        assert not await without_expiry(redis, KEYS.meta(C)), commands
    assert await redis.hgetall(KEYS.meta(C)) == {name: str(each) for name, each in CHANNEL_FIELDS.items()}


async def test_a_message_is_taken_in_by_a_server_that_does_not_know_the_script(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("first", number=1))
    await redis.script_flush()
    second = message("second", number=2)
    assert await receive(store, second) == [True]
    assert await redis.zscore(KEYS.work, str(C)) == created_ms(second.id) + 1
    assert await redis.zscore(KEYS.known, str(C)) == created_ms(second.id)


async def test_a_message_that_fails_to_be_taken_in_leaves_its_conversation_in_the_queue(
    store: Store, redis: Redis
) -> None:
    await redis.set(KEYS.pending(C), "no sorted set")
    with pytest.raises(StoreUnavailable) as failure:
        await receive(store, message("secret"))
    assert await redis.zscore(KEYS.work, str(C)) is not None
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("field", ["cost", "pins", "places", "pinned_now"])
async def test_where_a_conversation_takes_place_is_known_though_another_version_wrote_the_rest(
    store: Store, redis: Redis, field: str
) -> None:
    await receive(store, message("hello", number=1))
    await redis.hset(Keys("test").meta(C), field, "1.5")
    assert isinstance(await store.journal.claim(C, "me"), UnreadableConversation)
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.guild, meta.parent, meta.starter) == (1, 2, 3)


@pytest.mark.parametrize("mentioned", [False, True])
async def test_a_reset_leaves_no_thread_again_into_which_the_bot_was_mentioned_since(
    store: Store, mentioned: bool
) -> None:
    await store.introduce(C, {"guild": 1, "joined": 1})
    await store.leave(C, snowflake(10))
    if mentioned:
        await store.introduce(C, {"joined": snowflake(11)})
    await store.reset(C, before=snowflake(12))
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.left, meta.joined) == (None if mentioned else snowflake(10), None)


@pytest.mark.parametrize(("mentioned", "joined"), [(9, None), (11, 11)])
@pytest.mark.parametrize("first", ["leave", "mention"])
async def test_only_a_mention_from_after_the_leave_lets_the_bot_join_again_whichever_the_store_hears_of_first(
    store: Store, first: str, mentioned: int, joined: int | None
) -> None:
    mention = message("hello", number=mentioned)

    async def leave() -> None:
        await store.leave(C, snowflake(10))

    async def receive_mention() -> None:
        await store.receive(C, mention, source="listing", channel_fields={"joined": mention.id})

    await store.receive(C, message("hello", number=8), source="event", channel_fields={"guild": 1})
    steps = [leave, receive_mention] if first == "leave" else [receive_mention, leave]
    for step in (*steps, *steps):  # each may be repeated
        await step()
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.left, meta.joined) == (snowflake(10), None if joined is None else snowflake(joined))


async def test_whether_a_leave_changes_anything_is_told(store: Store) -> None:
    await store.receive(C, message("hello", number=8), source="event", channel_fields={"guild": 1})
    assert await store.leave(C, snowflake(10))
    assert await store.leave(C, snowflake(10))  # the same one again, whose answer was lost
    assert not await store.leave(C, snowflake(11))
    await store.introduce(C, {"joined": snowflake(12)})
    assert await store.leave(C, snowflake(13))
    assert not await store.leave(C, snowflake(14))
    await store.introduce(C, {"joined": snowflake(16)})
    assert not await store.leave(C, snowflake(15))  # the mention from after it stays in force


async def test_a_reset_forgets_and_fences_off_a_running_turn(store: Store, redis: Redis) -> None:
    await receive(store, message("hello", number=10))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=False)
    await receive(store, message("more", number=11))
    running = await claimed(store)
    await store.journal.intend(running, 0, 1)
    await store.journal.posted(running, 0, 77)
    assert await store.reset(C, before=snowflake(12)) == (1, ((C, 77),))
    with pytest.raises(Fenced):
        await store.journal.commit(running, answered(running), Result("late"), window_start=0)
    assert await store.journal.claim(C, "me") == Idle()
    assert await receive(store, message("repeated", number=9), message("new", number=13)) == [
        None,
        True,
    ]
    fresh = await claimed(store)
    assert fresh.history == ()
    assert fresh.meta.starter == 3


@pytest.mark.parametrize("runs", [False, True])
async def test_a_reset_leaves_no_word_of_the_conversation_in_the_store(
    store: Store, redis: Redis, runs: bool
) -> None:
    word = "marzipan"
    steps = ToolSteps(redis, KEYS)
    for number in (10, 11):
        await receive(store, message(word, number=number))
        claim = await claimed(store)
        await steps.add(claim, 0, ToolStep(PromptMessage("assistant", (Text(word),)), word))
        if runs and number == 11:
            break
        await store.journal.commit(claim, answered(claim, word), Result(word), window_start=0)
        await store.journal.acknowledge(claim, reconcile=False)
    assert word in await everything(redis)
    await store.reset(C, before=snowflake(12))
    assert word not in await everything(redis)


async def test_a_mark_moves_only_from_where_it_was_and_over_messages_that_are_known(store: Store) -> None:
    known, lost = message("hello", number=10), message("lost", number=11)
    await receive(store, known)
    assert await store.marks([C]) == (None,)
    assert not await store.advance(C, before=5, after=known.id, listed=[(C, known.id)])
    assert await store.advance(C, before=None, after=known.id, listed=[(C, known.id)])
    assert not await store.advance(C, before=known.id, after=lost.id, listed=[(C, lost.id)])
    assert await store.marks([C, 1]) == (known.id, None)


async def test_the_mark_of_a_channel_moves_only_over_mentions_that_are_known(store: Store) -> None:
    channel, known, lost = snowflake(1), message("hello", number=10), message("lost", number=11)
    await store.receive(known.id, known, source="listing", channel_fields=CHANNEL_FIELDS)
    listed = [(known.id, known.id)]
    assert await store.advance(channel, before=None, after=known.id, listed=listed)
    listed += [(lost.id, lost.id)]
    assert not await store.advance(channel, before=known.id, after=lost.id, listed=listed)
    assert await store.marks([channel]) == (known.id,)


async def test_a_channel_is_listed_again_from_a_message_on_and_never_from_a_later_one(store: Store) -> None:
    await store.list_again(C, 50)
    assert await store.marks([C]) == (None,), "a channel without a mark is listed from the beginning"
    await store.advance(C, before=None, after=100, listed=())
    for message_id, mark in ((101, 100), (100, 99), (50, 49), (70, 49)):
        await store.list_again(C, message_id)
        assert await store.marks([C]) == (mark,)


async def test_how_far_archived_threads_have_been_looked_through_is_kept(store: Store) -> None:
    assert await store.archives_listed() is None
    await store.note_archives_listed(5)
    assert await store.archives_listed() == 5


async def test_what_has_a_record_was_answered_or_will_be(store: Store) -> None:
    await receive(store, message("hello"))
    assert await store.recorded([(C, snowflake(10)), (C, snowflake(11))]) == {snowflake(10)}
    assert await store.recorded([]) == frozenset()


async def test_a_conversation_is_handed_over_once_for_each_command(store: Store, redis: Redis) -> None:
    await receive(store, message("one", number=10))
    assert await store.hand_over(C, 71, 500)
    assert not await store.hand_over(C, 71, 500), "a repeated call"
    assert not await store.hand_over(C, 72, 499), "from before the latest"
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.starter, meta.handed) == (71, 500)
    await receive(store, message("two", number=11))
    assert await store.hand_over(C, 73, 501)
    await store.reset(C, before=message("", number=12).id)
    meta = await store.meta(C)
    assert meta is not None
    assert (meta.starter, meta.handed) == (73, 501)
    assert await redis.ttl(KEYS.meta(C)) > 0
