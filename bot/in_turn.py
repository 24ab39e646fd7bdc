"""Callbacks in turn: a part of them in each iteration of the event loop, so that many do not block the loop.

Where a thousand messages arrive at once, a thousand tasks would go on in the same iteration, and everything else,
such as a slash command, would wait for all of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

Act = Callable[[], None]

TOGETHER = 8
"""So many callbacks run in one iteration. Each lets a task go on for up to a millisecond."""

CROWD, OF_A_CROWD = 100, 3
"""Where more than CROWD wait, so many run in one iteration: each of these tasks has further work in the same one."""


class InTurn:
    """Runs callbacks in order, some in one iteration of the loop; those that come first at once."""

    def __init__(self) -> None:
        self._waiting: deque[Act] = deque()
        self._room = TOGETHER
        self._is_counting = False

    def add(self, acts: Iterable[Act]) -> None:
        """Run callbacks, after those that wait; they must not raise."""
        self._waiting.extend(acts)
        if not self._is_counting:
            self._is_counting = True
            asyncio.get_running_loop().call_soon(self._next)
        self._run()

    def _run(self) -> None:
        while self._room and self._waiting:
            self._room -= 1
            self._waiting.popleft()()

    def _next(self) -> None:
        """Begin to count anew, in the next iteration."""
        self._room = TOGETHER if len(self._waiting) <= CROWD else OF_A_CROWD
        self._is_counting = bool(self._waiting)
        if self._is_counting:
            asyncio.get_running_loop().call_soon(self._next)
            self._run()
