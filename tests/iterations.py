"""Counts the iterations of the running event loop."""

from __future__ import annotations

import asyncio


class Iterations:
    """`number` is that of the current iteration, from the creation on."""

    def __init__(self) -> None:
        self.number = 0
        self._count()

    def _count(self) -> None:
        self.number += 1
        asyncio.get_running_loop().call_soon(self._count)
