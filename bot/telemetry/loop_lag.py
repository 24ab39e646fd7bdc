"""The lag of the event loop: how much later than due its timers run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

EVERY_S = 0.25
"""A step of the loop that takes 50 ms is seen by every fifth measurement."""

BLOCKED_S = 30.0
"""The longest step known takes less than a second; the watchdog ends a process that computes for 10 s."""


class LoopLag:
    """Measures the lag while `watch` runs; `observe` is called with each measurement in seconds."""

    def __init__(
        self, observe: Callable[[float], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._observe = observe
        self._clock = clock
        self._beat_s: float | None = None

    async def watch(self, every_s: float = EVERY_S) -> None:
        """Measure until cancelled."""
        try:
            while True:
                due_s = self._clock() + every_s
                await asyncio.sleep(every_s)
                self.measured(due_s)
        finally:
            self._beat_s = None

    def measured(self, due_s: float) -> None:
        """Note that a timer that was due at `due_s` runs now."""
        self._beat_s = self._clock()
        self._observe(max(0.0, self._beat_s - due_s))

    @property
    def behind_s(self) -> float:
        """How long the loop has not run its timers; 0 before the first measurement and after the last one.

        Read by the thread of the health server, which answers while the loop is blocked.
        """
        beat_s = self._beat_s
        return 0.0 if beat_s is None else max(0.0, self._clock() - beat_s - EVERY_S)

    @property
    def is_blocked(self) -> bool:
        """Whether only a restart helps."""
        return self.behind_s > BLOCKED_S
