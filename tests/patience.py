"""Waits that end when nothing progresses, not when a clock says so.

A machine that is busy with other programs slows the bot down, but does not stop it. Time counts against a wait only
while the awaited processes are idle: while none of their threads runs, and none waits for a processor.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

LOOK_S = 1.0

NS_PER_S = 1e9


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

    @asynccontextmanager
    async def limit(self) -> AsyncIterator[None]:
        """End what is in the block with TimeoutError when the patience is over, as `asyncio.timeout` does."""
        async with asyncio.timeout(None) as scope:
            watching = asyncio.create_task(self._end(scope), name="patience")
            try:
                yield
            finally:
                watching.cancel()

    async def _end(self, scope: asyncio.Timeout) -> None:
        while not self.is_over:  # noqa: ASYNC110 - the system tells nobody that a process is idle
            await asyncio.sleep(LOOK_S)
        scope.reschedule(asyncio.get_running_loop().time())

    async def until(self, condition: Callable[[], object], look_s: float = 0.02) -> None:
        """Wait until a condition holds that another process makes true; TimeoutError if the patience is over."""
        async with self.limit():
            while not condition():  # noqa: ASYNC110 - another process makes it true
                await asyncio.sleep(look_s)

    def _measured(self) -> dict[str, int]:
        """The nanoseconds that each thread has run or waited for a processor, also of direct children."""
        awaited = list(self._pids())
        children = [child for pid in awaited for child in _children(pid)]
        threads = _threads([os.getpid(), *awaited, *children])
        return {thread: times.ran + times.waited for thread, times in threads.items()}


class HeldUp:
    """Sums up for how long threads of this process and of others have waited for a processor."""

    def __init__(self, pids: Callable[[], Iterable[int]]) -> None:
        self._pids = pids
        self._waited: dict[str, int] = {}
        self._sum_s = 0.0

    def __call__(self) -> float:
        """The seconds so far; what the threads of one program wait at once counts for each."""
        waited = {thread: times.waited for thread, times in _threads([os.getpid(), *self._pids()]).items()}
        added = sum(max(0, ns - self._waited.get(thread, 0)) for thread, ns in waited.items())
        self._sum_s += added / NS_PER_S
        self._waited = waited
        return self._sum_s


def idle_timeout(idle_s: float, *pids: int) -> AbstractAsyncContextManager[None]:
    """Like `asyncio.timeout`, for what this process and others do."""
    return Patience(idle_s, lambda: pids).limit()


@dataclass(frozen=True, slots=True)
class Times:
    """For how many nanoseconds a thread has run, and has waited for a processor."""

    ran: int
    waited: int


def _threads(pids: Iterable[int]) -> dict[str, Times]:
    found: dict[str, Times] = {}
    for pid in pids:
        for thread in _directory(f"/proc/{pid}/task"):
            try:
                ran, waited, _ = (thread / "schedstat").read_text("ascii").split()
            except (OSError, ValueError):
                continue
            found[thread.name] = Times(int(ran), int(waited))
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
