"""A queue of things to look at, by when that is due; an item too many costs a look, so none is ever missing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import count
from typing import Any

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Key
from bot.store.scripts import Scripts
from bot.store.scripts.value import RemoveWork
from bot.store.served import Serves

AT_ONCE = 50
"""One read returns no more items; those that are due for longest come first."""


@dataclass(frozen=True, slots=True)
class DueItem:
    """The id of what is due; `score` is when the next attempt is due, in ms, as Redis writes it."""

    id: int
    score: str


class DueQueue:
    """A sorted set of ids by the time (ms) at which each is due; `serves` leaves those of other shards alone."""

    def __init__(self, redis: Redis, key: Key, serves: Serves | None = None) -> None:
        self._redis = redis
        self._serves = serves
        self._key = key
        self._scripts = Scripts(redis)

    async def schedule(self, item: int, in_s: float = 0.0) -> None:
        """Have an item due in so many seconds, or when it is due anyway if that is earlier.

        The score changes each time, by a millisecond at least, so that `done` notices: who looks at the item may have
        read it before the change for which it is scheduled.
        """
        due_ms = round((time.time() + in_s) * 1000)
        with translated():
            pipe = self._redis.pipeline(transaction=True)
            pipe.zadd(self._key, {str(item): due_ms}, lt=True)
            pipe.zincrby(self._key, -1, str(item))
            await pipe.execute()

    async def postpone(self, item: int, in_s: float) -> None:
        """Have an item due in so many seconds, and not earlier."""
        with translated():
            await self._redis.zadd(self._key, {str(item): round((time.time() + in_s) * 1000)})

    async def remove(self, item: int) -> None:
        """Take an item off the queue."""
        with translated():
            await self._redis.zrem(self._key, str(item))

    async def take(self, next_in_s: float) -> tuple[DueItem, ...]:
        """Return the items that are due; each is due again in `next_in_s`, unless `done` is called."""
        now_ms = round(time.time() * 1000)
        next_ms = now_ms + round(next_in_s * 1000)
        found = await self._due(now_ms)
        if found:
            with translated():
                await self._redis.zadd(self._key, {str(each): next_ms for each in found}, xx=True)
        return tuple(DueItem(each, str(next_ms)) for each in found)

    async def all(self) -> tuple[int, ...]:
        """Return all items for this process, whenever they are due."""
        with translated():
            found: list[Any] = await self._redis.zrange(self._key, 0, -1)
        ids = [int(each) for each in found]
        return tuple(ids if self._serves is None else await self._serves(ids))

    async def _due(self, now_ms: int) -> list[int]:
        """Return the ids that are due and for this process."""
        due: list[int] = []
        for start in count(0, AT_ONCE):
            with translated():
                found: list[Any] = await self._redis.zrangebyscore(
                    self._key, "-inf", now_ms, start=start, num=AT_ONCE
                )
            ids = [int(each) for each in found]
            due += ids if self._serves is None else await self._serves(ids)
            if len(due) >= AT_ONCE or len(found) < AT_ONCE:
                break
        return due[:AT_ONCE]

    async def done(self, item: DueItem, again_in_s: float | None = None) -> bool:
        """Take an item off the queue, or have it due again; one that was scheduled meanwhile stays (False)."""
        again = "" if again_in_s is None else str(round((time.time() + again_in_s) * 1000))
        call = RemoveWork(work=self._key, conversation=item.id, score=item.score, again=again)
        return bool(await self._scripts.run(call))
