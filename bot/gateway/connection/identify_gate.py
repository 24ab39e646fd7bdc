"""When a shard may send IDENTIFY: `max_concurrency` shards in 5 s, in all processes of a bot together.

Shards with the same rate limit key, the id modulo `max_concurrency`, take turns (Discord, "Session Start Limit"). A
shard that identifies too soon gets op 9, and has used up one of the day's session starts.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable

import structlog

from bot.conversation.errors import StoreUnavailable

log = structlog.get_logger()

IDENTIFY_S = 5.0
MARGIN_S = 0.5
"""The turn is taken before the connection, which takes longer for some shards than for others."""

STORE_S = 1.0

TakeTurn = Callable[[int, int], Awaitable[float]]
"""Takes the turn of a rate limit key for so many milliseconds; returns for how many seconds it is taken, 0: by us."""


async def _take_alone(_key: int, _for_ms: int) -> float:
    return 0.0


class IdentifyGate:
    """Has the shards of all processes take turns; while the store is away, those of this process."""

    def __init__(self, take: TakeTurn = _take_alone, *, every_s: float = IDENTIFY_S + MARGIN_S) -> None:
        self._take = take
        self._every_s = every_s
        self._locks: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._free_s: dict[int, float] = {}

    async def turn(self, shard_id: int, max_concurrency: int) -> None:
        """Wait until a shard may send IDENTIFY."""
        key = shard_id % max_concurrency
        async with self._locks[key]:
            await asyncio.sleep(max(0.0, self._free_s.get(key, 0.0) - time.monotonic()))
            while True:
                if not (taken_s := await self._taken_s(key)):
                    break
                await asyncio.sleep(min(taken_s, self._every_s))
            self._free_s[key] = time.monotonic() + self._every_s

    async def _taken_s(self, key: int) -> float:
        try:
            async with asyncio.timeout(STORE_S):
                return await self._take(key, round(self._every_s * 1000))
        except (StoreUnavailable, TimeoutError):
            log.info("identify_turn_unshared", key=key)
            return 0.0
