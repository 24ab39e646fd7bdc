"""How far an audit log is posted, on a real Redis server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.conversation.audit import AUDIT_CHANNEL, Act, Actor
from bot.conversation.scope import Scope
from bot.store.audit_log import AuditLog
from bot.store.audit_posts import AuditPosts, Intent, Pending
from bot.store.keys import Keys
from bot.store.scope_settings import ScopeSettings

KEYS = Keys("test")
HOME, CHANNEL = 3, 8
AUDIT_S = 5000


class Stored:
    """A server with its settings, its log and its posts."""

    def __init__(self, redis: Redis) -> None:
        self.settings = ScopeSettings(redis, KEYS, ttl_s=1000, audit_s=AUDIT_S)
        self.log = AuditLog(redis, KEYS, audit_s=AUDIT_S)
        self.posts = AuditPosts(redis, KEYS, audit_s=AUDIT_S)
        self._interaction = 900

    async def channel(self, channel: int | None) -> None:
        chosen = None if channel is None else str(channel)
        await self.settings.change(self._actor(), Scope.SERVER, HOME, {AUDIT_CHANNEL: chosen})

    async def note(self, target: int) -> None:
        await self.log.note(self._actor(), Scope.THREAD, target, Act.LEAVE.value)

    async def pending(self) -> Pending:
        found = await self.posts.pending(HOME, count=10)
        assert found is not None
        return found

    def _actor(self) -> Actor:
        self._interaction += 1
        return Actor(HOME, 70, self._interaction)


@pytest.fixture
def stored(redis: Redis) -> Stored:
    return Stored(redis)


async def redis_ms(redis: Redis) -> int:
    seconds, micros = await redis.time()
    return int(seconds) * 1000 + int(micros) // 1000


def intent_of(pending: Pending, owner: str = "me") -> Intent:
    return Intent(pending.entries[-1].id, pending.channel, owner, 1_700_000_000_000)


async def test_a_server_without_a_channel_has_nothing_to_post(stored: Stored) -> None:
    await stored.note(1)
    assert await stored.posts.pending(HOME, count=10) is None


async def test_posts_begin_with_the_entry_of_the_choice_itself(redis: Redis, stored: Stored) -> None:
    await stored.note(1)
    noted = await stored.log.latest(HOME, count=1)
    while await redis_ms(redis) <= noted[0].at_ms + 1:
        pass
    await stored.channel(CHANNEL)
    await stored.note(2)
    pending = await stored.pending()
    assert [entry.what for entry in pending.entries] == [AUDIT_CHANNEL, Act.LEAVE]
    assert (pending.channel, pending.intent, pending.mark) == (CHANNEL, None, "")


async def test_what_is_posted_is_not_pending_any_more_and_the_rest_is(redis: Redis, stored: Stored) -> None:
    await stored.channel(CHANNEL)
    first = await stored.pending()
    assert await stored.posts.begin(first, intent_of(first))
    assert await stored.posts.end(first, intent_of(first), posted=True)
    assert (await stored.pending()).entries == ()
    await stored.note(2)
    assert [entry.target for entry in (await stored.pending()).entries] == [2]
    assert 0 < await redis.ttl(KEYS.audit_mark(HOME)) <= AUDIT_S


async def test_what_was_begun_and_not_ended_says_by_whom_where_and_since_when(stored: Stored) -> None:
    await stored.channel(CHANNEL)
    first = await stored.pending()
    await stored.posts.begin(first, intent_of(first))
    again = await stored.pending()
    assert again.intent == intent_of(first)
    assert again.entries == first.entries


async def test_of_two_instances_one_begins(stored: Stored) -> None:
    await stored.channel(CHANNEL)
    pending = await stored.pending()
    mine, theirs = intent_of(pending), replace(intent_of(pending), owner="other")
    assert await stored.posts.begin(pending, mine)
    assert not await stored.posts.begin(pending, theirs)
    assert await stored.posts.begin(pending, mine)  # the answer of the first call was lost
    assert not await stored.posts.end(pending, theirs, posted=True)


async def test_what_was_refused_stays_pending(stored: Stored) -> None:
    await stored.channel(CHANNEL)
    pending = await stored.pending()
    await stored.posts.begin(pending, intent_of(pending))
    await stored.posts.end(pending, intent_of(pending), posted=False)
    again = await stored.pending()
    assert (again.entries, again.intent) == (pending.entries, None)


async def test_another_channel_gets_what_was_not_posted_before(stored: Stored) -> None:
    await stored.channel(CHANNEL)
    first = await stored.pending()
    await stored.posts.begin(first, intent_of(first))
    await stored.posts.end(first, intent_of(first), posted=True)
    await stored.note(2)
    await stored.channel(9)
    pending = await stored.pending()
    assert [entry.what for entry in pending.entries] == [Act.LEAVE, AUDIT_CHANNEL]
    assert pending.channel == 9


async def test_after_an_end_of_the_posts_they_begin_anew(redis: Redis, stored: Stored) -> None:
    await stored.channel(CHANNEL)
    first = await stored.pending()
    await stored.posts.begin(first, intent_of(first))
    await stored.posts.end(first, intent_of(first), posted=True)
    await stored.channel(None)
    assert await stored.posts.pending(HOME, count=10) is None
    assert await redis.exists(KEYS.audit_mark(HOME)) == 0
    await stored.note(2)
    noted = await stored.log.latest(HOME, count=1)
    while await redis_ms(redis) <= noted[0].at_ms + 1:  # entries of one millisecond belong together
        pass
    await stored.channel(CHANNEL)
    assert [entry.what for entry in (await stored.pending()).entries] == [AUDIT_CHANNEL]
