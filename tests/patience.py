"""Waits that end when nothing progresses, not when a clock says so.

A machine that is busy with other programs slows the bot down, but does not stop it. Time counts against a wait only
while the awaited processes are idle: while none of their threads runs, and none waits for a processor.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TypeVar

LOOK_S = 0.25

NS_PER_S = 1e9

Result = TypeVar("Result")


class Patience:
    """Counts the idle time of this process and of others; without /proc, as on macOS, all time counts as idle."""

    def __init__(self, idle_s: float, pids: Callable[[], Iterable[int]] = tuple) -> None:
        self._limit_s = idle_s
        self._pids = pids
        self._idle_s = 0.0
        self._looked_at_s = time.monotonic()
        self._busy = self._measured()

    @property
    def is_over(self) -> bool:
        """Whether the processes have been idle for too long; to be asked often, as it measures on the way."""
        now_s = time.monotonic()
        if now_s - self._looked_at_s < LOOK_S:
            return False
        busy = self._measured()
        busy_s = sum(max(0, ns - self._busy.get(thread, 0)) for thread, ns in busy.items()) / NS_PER_S
        passed_s = now_s - self._looked_at_s
        self._idle_s += max(0.0, passed_s - busy_s)
        self._looked_at_s, self._busy = now_s, busy
        return self._idle_s > self._limit_s

    async def wait_for(self, event: asyncio.Event) -> None:
        """Wait until an event is set; TimeoutError if the patience is over before."""
        waiting = asyncio.ensure_future(event.wait())
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK_S))[0]:
                if self.is_over:
                    raise TimeoutError
        finally:
            waiting.cancel()

    async def result_of(self, awaitable: Awaitable[Result]) -> Result:
        """Wait for a result; TimeoutError, and the awaitable is cancelled, if the patience is over before."""
        waiting = asyncio.ensure_future(awaitable)
        try:
            while not (await asyncio.wait({waiting}, timeout=LOOK_S))[0]:
                if self.is_over:
                    raise TimeoutError
        finally:
            waiting.cancel()
        return waiting.result()

    async def until(self, condition: Callable[[], object], look_s: float = 0.02) -> None:
        """Wait until a condition holds that another process makes true; TimeoutError if the patience is over."""
        while not condition():
            if self.is_over:
                raise TimeoutError
            await asyncio.sleep(look_s)

    def _measured(self) -> dict[str, int]:
        """The nanoseconds that each thread has run or waited for a processor, also of direct children."""
        found: dict[str, int] = {}
        awaited = list(self._pids())
        children = [child for pid in awaited for child in _children(pid)]
        for process in (os.getpid(), *awaited, *children):
            for thread in _directory(f"/proc/{process}/task"):
                try:
                    ran, waited, _ = (thread / "schedstat").read_text("ascii").split()
                except (OSError, ValueError):
                    continue
                found[thread.name] = int(ran) + int(waited)
        return found


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except (OSError, ValueError):
        return []


def _directory(path: str) -> list[Path]:
    try:
        return list(Path(path).iterdir())
    except OSError:
        return []
