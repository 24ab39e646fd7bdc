"""The protocol of a turn, on a real Redis server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.errors import Fenced
from bot.conversation.message import Message, created_ms
from bot.conversation.turn import Turn
from bot.store.claim import Claim, Held, Idle, Later, State, UnreadableConversation
from bot.store.codec import Result
from bot.store.conversations import Conversations
from bot.store.journal import Done, Journal
from bot.store.keys import Keys
from bot.store.work_queue import WorkQueue
from tests.conversation.builders import BEN, message, sent, snowflake, turn

C = snowflake(5)
TTL_S = 1000
LEASE_S = 5.0
SETTLE_S = 60.0
FACTS: dict[str, str | int] = {"guild": 1, "parent": 2, "starter": 3}


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client: Redis = Redis.from_url(redis_url, decode_responses=True)
    await client.flushall()
    yield client
    await client.aclose()


class Store(Conversations):
    """Both sides of the store at once."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, Keys("test"), ttl_s=TTL_S)
        self.journal = Journal(redis, Keys("test"), ttl_s=TTL_S, lease_s=LEASE_S, settle_s=SETTLE_S)


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


async def receive(store: Store, *messages: Message) -> list[bool | None]:
    return [await store.receive(C, m, source="event", facts=FACTS) for m in messages]


async def claimed(store: Store, owner: str = "me") -> Claim:
    claim = await store.journal.claim(C, owner)
    assert isinstance(claim, Claim)
    return claim


def answered(claim: Claim, reply: str = "answer") -> Turn:
    made = turn(0, reply=reply)
    return Turn(claim.lead, sent("q", (reply,)), "answered", made.model, 1, 1, made.usage, 0, "key")


async def expire_lease(redis: Redis) -> None:
    await redis.hset(Keys("test").lease(C), "expires", "0")


async def make_due(redis: Redis) -> None:
    """Let the time have come at which whatever is in doubt is to be settled."""
    settling = Keys("test").settling(C)
    for lead in await redis.zrange(settling, 0, -1):
        await redis.zadd(settling, {str(lead): 1})


async def test_a_message_is_taken_in_once_however_often_it_is_delivered(store: Store) -> None:
    hello = message("hello")
    assert await receive(store, hello, hello, hello) == [True, False, False]
    claim = await claimed(store)
    assert claim.messages == (hello,)


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
    assert claim.messages == (first, second, third)
    assert (claim.lead, claim.state, claim.waiting, claim.tries) == (first.id, State.CLAIMED, 0, 1)
    assert (claim.meta.guild, claim.meta.parent, claim.meta.starter) == (1, 2, 3)


async def test_a_conversation_with_nothing_to_do_is_idle(store: Store) -> None:
    assert await store.journal.claim(C, "me") == Idle()


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


async def test_looks_at_what_cannot_be_read_leave_nothing_that_grows(store: Store, redis: Redis) -> None:
    await receive(store, message("hello", number=1))
    await redis.hset(Keys("test").meta(C), "cost", "1.5")
    for _ in range(3):
        claim = await store.journal.claim(C, "me")
        assert isinstance(claim, UnreadableConversation)
        await store.journal.spent(claim, cost=0, unpriced=0)
        await store.journal.release(claim, blameless=True)
        assert await redis.hget(Keys("test").record(C, claim.lead), "untold") == ""


async def test_while_one_works_on_it_nobody_else_can(store: Store) -> None:
    await receive(store, message("hello"))
    await claimed(store, "me")
    held = await store.journal.claim(C, "you")
    assert isinstance(held, Held)
    assert 0 < held.for_s <= LEASE_S


async def test_asking_twice_for_the_same_lease_gives_the_same_lease(store: Store) -> None:
    await receive(store, message("hello"))
    assert (await claimed(store, "me")).token == (await claimed(store, "me")).token


async def accounts(store: Store) -> tuple[int, int]:
    meta = await store.meta(C)
    assert meta is not None
    return meta.cost, meta.unpriced


async def test_a_try_counts_as_of_unknown_cost_until_it_has_told_it(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    assert (claim.lost, await accounts(store)) == (0, (0, 1))
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0, cost=5)
    assert await accounts(store) == (5, 0)
    await store.journal.spent(claim, cost=5, unpriced=0)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0, cost=5)
    assert await accounts(store) == (5, 0)


