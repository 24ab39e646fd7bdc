"""The slots of the turns that run at once; conversations that wait for one hold no lease."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.conversation.errors import StoreUnavailable
from bot.conversation.fair_queue import Caller, FairQueue, Ticket

TELL_AFTER_S = 4.0
"""Most turns are shorter, and people wait so long for a reply without a word."""


class TurnSlots:
    """Grants `count` slots in a fair order; `server_of` returns the server of a conversation, None without one.

    `tell` is called with a conversation that waits for long, and how many others come before it.
    """

    def __init__(
        self,
        count: int,
        server_of: Callable[[int], Awaitable[int | None]],
        tell: Callable[[int, int], Awaitable[None]],
    ) -> None:
        self._count = count
        self._taken = 0
        self._server_of = server_of
        self._tell = tell
        self._telling = asyncio.Lock()
        self._told_now: Ticket | None = None
        self._queue: FairQueue[asyncio.Event] = FairQueue()
        self._numbers = itertools.count()

    @property
    def are_wanted(self) -> bool:
        """Whether no slot is free."""
        return self._taken >= self._count

    def set_count(self, count: int) -> None:
        """Change the number of slots; turns that run go on."""
        self._count = count
        self._let_in()

    @asynccontextmanager
    async def slot(self, conversation: int) -> AsyncIterator[None]:
        """Hold a slot."""
        if self.are_wanted:
            await self._wait(conversation)
        else:
            self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._let_in()

    async def _wait(self, conversation: int) -> None:
        number = next(self._numbers)  # in order of arrival, before the store is asked
        granted = asyncio.Event()
        ticket = Ticket(number, Caller(await self._server(conversation) or conversation))
        self._queue.add(ticket, granted)
        self._let_in()
        telling = asyncio.create_task(self._tell_later(conversation, ticket), name=f"waits-{conversation}")
        try:
            await granted.wait()
            if self._told_now is not ticket:  # nobody would delete a notice whose posting is cancelled
                telling.cancel()
            await asyncio.wait({telling})  # what tells holds the lease, which the turn wants
        except BaseException:
            telling.cancel()
            self._queue.remove(ticket)
            if granted.is_set():  # the caller leaves with a slot
                self._taken -= 1
                self._let_in()
            await asyncio.wait({telling})
            raise

    async def _tell_later(self, conversation: int, ticket: Ticket) -> None:
        await asyncio.sleep(TELL_AFTER_S)
        async with self._telling:  # one at a time: each reads a whole conversation
            if ticket in self._queue:
                self._told_now = ticket
                try:
                    await self._tell(conversation, self._queue.before(ticket))
                finally:
                    self._told_now = None

    async def _server(self, conversation: int) -> int | None:
        try:
            return await self._server_of(conversation)
        except StoreUnavailable:
            return None

    def _let_in(self) -> None:
        while len(self._queue) and not self.are_wanted:
            self._taken += 1
            self._queue.take().set()
