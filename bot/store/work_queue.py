"""The queue of conversations that may have work: an entry too many costs a look, so no entry is ever missing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import count

from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.store.connection import translated
from bot.store.key_lifetimes import PULSE_S
from bot.store.keys import Keys
from bot.store.migrations import NEWEST
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet, RemoveWork
from bot.store.served import Serves
from bot.store.start_check import explained

ITEMS_AT_ONCE = 500
"""So many items are read at once, and so many are enough; the oldest come first, so that none waits for ever."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A conversation that may have work; `score` is the item's score in the queue, as Redis writes it."""

    conversation: int
    score: str


class WorkQueue:
    """Reads and writes the queue, and detects a store that has lost writes."""

    def __init__(self, redis: Redis, keys: Keys, serves: Serves | None = None) -> None:
        self._redis = redis
        self._serves = serves
        self._keys = keys
        self._scripts = Scripts(redis)

    def explained(self, error: StoreUnavailable) -> str:
        """Say in one line why the queue could not be read."""
        return explained(error, self._keys).line

    async def add(self, conversation: int, when_ms: int) -> None:
        """Put a conversation into the queue; `when_ms` orders the queue.

        The score changes each time, so that a worker that has just found nothing to do does not remove the item.
        """
        with translated():
            await self._redis.zadd(self._keys.work, {str(conversation): when_ms}, nx=True)
            await self._redis.zincrby(self._keys.work, 1, str(conversation))

    async def postpone(self, conversation: int, until_ms: int) -> None:
        """Put a conversation behind those that can be worked on before `until_ms`."""
        with translated():
            await self._redis.zadd(self._keys.work, {str(conversation): until_ms})

    async def items(self) -> tuple[WorkItem, ...]:
        """Return the conversations in the queue that this process serves, those that wait longest first."""
        items: list[WorkItem] = []
        for start in count(0, ITEMS_AT_ONCE):
            with translated():
                found = await self._redis.zrange(
                    self._keys.work, start, start + ITEMS_AT_ONCE - 1, withscores=True
                )
            read = [WorkItem(int(entry[0]), f"{float(entry[1]):.0f}") for entry in found]
            served = await self._served([item.conversation for item in read])
            items += [item for item in read if item.conversation in served]
            if len(items) >= ITEMS_AT_ONCE or len(found) < ITEMS_AT_ONCE:
                break
        return tuple(items[:ITEMS_AT_ONCE])

    async def serves(self, conversation: int) -> bool:
        """Say whether a conversation belongs to the shards of this process."""
        return conversation in await self._served([conversation])

    async def _served(self, conversations: Sequence[int]) -> Collection[int]:
        return conversations if self._serves is None else frozenset(await self._serves(conversations))

    async def has_work(self, item: WorkItem) -> bool:
        """Say whether a conversation in the queue has messages that wait, or a turn to reconcile."""
        keys = self._keys
        with translated():
            found = await self._redis.exists(
                keys.pending(item.conversation), keys.reconcile(item.conversation)
            )
        return bool(found)

    async def remove(self, item: WorkItem) -> None:
        """Take a conversation off the queue, unless the conversation was added since the item was read."""
        await self._scripts.run(
            RemoveWork(work=self._keys.work, conversation=item.conversation, score=item.score)
        )

    async def rest(self, instance: str) -> None:
        """Remove the heartbeat of an instance that stops."""
        with translated():
            await self._redis.delete(self._keys.pulse(instance))

    async def beat(self, instance: str, before: str, now: str) -> bool:
        """Write a heartbeat, with the newest version of the schema that this release knows.

        False if the store does not know the heartbeat before, as after a rollback or a loss.
        """
        key = self._keys.pulse(instance)
        before, now = before and f"{before} {NEWEST}", f"{now} {NEWEST}"
        known = await self._scripts.run(
            CompareAndSet(step="pulse", value=key, before=before, after=now, ttl_s=PULSE_S)
        )
        if not known:
            with translated():
                await self._redis.set(key, now, ex=PULSE_S)
        return bool(known)
