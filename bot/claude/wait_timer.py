"""One timer for all waits of a stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


class WaitTimer:
    """Bounds consecutive waits like `asyncio.timeout`, without a timer for each wait.

    A stream is waited for hundreds of times, and the timer hardly ever expires. The timer keeps running; when it
    fires, it checks how long the current wait may still take.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = 0.0
        self._until: float | None = None
        self._task: asyncio.Task[object] | None = None
        self._late = False

    async def wait(self, step: Awaitable[T], seconds: float) -> T:
        """Await `step`; after `seconds` cancel it and raise TimeoutError."""
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
        """Stop the timer after the last wait."""
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
            return  # the next wait starts the timer again
        if self._until > self._loop.time():
            self._set_timer(self._until)
        else:
            self._late = True
            self._task.cancel()
