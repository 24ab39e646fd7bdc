"""What people may look at and change of what Claude remembers: pins, and the summary of what was trimmed."""

from __future__ import annotations

from collections.abc import Iterable

from redis.asyncio import Redis

from bot.conversation.compose import Past
from bot.store.claim import read_meta
from bot.store.codec import load_turn
from bot.store.connection import translated
from bot.store.keys import Keys


class Recall:
    """Reads a conversation's window, and keeps what people say about it as long as the conversation.

    Nothing of it needs a lease: a turn under way has read what it works with, the next one reads it anew.
    """

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def past(self, conversation: int) -> Past:
        """Return what the next turn would find."""
        with translated():
            fields = await self._redis.hgetall(self._keys.meta(conversation))
            meta = read_meta({str(name): str(value) for name, value in fields.items()})
            entries = await self._redis.lrange(self._keys.history(conversation), meta.cut, -1)
        history = tuple(load_turn(str(entry)) for entry in entries)
        return Past(history, meta.cut, meta.pins, meta.corrected)

    async def pin(self, conversation: int, messages: Iterable[int]) -> None:
        """Note which messages are pinned, all of them; they count from the next trim on."""
        await self._set(conversation, "pins", " ".join(str(message) for message in sorted(set(messages))))

    async def correct(self, conversation: int, turn: int, summary: str) -> None:
        """Let a summary stand in place of the one that the trim of `turn` has made.

        It counts until the next trim, which carries it forward. An empty one takes the summary away.
        """
        await self._set(conversation, "corrected", f"{turn} {summary.strip()}")

    async def _set(self, conversation: int, field: str, value: str) -> None:
        key = self._keys.meta(conversation)
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            pipe.hset(key, field, value)
            pipe.expire(key, self._ttl_s)
            await pipe.execute()
