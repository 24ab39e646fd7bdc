"""Slots for calls to Discord, shared by everything in the bot that calls Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from math import isinf

from bot.render.schedule import Call, Kind, Schedule

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
        """Keep the slot until the call has returned, although whoever took the slot leaves before."""
        self.held_by = call


class _RequestPermit:
    """What a slot allows to whoever works under it: one request, which is over when it has been answered.

    Were the slot kept until the call returns, calls that all have to repeat a request would hold every slot, and
    each would wait for one more.
    """

    def __init__(self, call: Call | None) -> None:
        self.call = call

    def take(self) -> Call | None:
        """Return the call of the slot, once."""
        call, self.call = self.call, None
        return call if call is not None and isinf(call.ended) else None


_permit: ContextVar[_RequestPermit | None] = ContextVar("permit", default=None)


class Pace:
    """Lets everything in one bot that calls Discord do so one after the other; belongs to one event loop.

    Code that knows what a call is for takes a slot before the call. Every request passes through `request` as it
    goes over the wire: the first request under a slot goes at once and ends the slot; any other request gets a slot
    of its own there.
    """

    def __init__(self) -> None:
        self._schedule = Schedule()
        self._waiting: dict[Call, Slot] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def streams(self) -> int:
        """How many replies are being written."""
        return self._schedule.streams

    @contextmanager
    def streaming(self) -> Iterator[None]:
        """Count a reply that is being written: the more there are, the rarer are the edits of each."""
        self._schedule.streams += 1
        try:
            yield
        finally:
            self._schedule.streams -= 1

    @contextmanager
    def slot(self, channel_id: int, kind: Kind, notify: Callable[[], None]) -> Iterator[Slot]:
        """Queue for a call: `notify` is called when the slot is granted; leave when the call has returned.

        Whoever leaves before that leaves the queue.
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
        """Queue for a call that nothing overtakes, and wait until it may go."""
        granted = asyncio.Event()
        with self.slot(channel_id, kind, granted.set):
            await granted.wait()
            yield

    @contextmanager
    def try_slot(self, channel_id: int, kind: Kind) -> Iterator[bool]:
        """Whether a call may go at once; one that may not is best not made at all."""
        call = self._schedule.try_now(channel_id, kind, self._now())
        try:
            with _allowing(call):
                yield call is not None
        finally:
            if call is not None:
                self._end(call)

    async def request(self, channel_id: int, kind: Kind) -> Call:
        """Wait until a request may go over the wire; give what is returned to `answered` when it has."""
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
        """A request has been answered, or never will be."""
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


@contextmanager
def _allowing(call: Call | None) -> Iterator[None]:
    token = _permit.set(_RequestPermit(call))
    try:
        yield
    finally:
        _permit.reset(token)
