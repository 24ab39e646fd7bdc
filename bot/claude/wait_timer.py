"""One timer for all the waits of a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class WaitTimer:
    """Bounds waits that follow each other, as `asyncio.timeout` does, without a timer for each.

    A stream is waited for hundreds of times, and nearly always in vain for the timer: it is left running, and finds
    out when it fires how long the wait under way may still take.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = 0.0
        self._until: float | None = None
        self._task: asyncio.Task[object] | None = None
        self._late = False

    async def wait(self, step: Awaitable[T], seconds: float) -> T:
        """Do a step; TimeoutError, and it is cancelled, if it takes longer."""
        self._task = task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a wait needs a task to cancel")
        cancelled_before = task.cancelling()
        self._until = until = self._loop.time() + seconds
        if self._timer is None or until < self._fires_at:
            self._set_timer(until)
        try:
            return await step
        except asyncio.CancelledError as error:
            if self._late and task.cancelling() - 1 <= cancelled_before:
                raise TimeoutError from error
            raise
        finally:
            self._until = self._task = None
            if self._late:
                self._late = False
                task.uncancel()

    def close(self) -> None:
        """There are no more waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, at: float) -> None:
        self.close()
        self._fires_at = at
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._until is None or self._task is None:
            return  # the next wait sets a timer of its own
        if self._until > self._loop.time():
            self._set_timer(self._until)
        else:
            self._late = True
            self._task.cancel()
