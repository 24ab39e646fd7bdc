"""Holds back events while the store is away: Discord sends each event only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.conversation.errors import StoreUnavailable
from bot.retry import Schedule, retry

T = TypeVar("T")

NOTIFY_AFTER_S = 60.0
"""A restart of the store takes less; after a longer outage people are told."""

RETRY_S = 0.5

CAPACITY = 1000
"""Some 20 MB. A listing finds the messages beyond that, but no edits, deletions or first direct messages."""


async def _no_probe() -> None:
    """Let the steps themselves find out whether the store is there."""


class OutageBuffer:
    """Repeats steps until the store accepts them, however long that takes: one at a time, in their order.

    `probe` makes a call to the store that fails only during an outage.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]] = _no_probe,
        *,
        notify_after_s: float = NOTIFY_AFTER_S,
        retry_s: float = RETRY_S,
        capacity: int = CAPACITY,
    ) -> None:
        self._probe = probe
        self._notify_after_s = notify_after_s
        self._schedule = Schedule(retry_s)
        self._capacity = capacity
        self._waiting = 0
        self._stuck = 0
        self._one_at_a_time = asyncio.Lock()
        self._accepting: dict[int, asyncio.Event] = {}
        self._discarded: set[int] = set()
        self._notifying: set[asyncio.Task[None]] = set()

    @property
    def is_holding(self) -> bool:
        """Whether steps wait for the store, or for their turn since it is back."""
        return self._waiting > self._stuck

    async def run(
        self,
        step: Callable[[], Awaitable[T]],
        *,
        on_failure: Callable[[StoreUnavailable], None] = lambda _: None,
        on_late: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """Run a step now or when the store is back; raises StoreUnavailable when the buffer is full.

        The step may run again after a lost response, as every write to the store may. `on_failure` is called
        whenever the step fails, `on_late` once if the step has to wait for long.
        """
        if not self.is_holding:  # else the step would overtake those that wait
            try:
                return await step()
            except StoreUnavailable as error:
                on_failure(error)
        if self._waiting >= self._capacity:
            raise StoreUnavailable("the outage buffer is full")
        self._waiting += 1
        timer, stuck = None, False

        async def once() -> T:
            async with self._one_at_a_time:
                await retry(self._probe, self._schedule, on=StoreUnavailable)
                return await step()

        def on_retry(error: StoreUnavailable, _failures: int) -> None:
            nonlocal stuck
            on_failure(error)
            # The store answers the probe, so the other steps need not wait for this one.
            self._stuck += not stuck
            stuck = True

        if on_late is not None:
            timer = asyncio.get_running_loop().call_later(self._notify_after_s, self._notify, on_late)
        try:
            return await retry(once, self._schedule, on=StoreUnavailable, on_retry=on_retry)
        finally:
            self._waiting -= 1
            self._stuck -= stuck
            if timer is not None:
                timer.cancel()

    @contextmanager
    def accepting(self, message: int) -> Iterator[None]:
        """Mark a message as being accepted, so that its edits and its deletion wait."""
        done = asyncio.Event()
        self._accepting[message] = done
        try:
            yield
        finally:
            done.set()
            if self._accepting.get(message) is done:
                del self._accepting[message]
                self._discarded.discard(message)

    def discard(self, message: int) -> None:
        """Discard a message that was deleted before it was accepted."""
        if message in self._accepting:
            self._discarded.add(message)

    def is_discarded(self, message: int) -> bool:
        """Whether a message that is being accepted was deleted meanwhile."""
        return message in self._discarded

    async def wait_until_accepted(self, message: int) -> None:
        """Wait for a message that is being accepted."""
        if done := self._accepting.get(message):
            await done.wait()

    def _notify(self, on_late: Callable[[], Awaitable[None]]) -> None:
        async def notify() -> None:
            await on_late()

        task = asyncio.create_task(notify(), name="notify-of-outage")
        self._notifying.add(task)
        task.add_done_callback(self._notifying.discard)
