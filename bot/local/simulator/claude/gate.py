"""A point at which a reply waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(slots=True)
class Gate:
    """Stops a reply after so many text deltas (None: before any answer), for some seconds or until released."""

    after: int | None
    seconds: float | None
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def reached(self, timeout: float = 30.0) -> None:
        """Wait until the reply reaches the gate; TimeoutError after the given seconds."""
        async with asyncio.timeout(timeout):
            await self._reached.wait()

    def release(self) -> None:
        """Let the reply go on."""
        self._released.set()

    async def strike(self) -> None:
        """Make the reply wait."""
        self._reached.set()
        try:
            async with asyncio.timeout(self.seconds):
                await self._released.wait()
        except TimeoutError:
            return
