"""The calls to Discord that show one reply: each in its slot, and only while the lease allows it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from bot.render.board import Board, FilesRefused
from bot.render.composition import Composition
from bot.render.indicator import Indicator
from bot.render.pace import Kind, Pace, Slot
from bot.render.permit import ASK_EVERY_S, Permit
from bot.render.plan import Action, Edit


class Calls:
    """Makes the calls of one reply, one after the other.

    The end of the text does not wait for an edit that is under way: that edit is `overtaken` by what comes next. The
    board compares what both have shown, so that the older text does not stay. `wake` says that something may be due.
    """

    def __init__(
        self,
        board: Board,
        composition: Composition,
        indicator: Indicator,
        *,
        pace: Pace,
        channel_id: int,
        may_write: Callable[[], bool],
        wake: asyncio.Event,
    ) -> None:
        self._board = board
        self._composition = composition
        self._indicator = indicator
        self._pace = pace
        self._channel_id = channel_id
        self._permit = Permit(may_write)
        self._call: asyncio.Task[None] | None = None
        self._overtaken: asyncio.Task[None] | None = None
        self._waits: asyncio.Future[None] | None = None
        self.wake = wake
        self.text_shown = False
        self.abandoned = False

    def abandon(self) -> None:
        """Make no more calls, and drop those that are under way."""
        self.abandoned = True
        self.wake.set()
        for call in (self._call, self._overtaken):
            if call is not None:
                call.cancel()

    def overtake(self) -> None:
        """Stop waiting for an edit that is under way."""
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    async def overtaken_returned(self) -> bool:
        """Wait for the overtaken edit; False if there is none."""
        if self._overtaken is None:
            return False
        overtaken = self._overtaken
        await asyncio.wait({overtaken})
        self._overtaken = None
        if not overtaken.cancelled():
            overtaken.exception()  # later calls meet the same failure and report it
        return True

    async def in_slot(self, kind: Kind, until: Callable[[], bool] = lambda: False) -> None:
        """Wait for a slot and make the call that is due by then; none if the text has ended meanwhile.

        The wait is given up where `until` holds at a wake-up.
        """
        closed = self._composition.closed
        with self._pace.slot(self._channel_id, kind, self.wake.set) as slot:
            while not slot.granted:
                if self.abandoned or self._composition.closed != closed or until():
                    return
                await self.wake.wait()
                self.wake.clear()
            if self.abandoned or self._composition.closed != closed:
                return
            if self._permit.granted(asyncio.get_running_loop().time()):
                if (action := self._composition.next(self._board.shown)) is not None:
                    await self._perform(action, slot)
                return
        await self.rest(ASK_EVERY_S)

    async def rest(self, seconds: float) -> None:
        """Wait, unless the text ends or the writing is abandoned."""
        closed = self._composition.closed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.abandoned and self._composition.closed == closed:
                    await self.wake.wait()
                    self.wake.clear()

    async def _perform(self, action: Action, slot: Slot) -> None:
        self._indicator.stop()
        self._call = call = asyncio.create_task(self._do(action))
        try:
            if isinstance(action, Edit) and not action.files and not self._composition.closed:
                await self._returned_or_overtaken(call)
                if not call.done():
                    self._overtaken = call
                    self._board.expect(action)
                    slot.hold_until(call)
                    return
            await call
        except asyncio.CancelledError:
            call.cancel()
            await asyncio.wait({call})
            task = asyncio.current_task()
            if not self.abandoned or (task is not None and task.cancelling()):
                raise
        finally:
            self._call = self._waits = None

    async def _returned_or_overtaken(self, call: asyncio.Task[None]) -> None:
        self._waits = waits = asyncio.get_running_loop().create_future()
        call.add_done_callback(lambda _: None if waits.done() else waits.set_result(None))
        await waits

    async def _do(self, action: Action) -> None:
        has_text = self._composition.has_text
        done = False
        try:
            await self._board.perform(action)
            done = True
            self.text_shown = self.text_shown or has_text
        except FilesRefused:
            self._composition.attach_nothing()
            self.wake.set()
            done = True
        finally:
            if not done:
                self._board.mark_unconfirmed(action)
