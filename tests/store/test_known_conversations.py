"""The index of conversations, read page by page on a real Redis server."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.message import created_ms
from bot.store.known_conversations import AT_ONCE, Known, KnownConversations
from tests.conversation.builders import message
from tests.store.stage import CHANNEL_FIELDS, KEYS, TTL_S, C, RevisedStore

HELLO = message("hello", number=30)
SAID_MS = created_ms(HELLO.id)
SERVER, CHANNEL = int(CHANNEL_FIELDS["guild"]), int(CHANNEL_FIELDS["parent"])


@pytest.fixture
def known(redis: Redis) -> KnownConversations:
    return KnownConversations(redis, KEYS, ttl_s=TTL_S)


async def listed(known: KnownConversations, before_ms: int | None = None) -> list[Known]:
    return [each async for page in known.pages(before_ms=before_ms) for each in page]


async def test_conversations_are_listed_with_their_server_and_channel(
    redis: Redis, known: KnownConversations
) -> None:
    store = RevisedStore(redis)
    await store.conversations.receive(C, HELLO, source="event", channel_fields=CHANNEL_FIELDS)
    assert await listed(known) == [Known(C, SAID_MS, SERVER, CHANNEL)]
    assert await listed(known, before_ms=SAID_MS) == []
    assert await listed(known, before_ms=SAID_MS + 1) == [Known(C, SAID_MS, SERVER, CHANNEL)]


async def test_direct_messages_have_neither_a_server_nor_a_channel(
    redis: Redis, known: KnownConversations
) -> None:
    await RevisedStore(redis).conversations.receive(C, HELLO, source="event", channel_fields={"starter": 3})
    assert await listed(known) == [Known(C, SAID_MS, None, None)]


async def test_a_conversation_is_known_until_it_is_forgotten(redis: Redis, known: KnownConversations) -> None:
    await RevisedStore(redis).hear(HELLO)
    await known.prune(SAID_MS + TTL_S * 1000)
    assert [each.conversation for each in await listed(known)] == [C]
    await known.prune(SAID_MS + TTL_S * 1000 + 1)
    assert await listed(known) == []


async def test_many_conversations_come_in_pages_although_some_are_erased_meanwhile(
    redis: Redis, known: KnownConversations
) -> None:
    await redis.zadd(KEYS.known, {str(number): number for number in range(1, 5 * AT_ONCE + 1)})
    seen: set[int] = set()
    async for page in known.pages():
        assert len(page) < 2 * AT_ONCE
        seen |= {each.conversation for each in page}
        await redis.zrem(KEYS.known, *(each.conversation for each in page if each.conversation % 2))
    assert seen == set(range(1, 5 * AT_ONCE + 1))
