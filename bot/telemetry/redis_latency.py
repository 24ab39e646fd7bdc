"""The latency of Redis: the time of a PING now and then; a trial beside it shows an outage while nobody writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

EVERY_S = 5.0

ANSWER_S = 2.0
"""A server that hangs fails a command only after all attempts, which is some 12 s with the defaults."""


class RedisLatency:
    """Measures while `watch` runs: `observe` is called with the seconds of each PING.

    `failed` is called if Redis does not serve. `trial` returns the code of the refusal, None if Redis serves. An
    answer that takes longer than `answer_s` counts as none.
    """

    def __init__(
        self,
        ping: Callable[[], Awaitable[bool]],
        trial: Callable[[], Awaitable[str | None]],
        observe: Callable[[float], None],
        failed: Callable[[], None],
        *,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._ping = ping
        self._trial = trial
        self._observe = observe
        self._failed = failed
        self._answer_s = answer_s

    async def watch(self, every_s: float = EVERY_S) -> None:
        """Measure until cancelled."""
        while True:
            if not await self._serves():
                self._failed()
            await asyncio.sleep(every_s)

    async def _serves(self) -> bool:
        began_s = time.perf_counter()
        try:
            async with asyncio.timeout(self._answer_s):
                if not await self._ping():
                    return False
                self._observe(time.perf_counter() - began_s)
                return await self._trial() is None
        except TimeoutError:
            return False
