"""The latest messages of each channel, so that a proxied message and its original find each other.

The two may be accepted at the same time, by different instances, in either order. Each is noted before it looks for
the other, so that at least one of them finds the other.
"""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from bot.conversation.message import Message, created_ms
from bot.conversation.proxy import WINDOW_MS
from bot.store.codec import dump_message, load_message
from bot.store.connection import translated
from bot.store.key_lifetimes import RECENT_S, RECENT_TEXT_S
from bot.store.keys import Keys

KEPT = 100
"""The most ids of a channel: more messages than people write in a channel within a window."""

ORIGINAL, COPY = "o", "c"


class RecentMessages:
    """Notes the messages that are accepted in a channel."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys

    async def note(
        self, channel: int, conversation: int, message: Message, *, is_proxied: bool
    ) -> dict[int, Message]:
        """Note a message, and return those that may be its counterpart, by the id of the message.

        These are originals before a proxied message, and proxied messages after any other.
        """
        when_ms = created_ms(message.id)
        window = (when_ms - WINDOW_MS, when_ms) if is_proxied else (when_ms, when_ms + WINDOW_MS)
        kind, other = (COPY, ORIGINAL) if is_proxied else (ORIGINAL, COPY)
        key = self._keys.recent(channel)
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.set(self._keys.recent_text(channel, message.id), dump_message(message), ex=RECENT_TEXT_S)
            pipe.zadd(key, {f"{kind}:{message.id}:{conversation}": when_ms})
            pipe.zremrangebyrank(key, 0, -KEPT - 1)
            pipe.expire(key, RECENT_S)
            pipe.zrangebyscore(key, *window)
            *_, found = await pipe.execute()
        members = [str(member).split(":") for member in found]
        return await self._messages(
            channel, [(int(message), int(home)) for each, message, home in members if each == other]
        )

    async def discard(self, channel: int, message: int) -> None:
        """Discard the text of a message."""
        with translated():
            await self._redis.delete(self._keys.recent_text(channel, message))

    async def _messages(self, channel: int, ids: list[tuple[int, int]]) -> dict[int, Message]:
        """Read messages, without those whose note has expired and whose record has no text any more."""
        if not ids:
            return {}
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for message, conversation in ids:
                pipe.get(self._keys.recent_text(channel, message))
                pipe.hget(self._keys.record(conversation, message), "payload")
            found: list[Any] = await pipe.execute()
        texts = [noted or held for noted, held in zip(found[::2], found[1::2], strict=True)]
        return {
            message: load_message(str(text)) for (message, _), text in zip(ids, texts, strict=True) if text
        }
