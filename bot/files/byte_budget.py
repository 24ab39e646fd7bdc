"""The memory that the bytes of files take, shared among the turns that read files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteBudget:
    """Lets bytes be held up to `total`; whoever needs more than is free waits, in the order of arrival."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._free = total
        self._queue = asyncio.Lock()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def reserve(self, size: int) -> AsyncIterator[None]:
        """Reserve bytes; more than the total counts as the total."""
        size = min(size, self._total)
        async with self._queue:
            while self._free < size:
                self._freed.clear()
                await self._freed.wait()
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            self._freed.set()
