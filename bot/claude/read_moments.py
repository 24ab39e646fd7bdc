"""The moments at which streams are read: all at the same ones, of many streams a part after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.in_turn import InTurn

GATHER_S = 0.2
"""Each stream is read once in this time."""

ROOM = 200
"""Of more streams, each is read the more rarely: Discord allows fewer than 50 edits a second for all of them."""

RAREST = 5
"""A stream is read at least once in so many times `GATHER_S`."""


class ReadMoments:
    """Tells when to read; `streams` counts those that are read."""

    def __init__(self) -> None:
        self.streams = 0
        self._reads = InTurn()

    @property
    def is_crowded(self) -> bool:
        """Whether there are so many streams that the end of each may wait for the next moment."""
        return self.streams > ROOM

    def next_s(self, now_s: float) -> float:
        """Return the first moment after `now_s`."""
        every_s = GATHER_S * min(max(1.0, self.streams / ROOM), RAREST)
        return (now_s // every_s + 1) * every_s

    def at_next(self, read: Callable[[], None]) -> asyncio.TimerHandle:
        """Call `read` at the next moment; it may come once more after it was cancelled."""
        loop = asyncio.get_running_loop()
        return loop.call_at(self.next_s(loop.time()), self._reads.add, (read,))
