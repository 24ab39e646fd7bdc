"""The latency of Redis: the time of a PING now and then, which also shows an outage while nobody writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY_S = 5.0


class RedisLatency:
    """Measures while `watch` runs; `observe` is called with the seconds of each PING that was answered."""

    def __init__(self, ping: Callable[[], Awaitable[bool]], observe: Callable[[float], None]) -> None:
        self._ping = ping
        self._observe = observe

    async def watch(self, every_s: float = EVERY_S) -> None:
        """Measure until cancelled."""
        while True:
            began_s = time.perf_counter()
            if await self._ping():
                self._observe(time.perf_counter() - began_s)
            await asyncio.sleep(every_s)
