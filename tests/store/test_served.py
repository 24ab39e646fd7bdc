"""Processes that share the shards leave each other's conversations alone."""

from __future__ import annotations

from typing import Any

import pytest
from redis.asyncio import Redis

from bot.conversation.shards import Shards
from bot.store.conversations import Conversations
from bot.store.due_queue import AT_ONCE, DueQueue
from bot.store.keys import Keys
from bot.store.served import Served
from bot.store.work_queue import ITEMS_AT_ONCE, WorkQueue
from tests.conversation.builders import message, snowflake

KEYS = Keys("test")
SERVERS = (4 << 22, 5 << 22)
FIRST, SECOND = Shards((0,), 2), Shards((1,), 2)


async def received(redis: Redis, conversation: int, server: int | None) -> None:
    fields: dict[str, Any] = {} if server is None else {"guild": server}
    await Conversations(redis, KEYS, ttl_s=100).receive(
        conversation, message("hello"), source="event", channel_fields=fields
    )


async def test_each_process_works_on_the_conversations_of_its_shards(redis: Redis) -> None:
    here, there, direct = snowflake(1), snowflake(2), snowflake(3)
    await received(redis, here, SERVERS[0])
    await received(redis, there, SERVERS[1])
    await received(redis, direct, None)
    for shards, own in ((FIRST, {here, direct}), (SECOND, {there}), (Shards(), {here, there, direct})):
        queue = WorkQueue(redis, KEYS, Served(redis, KEYS, shards).among)
        assert {item.conversation for item in await queue.items()} == own
        assert [await queue.serves(each) for each in (here, there, direct)] == [
            each in own for each in (here, there, direct)
        ]


async def test_what_is_due_elsewhere_keeps_nothing_waiting_and_stays_due(redis: Redis) -> None:
    theirs = [snowflake(number) for number in range(1, AT_ONCE + 2)]
    for each in theirs:
        await redis.hset(KEYS.meta(each), "guild", str(SERVERS[1]))
    own = snowflake(500)
    await redis.hset(KEYS.meta(own), "guild", str(SERVERS[0]))
    for each in (*theirs, own):
        await DueQueue(redis, KEYS.reminders_due).schedule(each)
    taken = await DueQueue(redis, KEYS.reminders_due, Served(redis, KEYS, FIRST).among).take(60)
    assert [item.id for item in taken] == [own]
    others = DueQueue(redis, KEYS.reminders_due, Served(redis, KEYS, SECOND).among)
    assert len(await others.take(60)) == AT_ONCE


async def test_a_long_queue_of_other_processes_hides_nothing(redis: Redis) -> None:
    pipe = redis.pipeline(transaction=False)
    for number in range(1, ITEMS_AT_ONCE + 2):
        pipe.hset(KEYS.meta(snowflake(number)), "guild", str(SERVERS[1]))
        pipe.zadd(KEYS.work, {str(snowflake(number)): number})
    await pipe.execute()
    own = snowflake(ITEMS_AT_ONCE + 10)
    await received(redis, own, SERVERS[0])
    items = await WorkQueue(redis, KEYS, Served(redis, KEYS, FIRST).among).items()
    assert [item.conversation for item in items] == [own]
    others = await WorkQueue(redis, KEYS, Served(redis, KEYS, SECOND).among).items()
    assert len(others) == ITEMS_AT_ONCE


async def test_what_is_due_for_a_server_is_for_the_process_of_its_shard(redis: Redis) -> None:
    for server in SERVERS:
        await DueQueue(redis, KEYS.audit_posts).schedule(server)
    for shards, own in ((FIRST, SERVERS[:1]), (SECOND, SERVERS[1:]), (Shards(), ())):
        queue = DueQueue(redis, KEYS.audit_posts, Served(redis, KEYS, shards).servers_among)
        assert tuple(item.id for item in await queue.take(60)) == own


async def test_a_conversation_that_is_not_stored_yet_is_asked_for_again(redis: Redis) -> None:
    served, conversation = Served(redis, KEYS, FIRST), snowflake(1)
    assert await served.among([conversation]) == [conversation]
    await received(redis, conversation, SERVERS[1])
    assert await served.among([conversation]) == []


@pytest.mark.parametrize("shards", [FIRST, Shards()])
async def test_archived_threads_count_as_listed_for_the_shards_that_have_listed_them(
    redis: Redis, shards: Shards
) -> None:
    first = Conversations(redis, KEYS, ttl_s=100, shards=shards)
    other = Conversations(redis, KEYS, ttl_s=100, shards=SECOND)
    assert await first.archives_listed() is None
    await Conversations(redis, KEYS, ttl_s=100).note_archives_listed(1000)
    await first.note_archives_listed(5000)
    assert await first.archives_listed() == 5000
    assert await other.archives_listed() == (1000 if shards is FIRST else 5000)
    await other.note_archives_listed(7000)
    assert await other.archives_listed() == 7000
    again = Conversations(redis, KEYS, ttl_s=100, shards=Shards((1,), 3))
    listed = await again.archives_listed()
    assert listed is not None and listed <= 5000, "a server of this shard may have been on any other"


async def test_what_is_stored_of_a_thread_before_its_server_does_not_hide_it_from_its_process(
    redis: Redis,
) -> None:
    served, conversation = Served(redis, KEYS, SECOND), snowflake(1)
    await Conversations(redis, KEYS, ttl_s=100).leave(conversation, at=snowflake(0))
    assert await served.among([conversation]) == []
    await received(redis, conversation, SERVERS[1])
    assert await served.among([conversation]) == [conversation]
