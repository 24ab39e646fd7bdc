"""The sign that the bot is typing, while there is nothing else to see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.render.outbox import Outbox
from bot.render.pace import Kind, Pace

# What Claude is asked with goes first, and who is answered by then needs no typing.
AFTER_S = 0.1
# Discord shows typing for 10 s.
EVERY_S = 8.0
# When the bot was too busy for it.
RETRY_S = 1.0


class Indicator:
    """Types in one place from `start` to `stop`, as long as `may_write` allows it and nobody else needs the call."""

    def __init__(self, outbox: Outbox, place: int, pace: Pace, may_write: Callable[[], bool]) -> None:
        self._outbox = outbox
        self._place = place
        self._pace = pace
        self._may_write = may_write
        self._typing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin soon."""
        self._typing = asyncio.create_task(self._type())

    def stop(self) -> None:
        """End it; again is harmless."""
        if self._typing is not None:
            self._typing.cancel()

    async def _type(self) -> None:
        await asyncio.sleep(AFTER_S)
        while True:
            went = False
            if self._may_write():
                with self._pace.try_slot(self._place, Kind.TYPING) as went:
                    if went:
                        await self._outbox.typing(self._place)
            await asyncio.sleep(EVERY_S if went else RETRY_S)
