"""The changes of a world: committed, passed on to listeners, and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.local.simulator.discord.world import Event, World

Listener = Callable[[list[Event]], None]


class Hub:
    """One world and everything that follows its changes.

    `changed` is called at each commit; `latest` describes recent traffic for the text of a TimeoutError.
    """

    def __init__(self, world: World, *, changed: Callable[[], None], latest: Callable[[], str]) -> None:
        self.world = world
        self._changed = changed
        self._latest = latest
        self._listeners: list[Listener] = []
        self._waiters: set[asyncio.Future[None]] = set()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with the events of each commit, in the order of listening; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def commit(self) -> None:
        """Pass on the events of the world and wake everything that waits for a condition."""
        self._changed()
        while events := self.world.take_events():
            for listener in list(self._listeners):
                listener(events)
        self.wake()

    def wake(self) -> None:
        """Have every waiting condition checked again."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def until(self, condition: Callable[[], Any], timeout: float = 30.0, what: str = "") -> Any:
        """Wait until `condition()` is true, checked at every change; returns the result of `condition()`.

        Raises TimeoutError, which names the condition and the latest requests.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while not (found := condition()):
            if loop.time() >= deadline:
                description = what or _description(condition)
                raise TimeoutError(f"waited {timeout:g} s in vain until {description}; {self._latest()}")
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.add(waiter)
            try:
                await asyncio.wait({waiter}, timeout=max(0.0, deadline - loop.time()))
            finally:
                self._waiters.discard(waiter)
        return found


def _description(condition: Callable[[], Any]) -> str:
    code = getattr(condition, "__code__", None)
    if code is None:
        return "a condition holds"
    return f"the condition at {Path(code.co_filename).name}:{code.co_firstlineno} holds"