async def test_a_try_that_was_killed_stays_counted_whatever_the_next_one_knows(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    await claimed(store, "killed")
    await expire_lease(redis)
    claim = await claimed(store)
    assert claim.lost == 1
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0, cost=5, unpriced=2)
    assert await accounts(store) == (5, 3)


@pytest.mark.parametrize("late", [False, True])
async def test_whoever_is_fenced_off_tells_what_it_has_spent_before_or_after_the_next_one(
    store: Store, redis: Redis, *, late: bool
) -> None:
    await receive(store, message("hello"))
    fenced = await claimed(store, "fenced")
    await expire_lease(redis)
    claim = await claimed(store)
    tell = [
        store.journal.spent(fenced, cost=3, unpriced=1),
        store.journal.commit(claim, answered(claim), Result("answer"), cut=0, cost=5),
    ]
    for step in reversed(tell) if late else tell:
        await step
    await store.journal.spent(fenced, cost=3, unpriced=1)
    assert await accounts(store) == (8, 1)


async def test_who_tells_after_a_reset_what_was_spent_before_adds_nothing(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.reset(C, before=snowflake(20))
    await store.journal.spent(claim, cost=3, unpriced=0)
    assert await accounts(store) == (0, 0)


async def test_a_turn_goes_from_the_inbox_to_the_history(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await store.journal.acknowledge(claim, settle=False) == Done(0)
    assert await store.journal.claim(C, "me") == Idle()
    await receive(store, message("again", number=11))
    assert (await claimed(store)).history == (answered(claim),)


async def test_a_message_that_comes_during_the_turn_waits_for_the_next(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await receive(store, message("and", number=11))
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await store.journal.acknowledge(claim, settle=False) == Done(1)
    assert [m.text for m in (await claimed(store)).messages] == ["and"]


async def test_every_step_done_twice_is_done_once(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    for _ in range(2):
        await store.journal.intend(claim, 0, 1)
    for _ in range(2):
        await store.journal.posted(claim, 0, 77)
    for _ in range(2):
        await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    assert [await store.journal.acknowledge(claim, settle=False) for _ in range(2)] == [Done(0)] * 2
    assert await redis.llen(Keys("test").history(C)) == 1
    assert await redis.hget(Keys("test").meta(C), "turns") == "1"


async def test_who_has_lost_the_lease_can_do_nothing_more(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.intend(old, 0, 1)
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert new.token > old.token
    for step in (
        store.journal.renew(old),
        store.journal.intend(old, 0, 1),
        store.journal.posted(old, 0, 7),
        store.journal.commit(old, answered(old), Result("late"), cut=0),
        store.journal.acknowledge(old, settle=False),
        store.journal.cancel(old),
    ):
        with pytest.raises(Fenced):
            await step
    await store.journal.release(old, blameless=True)
    await store.journal.renew(new)


async def test_a_token_is_later_than_any_before_although_the_store_went_back_in_time(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    before = await claimed(store, "old")
    await redis.delete(Keys("test").lease(C))
    await asyncio.sleep(0.002)
    assert (await claimed(store, "new")).token > before.token


async def test_what_an_earlier_try_has_posted_is_known_to_the_next(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.intend(old, 0, 1)
    await store.journal.posted(old, 0, 77)
    await store.journal.intend(old, 1, 1)
    await store.journal.posted(old, 1, 78)
    await receive(store, message("more", number=11))
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert (new.state, new.replies, new.tries, new.waiting) == (State.POSTED, {0: 77, 1: 78}, 2, 1)
    assert [m.text for m in new.messages] == ["hello"]


async def test_before_anything_is_visible_later_messages_join_the_turn_that_was_left(
    store: Store, redis: Redis
) -> None:
    await receive(store, message("hello"))
    await claimed(store, "old")
    await receive(store, message("more", number=11))
    await expire_lease(redis)
    assert [m.text for m in (await claimed(store, "new")).messages] == ["hello", "more"]


async def test_a_committed_reply_is_shown_by_whoever_comes_next(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await store.journal.commit(old, answered(old), Result("answer", ("note",)), cut=1)
    await expire_lease(redis)
    new = await claimed(store, "new")
    assert (new.state, new.result, new.meta.window_start) == (State.COMMITTED, Result("answer", ("note",)), 1)
    await store.journal.acknowledge(new, settle=False)
    assert await redis.llen(Keys("test").history(C)) == 1


async def test_nothing_is_acknowledged_that_was_not_committed(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    with pytest.raises(Fenced):
        await store.journal.acknowledge(claim, settle=False)


async def test_only_the_window_is_read(store: Store) -> None:
    for number in range(6):
        await receive(store, message("hello", number=10 + number))
        claim = await claimed(store)
        assert len(claim.history) == (number if number < 4 else number - 3)
        cut = 3 if number >= 3 else 0
        await store.journal.commit(claim, answered(claim), Result("answer"), cut=cut)
        await store.journal.acknowledge(claim, settle=False)


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


async def test_a_reset_forgets_and_fences_off_a_running_turn(store: Store, redis: Redis) -> None:
    await receive(store, message("hello", number=10))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    await store.journal.acknowledge(claim, settle=False)
    await receive(store, message("more", number=11))
    running = await claimed(store)
    await store.journal.intend(running, 0, 1)
    await store.journal.posted(running, 0, 77)
    assert await store.reset(C, before=snowflake(12)) == (1, ((C, 77),))
    with pytest.raises(Fenced):
        await store.journal.commit(running, answered(running), Result("late"), cut=0)
    assert await store.journal.claim(C, "me") == Idle()
    assert await receive(store, message("repeated", number=9), message("new", number=13)) == [
        None,
        True,
    ]
    fresh = await claimed(store)
    assert fresh.history == ()
    assert fresh.meta.starter == 3


async def test_every_key_of_a_conversation_expires(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"), message("more", number=11))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    await store.journal.acknowledge(claim, settle=False)
    keys = [key async for key in redis.scan_iter("test:{*")]
    assert len(keys) >= 5
    assert all([await redis.ttl(key) > 0 for key in keys])
    assert {key async for key in redis.scan_iter("*") if await redis.ttl(key) < 0} == {
        Keys("test").work,
        Keys("test").known,
    }


async def test_a_conversation_stays_on_the_list_until_nothing_waits(store: Store, redis: Redis) -> None:
    attention = WorkQueue(redis, Keys("test"))
    await receive(store, message("hello"))
    (hint,) = await attention.hints()
    assert hint.conversation == C
    await receive(store, message("more", number=11))
    await attention.rest(hint)
    assert [found.conversation for found in await attention.hints()] == [C]
    (hint,) = await attention.hints()
    await attention.rest(hint)
    assert await attention.hints() == ()


async def test_before_anything_is_visible_whatever_comes_joins_the_running_turn(store: Store) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await receive(store, message("and", number=11))
    joined = await store.journal.join(claim)
    assert joined is not None
    assert [m.text for m in joined[1]] == ["hello", "and"]
    await store.journal.intend(claim, 0, 1)
    await receive(store, message("too late", number=12))
    assert await store.journal.join(claim) is None
    claim = replace(claim, members=joined[0])
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await store.journal.acknowledge(claim, settle=False) == Done(1)


async def test_a_turn_is_left_only_what_the_reply_found_on_discord_answers(store: Store) -> None:
    first, second = message("hello"), message("and", number=11)
    await receive(store, first, second)
    claim = await claimed(store)
    await store.journal.adopt(claim, [first.id], [77])
    assert await store.journal.join(claim) is None, "the reply is visible already"
    claim = replace(claim, members=(first.id,))
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    assert await store.journal.acknowledge(claim, settle=False) == Done(1)
    assert (await claimed(store)).messages == (second,)


async def test_a_turn_in_doubt_is_settled_once_that_is_safe(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 1)
    await store.journal.posted(claim, 0, 77)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=0)
    await store.journal.acknowledge(claim, settle=True)
    later = await store.journal.claim(C, "me")
    assert isinstance(later, Later)
    assert SETTLE_S - 30 < later.in_s <= SETTLE_S
    await make_due(redis)
    settling = await claimed(store)
    assert (settling.settling, settling.lead, settling.replies) == (True, claim.lead, {0: 77})
    assert settling.result == Result("answer")
    await store.journal.settled(settling)
    assert await store.journal.claim(C, "me") == Idle()


async def test_who_was_fenced_off_can_still_ask_for_settling(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    old = await claimed(store, "old")
    await expire_lease(redis)
    new = await claimed(store, "new")
    await store.journal.commit(new, answered(new), Result("answer"), cut=0)
    await store.journal.acknowledge(new, settle=False)
    await redis.delete(Keys("test").work)
    await store.journal.doubt(old)
    assert isinstance(await store.journal.claim(C, "me"), Later)
    assert await redis.zrange(Keys("test").work, 0, -1) == [str(C)], "or nobody would ever look"


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
    await store.receive(known.id, known, source="listing", facts=FACTS)
    listed = [(known.id, known.id)]
    assert await store.advance(channel, before=None, after=known.id, listed=listed)
    listed += [(lost.id, lost.id)]
    assert not await store.advance(channel, before=known.id, after=lost.id, listed=listed)
    assert await store.marks([channel]) == (known.id,)


async def test_a_store_that_went_back_in_time_is_noticed_by_its_pulse(redis: Redis) -> None:
    attention = WorkQueue(redis, Keys("test"))
    assert await attention.beat("me", "", "1")
    assert await attention.beat("me", "1", "2")
    assert await attention.beat("me", "1", "2")
    await redis.set(Keys("test").pulse("me"), "1")
    assert not await attention.beat("me", "2", "3")


async def test_conversations_are_known_until_they_are_forgotten(store: Store) -> None:
    await receive(store, message("hello", number=10))
    said_ms = created_ms(snowflake(10))
    assert await store.known(said_ms + TTL_S * 1000) == (C,)
    assert await store.known(said_ms + TTL_S * 1000 + 1) == ()


async def test_the_channel_of_a_thread_is_known_and_direct_messages_have_none(store: Store) -> None:
    await receive(store, message("hello"))
    await store.receive(snowflake(6), message("hi"), source="event", facts={"starter": 3})
    assert await store.parents([snowflake(6), C, snowflake(7)]) == (None, 2, None)
    assert await store.parents([]) == ()


async def test_how_far_archived_threads_have_been_looked_through_is_kept(store: Store) -> None:
    assert await store.looked() is None
    await store.note_look(5)
    assert await store.looked() == 5


async def test_a_repeated_claim_counts_as_one_try(store: Store) -> None:
    await receive(store, message("hello"))
    assert [(await claimed(store)).tries for _ in range(3)] == [1, 1, 1]


async def test_a_try_that_was_nobodys_fault_does_not_count(store: Store) -> None:
    await receive(store, message("hello"))
    for blameless, tries in ((True, 1), (False, 1), (True, 2), (True, 2)):
        claim = await claimed(store)
        assert claim.tries == tries
        for _ in range(2):
            await store.journal.release(claim, blameless=blameless)


async def test_a_conversation_whose_history_has_expired_begins_anew(store: Store, redis: Redis) -> None:
    await receive(store, message("hello"))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), cut=1)
    await store.journal.acknowledge(claim, settle=False)
    await redis.delete(Keys("test").history(C))
    await receive(store, message("again", number=11))
    claim = await claimed(store)
    assert (claim.history, claim.meta.window_start) == ((), 0)


async def test_what_has_a_record_was_answered_or_will_be(store: Store) -> None:
    await receive(store, message("hello"))
    assert await store.recorded([(C, snowflake(10)), (C, snowflake(11))]) == 1
    assert await store.recorded([]) == 0


async def listed(store: Store, late: Message) -> None:
    await store.receive(C, late, source="listing", facts=FACTS)


async def test_what_a_listing_brings_waits_for_a_turn_of_its_own(store: Store) -> None:
    await receive(store, message("heard", number=12))
    claim = await claimed(store)
    await listed(store, message("older", number=11))
    await listed(store, message("newer", number=13))
    await receive(store, message("and", number=14))
    joined = await store.journal.join(claim)
    assert joined is not None
    assert [m.text for m in joined[1]] == ["heard", "and"]


async def test_a_turn_with_any_message_from_a_listing_may_have_been_answered_before(store: Store) -> None:
    await receive(store, message("heard", number=11))
    await listed(store, message("missed", number=12))
    assert (await claimed(store)).listed


async def test_a_reply_that_may_be_visible_is_finished_before_an_older_message_is_answered(
    store: Store,
) -> None:
    await receive(store, message("heard", number=12))
    claim = await claimed(store)
    await store.journal.intend(claim, 0, 0)
    await listed(store, message("older", number=11))
    assert (await claimed(store)).lead == claim.lead
