"""The writer of one reply: takes text at any time, and calls Discord when the pace and the lease allow it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bot.conversation import reply_wording
from bot.conversation.errors import BobbinError, DiscordNotNow, DiscordUnavailable, Fenced
from bot.render.board import Board
from bot.render.calls import Calls
from bot.render.composition import Composition
from bot.render.controls import NONE, Controls
from bot.render.indicator import Indicator
from bot.render.measure import MESSAGE_LIMIT_UNITS
from bot.render.pace import Kind
from bot.render.part import MadeFile
from bot.render.plan import Action, Delete, Edit, Posted
from bot.render.upload import Uploads
from bot.render.writer_setup import Placement, WriterHooks, WriterServices
from bot.retry import Schedule

# The pauses after a call that failed in the outbox for good. A call that must succeed is attempted for about 15 s,
# besides the outbox's own retries.
WHILE_STREAMING = Schedule(0.5, factor=2, longest_s=8.0)
AT_THE_END = Schedule(0.5, factor=2, longest_s=8.0, tries=6)
# The longest wait of a complete text for its pictures; the reply is readable without them.
DRAW_PATIENCE_S = 6.0


class Writer:
    """Writes one reply to Discord: `run` while the text streams, `close_text` at its end, `finish` after the commit.

    A writer is single-use. While `hooks.may_write` says no, no call is made. The errors of the outbox are raised by
    `run`, and again by `finish`, with two exceptions: calls with DiscordUnavailable are repeated, and only `finish`
    raises the error when it lasts; `run` waits for the end of a DiscordNotNow, and only `finish` raises it. Raises
    AnsweredBefore if the first nonce returns a message of an earlier attempt that replies to another message.
    """

    def __init__(self, services: WriterServices, placement: Placement, hooks: WriterHooks) -> None:
        outbox, pace, channel_id = services.outbox, services.pace, placement.channel_id
        wake = asyncio.Event()
        self._composition = Composition(
            Uploads(services.draw, wake.set),
            controls=placement.streaming,
            style=services.style,
            limit=MESSAGE_LIMIT_UNITS,
        )
        self._board = Board(
            outbox,
            channel_id,
            nonce=hooks.nonce,
            before_send=hooks.before_send,
            after_send=hooks.after_send,
            reply_to=placement.reply_to,
            posted=placement.posted,
            apart=placement.followed,
            uploads=self._composition.uploads,
            tally=placement.tally,
        )
        self._indicator = Indicator(outbox, channel_id, pace, hooks.may_write)
        self._calls = Calls(
            self._board,
            self._composition,
            self._indicator,
            pace=pace,
            channel_id=channel_id,
            may_write=hooks.may_write,
            wake=wake,
        )
        self._pace = pace
        self._may_write = hooks.may_write
        self._opened: Callable[[], Awaitable[None]] | None = hooks.open
        self._delayed: Callable[[DiscordNotNow], Awaitable[None]] | None = hooks.delayed
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._idle = False
        self._failure: BobbinError | None = None

    @property
    def text(self) -> str:
        """The text of the reply so far."""
        return self._composition.text

    @property
    def posted(self) -> tuple[Posted, ...]:
        """The known messages of the reply."""
        return self._board.shown

    @property
    def unconfirmed(self) -> bool:
        """Whether a call may still take effect late; the reply is reconciled after the call's time-out then."""
        return self._board.unconfirmed

    @property
    def notices(self) -> tuple[str, ...]:
        """The notices to show below the reply."""
        if self._composition.refused_files:
            return (reply_wording.MADE_FILES_REFUSED,)
        return () if self._composition.attaches else (reply_wording.NO_FILES,)

    def show_status(self, text: str) -> None:
        """Show a line below the text so far until there is more; never waits."""
        if text != self._composition.status and not self._composition.closed and not self._calls.abandoned:
            self._composition.status = text
            self._calls.wake.set()

    def push(self, text: str) -> None:
        """Append text; never waits. Text pushed after the end of the writing is lost."""
        if self._composition.closed or self._calls.abandoned:
            return
        self._composition.push(text)
        if text:
            self._composition.status = ""
        if self._idle:
            self._calls.wake.set()

    def close_text(self) -> None:
        """Mark the text as complete: no further call until `finish`."""
        if not self._composition.closed:
            self._composition.close()
            self._calls.wake.set()
            self._calls.overtake()

    async def run(self) -> None:
        """Show the text as it grows, until `close_text` or `abandon`."""
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
        self,
        final_text: str | None = None,
        final: Controls | None = None,
        *,
        truncated: bool = False,
        files: tuple[MadeFile, ...] = (),
    ) -> tuple[Posted, ...]:
        """Wait until Discord shows the whole reply without the mark, and no other message of the reply.

        The text is `final_text` if given, else the pushed text. The markup that a `truncated` text leaves open is
        closed. Works without a `run` before. The last message carries the buttons `final` and the `files`. Raises
        the error that ended the writing, DiscordNotNow, DiscordUnavailable after the last attempt, or Fenced if
        abandoned.
        """
        self.close_text()
        await self._stopped.wait()
        if self._failure is not None:
            raise self._failure
        if final is not None or self._composition.controls is not None:
            self._composition.controls = final or NONE
        if truncated or (final_text is not None and final_text != self._composition.text):
            self._composition.replace(
                self._composition.text if final_text is None else final_text, truncated=truncated
            )
        self._composition.attach(files)
        self._board.take_made(files)
        await self._open()
        drawn_by = asyncio.get_running_loop().time() + DRAW_PATIENCE_S
        failures = 0
        while not self._calls.abandoned:
            action = self._composition.next(self._board.shown)
            if action is None:
                if await self._calls.overtaken_returned():
                    continue
                if not self._composition.uploads.pending:
                    break
                await self._wait_for_pictures(drawn_by)
                continue
            try:
                await self._calls.in_slot(Kind.DELETE if isinstance(action, Delete) else Kind.LAST)
                failures = 0
            except DiscordUnavailable:
                failures += 1
                if AT_THE_END.exhausted(failures):
                    raise
                await self._calls.rest(AT_THE_END.pause_s(failures))
        if self._calls.abandoned:
            raise Fenced
        return self.posted

    async def abandon(self) -> None:
        """Make no further call and drop the call in flight: another worker owns the reply now."""
        self._composition.uploads.close()
        self._calls.abandon()
        await self._stopped.wait()
        await self._calls.overtaken_returned()

    async def finalize_partial(self) -> None:
        """Remove the mark and the buttons of a reply that stays partial; for turns that are over."""
        await self._stopped.wait()
        await self._calls.overtaken_returned()
        if self._may_write():
            await self._board.finalize_partial()

    async def _open(self) -> None:
        if self._opened is not None:
            await self._opened()
            self._opened = None

    async def _stream(self) -> None:
        failures = 0
        while self._going_on:
            self._calls.wake.clear()
            action = self._composition.next(self._board.shown)
            if action is None:
                self._idle = True
                await self._calls.wake.wait()
                self._idle = False
                continue
            try:
                await self._calls.in_slot(self._kind(action))
                failures = 0
            except DiscordUnavailable:
                failures += 1
                await self._calls.rest(WHILE_STREAMING.pause_s(failures))
            except DiscordNotNow as error:
                await self._wait_for(error)

    @property
    def _going_on(self) -> bool:
        return not self._composition.closed and not self._calls.abandoned

    async def _wait_for(self, refused: DiscordNotNow) -> None:
        self._indicator.stop()
        if self._delayed is not None:
            await self._delayed(refused)
            self._delayed = None
        if self._going_on:  # the text may have ended since
            await self._calls.rest(refused.for_s)

    def _kind(self, action: Action) -> Kind:
        if not self._calls.text_shown:
            return Kind.FIRST
        fills = isinstance(action, Edit) and action.index < self._composition.complete
        return Kind.FILL if fills else Kind.EDIT

    async def _wait_for_pictures(self, until_s: float) -> None:
        self._calls.wake.clear()
        try:
            async with asyncio.timeout_at(until_s):
                await self._calls.wake.wait()
        except TimeoutError:
            self._composition.uploads.give_up()
