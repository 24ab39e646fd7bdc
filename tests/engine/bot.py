"""One bot of the nursery, as the tests see it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

LOOK_S = 0.01
START_S = 40.0


class Bot:
    """A process by its id; `output` is the file of what it says."""

    def __init__(self, pid: int, output: Path) -> None:
        self.pid = pid
        self.output = output
        self.code: int | None = None
        self._ended = asyncio.Event()

    def end(self, code: int) -> None:
        """Note that it has ended."""
        self.code = code
        self._ended.set()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.code is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    async def ended(self) -> None:
        """Wait for its end."""
        await self._ended.wait()

    async def kill(self) -> None:
        """Kill it, frozen or not."""
        self.signal(signal.SIGKILL)
        await self._ended.wait()

    @property
    def said(self) -> str:
        """All of its output so far."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    async def ready(self) -> None:
        """Wait until it listens, or has ended."""
        async with asyncio.timeout(START_S):
            while "discord_ready" not in self.said and self.code is None:  # noqa: ASYNC110 - a process writes it
                await asyncio.sleep(LOOK_S)
