"""Which conversations this process serves: those of its shards, since it hears of no others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence

from redis.asyncio import Redis

from bot.conversation.shards import Shards
from bot.store.connection import translated
from bot.store.keys import Keys

KNOWN_MAX = 100_000
"""Conversations whose server is remembered, in some 10 MB."""

Serves = Callable[[Sequence[int]], Awaitable[Collection[int]]]
"""Returns which of the ids in a queue are for this process."""


class Served:
    """Asks for the server of each conversation until it is known; a process with all shards asks for none."""

    def __init__(self, redis: Redis, keys: Keys, shards: Shards) -> None:
        self._redis = redis
        self._keys = keys
        self._shards = shards
        self._known: dict[int, bool] = {}

    async def among(self, conversations: Sequence[int]) -> Collection[int]:
        """Return those that this process serves; a conversation without a server is one of direct messages."""
        if self._shards.are_all:
            return conversations
        if len(self._known) > KNOWN_MAX:
            self._known.clear()
        unknown = [each for each in conversations if each not in self._known]
        if unknown:
            await self._ask(unknown)
        return [each for each in conversations if self._known.get(each, self._shards.holds(None))]

    async def servers_among(self, homes: Sequence[int]) -> Collection[int]:
        """Return the servers that this process serves; direct messages have the shard of their channel's id here."""
        return [each for each in homes if self._shards.holds(each)]

    async def _ask(self, conversations: Sequence[int]) -> None:
        """Learn the servers of conversations; of some the server is not stored yet, and direct messages have none."""
        with translated():
            pipe = self._redis.pipeline(transaction=False)
            for each in conversations:
                pipe.hget(self._keys.meta(each), "guild")
            answers = await pipe.execute()
        for each, server in zip(conversations, answers, strict=True):
            if server:
                self._known[each] = self._shards.holds(int(str(server)))
