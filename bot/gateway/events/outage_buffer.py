"""An event of Discord's that finds the store away is held until it is back: Discord tells of each only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.conversation.errors import StoreUnavailable
from bot.retry import Schedule, retry

T = TypeVar("T")

TELL_AFTER_S = 60.0
"""A restart of the store takes less; whoever waits for longer is told so."""

PAUSE_S = 0.5

MOST = 1000
"""Some 20 MB. What more there is in an outage a listing finds, but for edits, deletions and first direct messages."""


async def _there() -> None:
    """Leave it to the steps themselves to find out whether the store is there."""


class OutageBuffer:
    """Repeats steps until the store takes them, however long that is: one after the other, in their order.

    `probe` asks the store for something that fails only where it is away.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[object]] = _there,
        *,
        tell_after_s: float = TELL_AFTER_S,
        pause_s: float = PAUSE_S,
        most: int = MOST,
    ) -> None:
        self._probe = probe
        self._tell_after_s = tell_after_s
        self._schedule = Schedule(pause_s)
        self._most = most
        self._held = 0
        self._stuck = 0
        self._asking = asyncio.Lock()
        self._taking: dict[int, asyncio.Event] = {}
        self._dropped: set[int] = set()
        self._telling: set[asyncio.Task[None]] = set()

    async def held(
        self,
        step: Callable[[], Awaitable[T]],
        *,
        failed: Callable[[StoreUnavailable], None] = lambda _: None,
        late: Callable[[], Awaitable[None]] | None = None,
    ) -> T:
        """Do a step, now or when the store is back; StoreUnavailable where too many wait already.

        The step may be repeated after a lost answer, as every write to the store may. `failed` is told when the
        step fails, `late` is called once where it takes long.
        """
        if self._held == self._stuck:  # else it would overtake what was held before
            try:
                return await step()
            except StoreUnavailable as error:
                failed(error)
        if self._held >= self._most:
            raise StoreUnavailable("too much is held already")
        self._held += 1
        timer, stuck = None, False

        async def once() -> T:
            async with self._asking:
                await retry(self._probe, self._schedule, on=StoreUnavailable)
                return await step()

        def repeated(error: StoreUnavailable, _failures: int) -> None:
            nonlocal stuck
            failed(error)
            # It is not the store, or not for all: the others need not wait for this one.
            self._stuck += not stuck
            stuck = True

        if late is not None:
            timer = asyncio.get_running_loop().call_later(self._tell_after_s, self._tell, late)
        try:
            return await retry(once, self._schedule, on=StoreUnavailable, on_retry=repeated)
        finally:
            self._held -= 1
            self._stuck -= stuck
            if timer is not None:
                timer.cancel()

    @contextmanager
    def taking(self, message: int) -> Iterator[None]:
        """Let what happens to a message wait until it is taken in."""
        over = asyncio.Event()
        self._taking[message] = over
        try:
            yield
        finally:
            over.set()
            if self._taking.get(message) is over:
                del self._taking[message]
                self._dropped.discard(message)

    def drop(self, message: int) -> None:
        """Let a message that is still to be taken in go: it was deleted."""
        if message in self._taking:
            self._dropped.add(message)

    def dropped(self, message: int) -> bool:
        """Say whether a message that is to be taken in was deleted meanwhile."""
        return message in self._dropped

    async def taken(self, message: int) -> None:
        """Wait until a message that is just being taken in is."""
        if over := self._taking.get(message):
            await over.wait()

    def _tell(self, late: Callable[[], Awaitable[None]]) -> None:
        async def telling() -> None:
            await late()

        task = asyncio.create_task(telling(), name="tell-of-the-outage")
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
