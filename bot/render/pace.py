"""Slots for calls to Discord, shared by all callers in the bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from math import isinf

from bot.render.schedule import Call, Demand, Kind, Schedule

__all__ = ["Kind", "Pace", "Slot"]


class Slot:
    """A position in the queue; `granted` once the call may go."""

    def __init__(self, notify: Callable[[], None]) -> None:
        self.granted = False
        self.held_by: asyncio.Future[None] | None = None
        self._notify = notify

    def grant(self) -> None:
        """Let the call go."""
        self.granted = True
        self._notify()

    def hold_until(self, call: asyncio.Future[None]) -> None:
        """Keep the slot until the call has returned, even if its caller leaves earlier."""
        self.held_by = call


class _RequestPermit:
    """The permission of a slot for one request, which ends with the response to the request.

    If a slot lasted until its call returned, calls that all repeat a request would hold every slot, and each of them
    would wait for a further slot.
    """

    def __init__(self, call: Call | None) -> None:
        self.call = call

    def take(self) -> Call | None:
        """Return the call of the slot, once."""
        call, self.call = self.call, None
        return call if call is not None and isinf(call.ended) else None


_permit: ContextVar[_RequestPermit | None] = ContextVar("permit", default=None)


class Pace:
    """Grants slots to all calls of one bot in the order of the schedule; belongs to one event loop.

    Code that knows the purpose of a call takes a slot before the call. Every request passes through `request` before
    it is sent: the first request under a slot is sent at once and ends the slot; every other request gets a slot of
    its own there. `on_short` is called when calls wait for the limit, and when a call ends an idle time (`is_idle`).
    """

    def __init__(self) -> None:
        self._schedule = Schedule()
        self._waiting: dict[Call, Slot] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.on_short: Callable[[], None] = _do_nothing
        self.is_idle = False

    @property
    def streams(self) -> int:
        """The number of replies that are being written."""
        return self._schedule.streams

    @property
    def limit(self) -> int:
        """The most calls that may count at a time."""
        return self._schedule.limit

    @limit.setter
    def limit(self, limit: int) -> None:
        self._schedule.limit = limit
        if self._waiting:
            self._grant()

    @property
    def demand(self) -> Demand:
        """How many calls there are, and are to be expected."""
        return self._schedule.demand(self._now())

    @property
    def is_short(self) -> bool:
        """Whether a call waits for the limit."""
        return self._schedule.is_short(self._now())

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Count a reply that is being written: with more replies, each of them is edited less often."""
        self._schedule.streams += 1
        try:
            yield
        finally:
            self._schedule.streams -= 1

    @contextmanager
    def slot(self, channel_id: int, kind: Kind, notify: Callable[[], None]) -> Iterator[Slot]:
        """Queue for a call: `notify` is called when the slot is granted; leave when the call has returned.

        Leaving before the slot is granted removes the call from the queue.
        """
        call = self._schedule.ask(channel_id, kind, self._now())
        slot = self._waiting[call] = Slot(notify)
        try:
            self._grant()
            with _allowing(call):
                yield slot
        finally:
            self._waiting.pop(call, None)
            if slot.held_by is None:
                self._end(call)
            else:
                slot.held_by.add_done_callback(lambda _: self._end(call))

    @asynccontextmanager
    async def waited(self, channel_id: int, kind: Kind) -> AsyncIterator[None]:
        """Queue for a call and wait until its slot is granted."""
        granted = asyncio.Event()
        with self.slot(channel_id, kind, granted.set):
            await granted.wait()
            yield

    @contextmanager
    def try_slot(self, channel_id: int, kind: Kind) -> Iterator[bool]:
        """Whether a call may be made at once; a call that may not is better left out."""
        call = self._schedule.try_now(channel_id, kind, self._now())
        try:
            with _allowing(call):
                yield call is not None
        finally:
            if call is not None:
                self._end(call)

    async def request(self, channel_id: int, kind: Kind) -> Call:
        """Wait until a request may be sent; pass the returned call to `answered` after the response."""
        permit = _permit.get()
        if permit is not None and (taken := permit.take()) is not None:
            return taken
        granted = asyncio.Event()
        call = self._schedule.ask(channel_id, kind, self._now())
        self._waiting[call] = Slot(granted.set)
        try:
            self._grant()
            await granted.wait()
        except BaseException:
            self._waiting.pop(call, None)
            self._end(call)
            raise
        return call

    def answered(self, call: Call | None) -> None:
        """Note that a request has its response, or will never have one."""
        if call is not None:
            self._end(call)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _end(self, call: Call) -> None:
        if isinf(call.ended):
            self._schedule.end(call, self._now())
            self._grant()

    def _grant(self) -> None:
        now = self._now()
        for call in self._schedule.grant(now):
            self._waiting.pop(call).grant()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_at = self._schedule.next_at(now)
        if not isinf(next_at):
            self._timer = asyncio.get_running_loop().call_at(next_at, self._grant)
        if self.is_idle or (self._waiting and self._schedule.is_short(now)):
            self.on_short()


def _do_nothing() -> None:
    """Do nothing."""


@contextmanager
def _allowing(call: Call | None) -> Iterator[None]:
    token = _permit.set(_RequestPermit(call))
    try:
        yield
    finally:
        _permit.reset(token)
