"""One reply being written to Discord: text goes in whenever it comes, calls go out when they may."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

from bot.conversation import wording
from bot.conversation.errors import BobbinError, DiscordNotNow, DiscordUnavailable, Fenced
from bot.render.board import Board, FilesRefused
from bot.render.composition import Composition
from bot.render.controls import NONE, Controls
from bot.render.indicator import Indicator
from bot.render.measure import MESSAGE_LIMIT_UNITS
from bot.render.outbox import Outbox
from bot.render.pace import Kind, Pace
from bot.render.permit import ASK_EVERY_S, Permit
from bot.render.plan import Action, Delete, Edit, Posted
from bot.render.style import Style
from bot.render.upload import Draw, Uploads
from bot.retry import Schedule

# After a call that failed in the outbox for good. A call that must succeed is made for about a quarter of a minute,
# besides the outbox's own tries.
WHILE_STREAMING = Schedule(0.5, factor=2, longest_s=8.0)
AT_THE_END = Schedule(0.5, factor=2, longest_s=8.0, tries=6)
# How long a reply whose text is all there waits for its pictures, at most; it is readable without them.
DRAW_PATIENCE_S = 6.0


class Writer:
    """Writes one reply into one place: `run` while it comes, `close_text` at its end, `finish` after the commit.

    `before_send(part, content)` is awaited before each post, `after_send(part, message_id)` after it, and `opened`
    before all, for a place that is only being made; whatever they raise ends the writing. `may_write` is asked
    before each call; while it says no, nothing is called. The errors of the outbox surface from `run`, and again
    from `finish`, except DiscordUnavailable, which is repeated, and surfaces from `finish` when it lasts, and
    DiscordNotNow, which surfaces from `finish` alone: until then it is waited for, and `delayed` is told once;
    AnsweredBefore if the first nonce brings back what an earlier try has posted in reply to another message.
    `posted` are messages of an earlier try, in order: they are reused. If something else stands behind them,
    `apart`, what is posted next points to the first of them, so that a reader sees what it continues. The newest
    message carries the buttons `streaming` until `finish` says which are to stay; None for both leaves all buttons
    alone. `draw` makes pictures of TeX; `style` says what goes into files, which is in the text where Discord
    refuses them.
    """

    def __init__(
        self,
        outbox: Outbox,
        place: int,
        *,
        pace: Pace,
        nonce: Callable[[int], str],
        before_send: Callable[[int, str], Awaitable[None]],
        after_send: Callable[[int, int], Awaitable[None]],
        may_write: Callable[[], bool],
        opened: Callable[[], Awaitable[None]] | None = None,
        delayed: Callable[[DiscordNotNow], Awaitable[None]] | None = None,
        reply_to: int | None = None,
        posted: Sequence[Posted] = (),
        apart: bool = False,
        streaming: Controls | None = None,
        draw: Draw | None = None,
        style: Style | None = None,
        limit: int = MESSAGE_LIMIT_UNITS,
    ) -> None:
        self._wake = asyncio.Event()
        self._uploads = Uploads(draw, self._wake.set)
        self._board = Board(
            outbox,
            place,
            nonce=nonce,
            before_send=before_send,
            after_send=after_send,
            reply_to=reply_to,
            posted=posted,
            apart=apart,
            uploads=self._uploads,
        )
        self._indicator = Indicator(outbox, place, pace, may_write)
        self._place = place
        self._pace = pace
        self._may_write = may_write
        self._permit = Permit(may_write)
        self._opened = opened
        self._delayed = delayed
        self._composition = Composition(self._uploads, controls=streaming, style=style, limit=limit)
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._idle = False
        self._written = False
        self._abandoned = False
        self._failure: BobbinError | None = None
        self._call: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._composition.text

    @property
    def posted(self) -> tuple[Posted, ...]:
        """The messages of the reply, as far as is known."""
        return self._board.shown

    @property
    def doubtful(self) -> bool:
        """Whether some call may still take effect late: then look once more when its time-out has passed."""
        return self._board.doubtful

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should be told besides the reply."""
        return () if self._composition.attaches else (wording.NO_FILES,)

    def show_status(self, text: str) -> None:
        """Show a line in place of the reply while there is nothing of it to show; never waits."""
        if text != self._composition.status and not self._composition.closed and not self._abandoned:
            self._composition.status = text
            self._wake.set()

    def push(self, text: str) -> None:
        """Take more of the reply; never waits, and shows nothing any more once the writing has ended."""
        if self._composition.closed or self._abandoned:
            return
        self._composition.push(text)
        if self._idle:
            self._wake.set()

    def close_text(self) -> None:
        """The reply is all there: nothing more is called until `finish`."""
        if not self._composition.closed:
            self._composition.close()
            self._wake.set()

    async def run(self) -> None:
        """Show the reply as it grows, until `close_text` or `abandon`."""
        self._stopped.clear()
        try:
            while self._going_on:
                try:
                    await self._open()
                    break
                except DiscordNotNow as error:
                    await self._wait_for(error)
            if self._going_on:
                self._indicator.start()
            with self._pace.streaming():
                await self._stream()
        except BobbinError as error:
            self._failure = error
            raise
        finally:
            self._indicator.stop()
            self._stopped.set()

    async def finish(
        self, final_text: str | None = None, final: Controls | None = None, *, cut: bool = False
    ) -> tuple[Posted, ...]:
        """Wait until Discord shows the whole reply and nothing else of it, without the mark.

        The reply is what was pushed, or `final_text`, where one is given: it may differ. If it was `cut`, what is
        open at its end is closed. Without a `run`
        before, all of it is written now. Its last message keeps the buttons `final`. Raises what ended the
        writing, DiscordNotNow, DiscordUnavailable after the last try, or Fenced if it was abandoned.
        """
        self.close_text()
        await self._stopped.wait()
        if self._failure is not None:
            raise self._failure
        if final is not None or self._composition.controls is not None:
            self._composition.controls = final or NONE
        if cut or (final_text is not None and final_text != self._composition.text):
            self._composition.replace(self._composition.text if final_text is None else final_text, cut=cut)
        await self._open()
        drawn_by = asyncio.get_running_loop().time() + DRAW_PATIENCE_S
        failures = 0
        while not self._abandoned:
            action = self._composition.next(self._board.shown)
            if action is None:
                if not self._uploads.pending:
                    break
                await self._wait_for_pictures(drawn_by)
                continue
            try:
                await self._in_turn(Kind.DELETE if isinstance(action, Delete) else Kind.LAST)
                failures = 0
            except DiscordUnavailable:
                failures += 1
                if AT_THE_END.exhausted(failures):
                    raise
                await self._rest(AT_THE_END.pause_s(failures))
        if self._abandoned:
            raise Fenced
        return self.posted

    async def abandon(self) -> None:
        """Call nothing more, and drop the call that is under way: the reply is somebody else's by now."""
        self._abandoned = True
        self._wake.set()
        self._uploads.close()
        if self._call:
            self._call.cancel()
        await self._stopped.wait()

    async def leave(self) -> None:
        """Let a reply that cannot be finished end where it is, if that can be; for when its turn is over."""
        await self._stopped.wait()
        if self._may_write():
            await self._board.leave()

    async def _open(self) -> None:
        if self._opened is not None:
            await self._opened()
            self._opened = None

    async def _stream(self) -> None:
        failures = 0
        while self._going_on:
            self._wake.clear()
            action = self._composition.next(self._board.shown)
            if action is None:
                self._idle = True
                await self._wake.wait()
                self._idle = False
                continue
            try:
                await self._in_turn(self._kind(action))
                failures = 0
            except DiscordUnavailable:
                failures += 1
                await self._rest(WHILE_STREAMING.pause_s(failures))
            except DiscordNotNow as error:
                await self._wait_for(error)

    @property
    def _going_on(self) -> bool:
        return not self._composition.closed and not self._abandoned

    async def _wait_for(self, refused: DiscordNotNow) -> None:
        self._indicator.stop()
        if self._delayed is not None:
            await self._delayed(refused)
            self._delayed = None
        if self._going_on:  # the text may have ended since
            await self._rest(refused.for_s)

    def _kind(self, action: Action) -> Kind:
        if not self._written:
            return Kind.FIRST
        fills = isinstance(action, Edit) and action.index < self._composition.complete
        return Kind.FILL if fills else Kind.EDIT

    async def _wait_for_pictures(self, until_s: float) -> None:
        self._wake.clear()
        try:
            async with asyncio.timeout_at(until_s):
                await self._wake.wait()
        except TimeoutError:
            self._uploads.give_up()

    async def _in_turn(self, kind: Kind) -> None:
        """Wait for a turn and make the call that is due by then; none, if what is due has changed."""
        closed = self._composition.closed
        with self._pace.turn(self._place, kind, self._wake.set) as turn:
            while not turn.granted:
                if self._abandoned or self._composition.closed != closed:
                    return
                await self._wake.wait()
                self._wake.clear()
            if self._abandoned or self._composition.closed != closed:
                return
            if self._permit.granted(asyncio.get_running_loop().time()):
                if (action := self._composition.next(self._board.shown)) is not None:
                    await self._perform(action)
                return
        await self._rest(ASK_EVERY_S)

    async def _perform(self, action: Action) -> None:
        self._indicator.stop()
        self._call = asyncio.create_task(self._do(action))
        done = False
        try:
            await self._call
            done = True
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._abandoned or (task is not None and task.cancelling()):
                raise
        finally:
            self._call = None
            if not done:
                self._board.doubt(action)

    async def _do(self, action: Action) -> None:
        has_text = self._composition.has_text
        try:
            await self._board.perform(action)
        except FilesRefused:
            self._composition.attach_nothing()
            self._wake.set()
        else:
            self._written = self._written or has_text

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the text ends or the writing is abandoned."""
        closed = self._composition.closed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._abandoned and self._composition.closed == closed:
                    await self._wake.wait()
                    self._wake.clear()
