"""Discord's typing indicator, shown until the reply shows text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.render.outbox import Outbox
from bot.render.pace import Kind, Pace

# The request to Claude goes first; a reply that arrives earlier needs no indicator.
AFTER_S = 0.1
# Discord shows the indicator for 10 s.
EVERY_S = 8.0
# Delay after a call that the rate limit had no room for.
RETRY_S = 1.0


class Indicator:
    """Shows typing in one channel from `start` to `stop`, while `may_write` allows and no other call is waiting."""

    def __init__(self, outbox: Outbox, channel_id: int, pace: Pace, may_write: Callable[[], bool]) -> None:
        self._outbox = outbox
        self._channel_id = channel_id
        self._pace = pace
        self._may_write = may_write
        self._typing: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin after AFTER_S."""
        self._typing = asyncio.create_task(self._type())

    def stop(self) -> None:
        """End the indicator; a second call has no effect."""
        if self._typing is not None:
            self._typing.cancel()
            self._typing = None  # the ended task would keep this object

    async def _type(self) -> None:
        await asyncio.sleep(AFTER_S)
        while True:
            went = False
            if self._may_write():
                with self._pace.try_slot(self._channel_id, Kind.TYPING) as went:
                    if went:
                        await self._outbox.typing(self._channel_id)
            await asyncio.sleep(EVERY_S if went else RETRY_S)
