"""The protocol of a turn, on a real Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.conversation.message import Message
from bot.conversation.turn import Turn
from bot.store.attention import Attention
from bot.store.claim import Claim, Held, Idle, State
from bot.store.codec import Result
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from tests.conversation.builders import BEN, message, snowflake, turn

C = snowflake(5)
TTL_S = 1000
LEASE_S = 5.0
FACTS: dict[str, str | int] = {"guild": 1, "parent": 2, "starter": 3}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture
def conversations(redis: Redis) -> Conversations:
    return Conversations(redis, Keys("test"), ttl_s=TTL_S, lease_s=LEASE_S)


async def receive(conversations: Conversations, *messages: Message) -> list[bool]:
    return [await conversations.receive(C, m, source="event", facts=FACTS) for m in messages]


async def claimed(conversations: Conversations, owner: str = "me") -> Claim:
    claim = await conversations.claim(C, owner)
    assert isinstance(claim, Claim)
    return claim


def answered(claim: Claim, reply: str = "answer") -> Turn:
    made = turn(0, reply=reply)
    return Turn(claim.lead, "q", reply, "answered", made.model, 1, 1, made.usage, 0, "key")


async def expire_lease(redis: Redis) -> None:
    await redis.hset(Keys("test").lease(C), "expires", "0")


async def test_a_message_is_taken_in_once_however_often_it_is_delivered(conversations: Conversations) -> None:
    hello = message("hello")
    assert await receive(conversations, hello, hello, hello) == [True, False, False]
    claim = await claimed(conversations)
    assert claim.messages == (hello,)


async def test_everything_that_waits_joins_one_turn_in_the_order_it_was_written(
    conversations: Conversations,
) -> None:
    first, second, third = (
        message("one", number=1),
        message("two", number=2, author=BEN),
        message("three", number=3),
    )
    await receive(conversations, third, first, second)
    claim = await claimed(conversations)
    assert claim.messages == (first, second, third)
    assert (claim.lead, claim.state, claim.waiting, claim.tries) == (first.id, State.CLAIMED, 0, 1)
    assert (claim.meta.guild, claim.meta.parent, claim.meta.starter) == (1, 2, 3)


async def test_a_conversation_with_nothing_to_do_is_idle(conversations: Conversations) -> None:
    assert await conversations.claim(C, "me") == Idle()


async def test_while_one_works_on_it_nobody_else_can(conversations: Conversations) -> None:
    await receive(conversations, message("hello"))
    await claimed(conversations, "me")
    held = await conversations.claim(C, "you")
    assert isinstance(held, Held)
    assert 0 < held.for_s <= LEASE_S


async def test_asking_twice_for_the_same_lease_gives_the_same_lease(conversations: Conversations) -> None:
    await receive(conversations, message("hello"))
    assert (await claimed(conversations, "me")).token == (await claimed(conversations, "me")).token


async def test_a_turn_goes_from_the_inbox_to_the_history(conversations: Conversations) -> None:
    await receive(conversations, message("hello"))
    claim = await claimed(conversations)
    await conversations.intend(claim, 0, 1)
    await conversations.posted(claim, 0, 77)
    await conversations.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await conversations.acknowledge(claim) == 0
    assert await conversations.claim(C, "me") == Idle()
    await receive(conversations, message("again", number=11))
    assert (await claimed(conversations)).history == (answered(claim),)


async def test_a_message_that_comes_during_the_turn_waits_for_the_next(conversations: Conversations) -> None:
    await receive(conversations, message("hello"))
    claim = await claimed(conversations)
    await conversations.intend(claim, 0, 1)
    await receive(conversations, message("and", number=11))
    await conversations.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await conversations.acknowledge(claim) == 1
    assert [m.text for m in (await claimed(conversations)).messages] == ["and"]


async def test_every_step_done_twice_is_done_once(conversations: Conversations, redis: Redis) -> None:
    await receive(conversations, message("hello"))
    claim = await claimed(conversations)
    for _ in range(2):
        await conversations.intend(claim, 0, 1)
    for _ in range(2):
        await conversations.posted(claim, 0, 77)
    for _ in range(2):
        await conversations.commit(claim, answered(claim), Result("answer"), cut=0)
    assert [await conversations.acknowledge(claim) for _ in range(2)] == [0, 0]
    assert await redis.llen(Keys("test").history(C)) == 1
    assert await redis.hget(Keys("test").meta(C), "turns") == "1"


async def test_who_has_lost_the_lease_can_do_nothing_more(conversations: Conversations, redis: Redis) -> None:
    await receive(conversations, message("hello"))
    old = await claimed(conversations, "old")
    await conversations.intend(old, 0, 1)
    await expire_lease(redis)
    new = await claimed(conversations, "new")
    assert new.token > old.token
    for step in (
        conversations.renew(old),
        conversations.intend(old, 0, 1),
        conversations.posted(old, 0, 7),
        conversations.commit(old, answered(old), Result("late"), cut=0),
        conversations.acknowledge(old),
        conversations.cancel(old),
    ):
        with pytest.raises(Fenced):
            await step
    await conversations.release(old)
    await conversations.renew(new)


async def test_a_token_is_later_than_any_before_although_the_store_went_back_in_time(
    conversations: Conversations, redis: Redis
) -> None:
    await receive(conversations, message("hello"))
    before = await claimed(conversations, "old")
    await redis.delete(Keys("test").lease(C))
    await asyncio.sleep(0.002)
    assert (await claimed(conversations, "new")).token > before.token


async def test_what_an_earlier_try_has_posted_is_known_to_the_next(
    conversations: Conversations, redis: Redis
) -> None:
    await receive(conversations, message("hello"))
    old = await claimed(conversations, "old")
    await conversations.intend(old, 0, 1)
    await conversations.posted(old, 0, 77)
    await conversations.intend(old, 1, 1)
    await conversations.posted(old, 1, 78)
    await receive(conversations, message("more", number=11))
    await expire_lease(redis)
    new = await claimed(conversations, "new")
    assert (new.state, new.replies, new.tries, new.waiting) == (State.POSTED, {0: 77, 1: 78}, 2, 1)
    assert [m.text for m in new.messages] == ["hello"]


async def test_before_anything_is_visible_later_messages_join_the_turn_that_was_left(
    conversations: Conversations, redis: Redis
) -> None:
    await receive(conversations, message("hello"))
    await claimed(conversations, "old")
    await receive(conversations, message("more", number=11))
    await expire_lease(redis)
    assert [m.text for m in (await claimed(conversations, "new")).messages] == ["hello", "more"]


async def test_a_committed_reply_is_shown_by_whoever_comes_next(
    conversations: Conversations, redis: Redis
) -> None:
    await receive(conversations, message("hello"))
    old = await claimed(conversations, "old")
    await conversations.commit(old, answered(old), Result("answer", ("note",)), cut=4)
    await expire_lease(redis)
    new = await claimed(conversations, "new")
    assert (new.state, new.result, new.meta.cut) == (State.COMMITTED, Result("answer", ("note",)), 4)
    await conversations.acknowledge(new)
    assert await redis.llen(Keys("test").history(C)) == 1


async def test_nothing_is_acknowledged_that_was_not_committed(conversations: Conversations) -> None:
    await receive(conversations, message("hello"))
    claim = await claimed(conversations)
    with pytest.raises(Fenced):
        await conversations.acknowledge(claim)


async def test_only_the_window_is_read(conversations: Conversations) -> None:
    for number in range(6):
        await receive(conversations, message("hello", number=10 + number))
        claim = await claimed(conversations)
        assert len(claim.history) == (number if number < 4 else number - 3)
        cut = 3 if number >= 3 else 0
        await conversations.commit(claim, answered(claim), Result("answer"), cut=cut)
        await conversations.acknowledge(claim)


async def test_a_reset_forgets_and_fences_off_a_running_turn(
    conversations: Conversations, redis: Redis
) -> None:
    await receive(conversations, message("hello", number=10))
    claim = await claimed(conversations)
    await conversations.commit(claim, answered(claim), Result("answer"), cut=0)
    await conversations.acknowledge(claim)
    await receive(conversations, message("more", number=11))
    running = await claimed(conversations)
    await conversations.intend(running, 0, 1)
    await conversations.posted(running, 0, 77)
    assert await conversations.reset(C, before=snowflake(12)) == (1, (77,))
    with pytest.raises(Fenced):
        await conversations.commit(running, answered(running), Result("late"), cut=0)
    assert await conversations.claim(C, "me") == Idle()
    assert await receive(conversations, message("repeated", number=9), message("new", number=13)) == [
        False,
        True,
    ]
    fresh = await claimed(conversations)
    assert fresh.history == ()
    assert fresh.meta.starter == 3


async def test_every_key_of_a_conversation_expires(conversations: Conversations, redis: Redis) -> None:
    await receive(conversations, message("hello"), message("more", number=11))
    claim = await claimed(conversations)
    await conversations.commit(claim, answered(claim), Result("answer"), cut=0)
    await conversations.acknowledge(claim)
    keys = [key async for key in redis.scan_iter("test:{*")]
    assert len(keys) >= 5
    assert all([await redis.ttl(key) > 0 for key in keys])
    assert {key async for key in redis.scan_iter("*") if await redis.ttl(key) < 0} == {Keys("test").work}


async def test_a_conversation_stays_on_the_list_until_nothing_waits(
    conversations: Conversations, redis: Redis
) -> None:
    attention = Attention(redis, Keys("test"))
    await receive(conversations, message("hello"))
    (hint,) = await attention.hints()
    assert hint.conversation == C
    await receive(conversations, message("more", number=11))
    await attention.rest(hint)
    assert [found.conversation for found in await attention.hints()] == [C]
    (hint,) = await attention.hints()
    await attention.rest(hint)
    assert await attention.hints() == ()
