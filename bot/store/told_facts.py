"""Facts that a conversation was told and that hold there no more: their words go from what is stored."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from redis.asyncio import Redis

from bot.conversation.errors import Unreadable
from bot.conversation.memory import tells, without_facts
from bot.store.codec import load_turn
from bot.store.connection import translated
from bot.store.history import History
from bot.store.keys import Keys
from bot.store.stale_summaries import StaleSummaries


class ToldFacts:
    """Takes facts back; a repeated call finds nothing."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._history = History(redis, keys)
        self._summaries = StaleSummaries(redis, keys)

    async def take_back(self, conversation: int, gone: Collection[str], *, with_summaries: bool) -> bool:
        """Put a remark in place of the words of facts; return whether summaries were dropped.

        `with_summaries`: the summaries that may have the words go as well. They go first, because afterwards nothing
        tells which ones those are.
        """
        with translated():
            texts: list[Any] = await self._redis.lrange(self._keys.history(conversation), 0, -1)
        found = []
        for index, text in enumerate(texts):
            # Searching the text is cheaper than reading an entry that tells no fact.
            if any(fact in str(text) for fact in gone):
                try:
                    entry = load_turn(str(text))
                except Unreadable:
                    continue  # another version wrote it; no request can be made of it
                if tells(entry, gone):
                    found.append((index, entry))
        dropped = 0
        if found and with_summaries:
            dropped = await self._summaries.drop(conversation, found[0][0])
        for _, entry in found:
            await self._history.change(
                conversation, entry.id, lambda each, newest: without_facts(each, gone, newest)
            )
        return dropped > 0
