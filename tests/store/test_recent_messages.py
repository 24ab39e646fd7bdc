"""How a proxied message and its original find each other."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.conversation.message import Message
from bot.store.conversations import Conversations
from bot.store.keys import Keys
from bot.store.recent_messages import KEPT, RecentMessages
from tests.conversation.builders import message

CHANNEL, TTL_S = 5, 1000


@pytest.fixture
def recent(redis: Redis) -> RecentMessages:
    return RecentMessages(redis, Keys("p"))


async def note(
    recent: RecentMessages, said: Message, *, is_proxied: bool, channel: int = CHANNEL
) -> list[str]:
    found = await recent.note(channel, said.id, said, is_proxied=is_proxied)
    return [each.text for each in found.values()]


async def test_whichever_is_noted_second_finds_the_other(recent: RecentMessages) -> None:
    original, copy = message("L: hi", number=100), message("hi", number=101)
    assert await note(recent, original, is_proxied=False) == []
    assert await note(recent, copy, is_proxied=True) == ["L: hi"]
    assert await note(recent, original, is_proxied=False) == ["hi"]


async def test_messages_of_one_kind_or_of_another_channel_or_time_are_not_found(
    recent: RecentMessages,
) -> None:
    for number, is_proxied in ((100, False), (101, True)):
        await note(recent, message("hi", number=number), is_proxied=is_proxied)
    assert await note(recent, message("hi", number=102), is_proxied=False) == []
    assert await note(recent, message("hi", number=99), is_proxied=True) == []
    assert await note(recent, message("hi", number=111), is_proxied=True) == ["hi"]
    assert await note(recent, message("hi", number=113), is_proxied=True) == []
    assert await note(recent, message("hi", number=101), is_proxied=True, channel=6) == []


async def test_after_a_gap_a_message_that_still_waits_is_found_by_its_record(
    recent: RecentMessages, redis: Redis
) -> None:
    keys, original = Keys("p"), message("L: hi", number=100)
    await note(recent, original, is_proxied=False)
    await redis.delete(keys.recent_text(CHANNEL, original.id))
    copy = message("hi", number=101)
    assert await note(recent, copy, is_proxied=True) == []
    await Conversations(redis, keys, ttl_s=TTL_S).receive(
        original.id, original, source="event", channel_fields={}
    )
    assert await note(recent, copy, is_proxied=True) == ["L: hi"]


async def test_a_busy_channel_keeps_its_latest_messages_alone(recent: RecentMessages, redis: Redis) -> None:
    for number in range(KEPT + 20):
        await recent.note(CHANNEL, 1, message("x", number=number), is_proxied=False)
    assert await redis.zcard(Keys("p").recent(CHANNEL)) == KEPT
