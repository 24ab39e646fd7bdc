"""The known conversations with their servers and channels, page by page: there may be more than fit into memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Keys

AT_ONCE = 200
"""The most conversations of one page, roughly: `ZSCAN` takes the number as a hint."""


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation with its latest message's time; `server` and `parent` are None for direct messages."""

    conversation: int
    latest_ms: int
    server: int | None
    parent: int | None


class KnownConversations:
    """Reads the index of conversations, which are forgotten `ttl_s` after their last message."""

    def __init__(self, redis: Redis, keys: Keys, *, ttl_s: int) -> None:
        self._redis = redis
        self._keys = keys
        self._ttl_s = ttl_s

    async def prune(self, now_ms: int) -> None:
        """Remove the forgotten conversations from the index."""
        with translated():
            await self._redis.zremrangebyscore(self._keys.known, "-inf", f"({now_ms - self._ttl_s * 1000}")

    async def pages(self, *, before_ms: int | None = None) -> AsyncIterator[list[Known]]:
        """Yield all conversations, or those quiet since before `before_ms`, in no order; one may come twice.

        What is there during the whole walk is not left out (Redis, SCAN), whatever is erased meanwhile.
        """
        cursor = 0
        while True:
            with translated():
                answer: Any = await self._redis.zscan(self._keys.known, cursor, count=AT_ONCE)
            cursor, found = answer
            latest = {
                int(member): int(score) for member, score in found if before_ms is None or score < before_ms
            }
            if latest:
                yield await self._read(latest)
            if not cursor:
                return

    async def _read(self, latest_ms: dict[int, int]) -> list[Known]:
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for conversation in latest_ms:
                pipe.hmget(self._keys.meta(conversation), ["guild", "parent"])
            answers: list[Any] = await pipe.execute()
        return [
            Known(conversation, at_ms, _number(guild), _number(parent))
            for (conversation, at_ms), (guild, parent) in zip(latest_ms.items(), answers, strict=True)
        ]


def _number(text: object) -> int | None:
    return int(str(text)) if text and str(text).isdigit() else None
