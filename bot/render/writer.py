"""One reply being written to Discord: text goes in whenever it comes, calls go out when they may."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.conversation import wording
from bot.conversation.errors import (
    AnsweredBefore,
    BobbinError,
    DiscordForbidden,
    DiscordRejected,
    DiscordUnavailable,
    Fenced,
)
from bot.render.controls import NONE, Controls
from bot.render.draft import Draft
from bot.render.measure import MESSAGE_LIMIT_UNITS
from bot.render.outbox import Change, Outbox, Outgoing
from bot.render.pace import Kind, Pace
from bot.render.part import Part
from bot.render.plan import Action, Delete, Edit, Posted, Send, plan
from bot.render.style import Style
from bot.render.upload import Attached, Draw, File, Uploads

# Discord shows typing for 10 s.
TYPING_EVERY_S = 8.0
# When the bot was too busy for it.
TYPING_RETRY_S = 1.0
# The lease is renewed every few seconds, so there is no point in asking more often.
MAY_WRITE_EVERY_S = 0.2
# Longer than any lease: who may not write for so long has lost it.
MAY_WRITE_PATIENCE_S = 20.0
# After a call that failed for good in the outbox; each wait is twice the one before.
BACK_OFF_FIRST_S = 0.5
BACK_OFF_MAX_S = 8.0
# How often a call is made that must succeed: about a quarter of a minute, besides the outbox's own tries.
TRIES_MAX = 6


class Writer:
    """Writes one reply into one place: `run` while it comes, `close_text` at its end, `finish` after the
    commit.

    `before_send(part, content)` is awaited before each post, `after_send(part, message_id)` after it;
    whatever they raise ends the writing. `may_write` is asked before each call; while it says no, nothing is
    called. The errors of the outbox surface from `run`, and again from `finish`, except DiscordUnavailable,
    which is repeated, and surfaces from `finish` when it lasts; AnsweredBefore if the first nonce brings back
    what an earlier try has posted in reply to another message. `posted` are messages of an earlier try, in
    order: they are reused. The newest message carries the buttons `streaming` until `finish` says which
    are to stay; None for both leaves all buttons alone. `draw` makes a picture of TeX, None where it cannot;
    `style` says what goes into files, which is in the text where Discord refuses files.
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
        reply_to: int | None = None,
        posted: Sequence[Posted] = (),
        streaming: Controls | None = None,
        draw: Draw | None = None,
        style: Style | None = None,
        limit: int = MESSAGE_LIMIT_UNITS,
    ) -> None:
        self._outbox = outbox
        self._place = place
        self._pace = pace
        self._nonce = nonce
        self._before_send = before_send
        self._after_send = after_send
        self._may_write = may_write
        self._reply_to = reply_to
        self._shown = list(posted)
        self._controls = streaming
        self._uploads = Uploads(draw)
        self._style = style
        self._limit = limit
        self._draft = Draft(limit, style)
        self._attaches = True
        self._status = ""
        self._sending: dict[int, Send] = {}
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._stopped.set()
        self._idle = False
        self._written = False
        self._doubtful = False
        self._closed = False
        self._abandoned = False
        self._refused_at: float | None = None
        self._failure: BobbinError | None = None
        self._call: asyncio.Task[None] | None = None
        self._typing: asyncio.Task[None] | None = None

    @property
    def text(self) -> str:
        """The reply so far."""
        return self._draft.text

    @property
    def posted(self) -> tuple[Posted, ...]:
        """The messages of the reply, as far as is known."""
        return tuple(self._shown)

    @property
    def doubtful(self) -> bool:
        """Whether some call may still take effect late: then look once more when its time-out has passed."""
        return self._doubtful

    @property
    def notices(self) -> tuple[str, ...]:
        """What people should be told besides the reply."""
        return () if self._attaches else (wording.NO_FILES,)

    def show_status(self, text: str) -> None:
        """Show a line in place of the reply while there is nothing of it to show; never waits."""
        if text != self._status and not self._closed and not self._abandoned:
            self._status = text
            self._wake.set()

    def push(self, text: str) -> None:
        """Take more of the reply; never waits, and shows nothing any more once the writing has ended."""
        if self._closed or self._abandoned:
            return
        complete = self._draft.complete
        self._draft.push(text)
        if self._idle or self._draft.complete != complete:
            self._wake.set()

    def close_text(self) -> None:
        """The reply is all there: nothing more is called until `finish`."""
        if not self._closed:
            self._closed = True
            self._draft.finish()
            self._wake.set()

    async def run(self) -> None:
        """Show the reply as it grows, until `close_text` or `abandon`."""
        self._stopped.clear()
        self._typing = asyncio.create_task(self._type())
        try:
            with self._pace.streaming():
                await self._stream()
        except BobbinError as error:
            self._failure = error
            raise
        finally:
            self._typing.cancel()
            self._stopped.set()

    async def finish(
        self, final_text: str | None = None, final: Controls | None = None
    ) -> tuple[Posted, ...]:
        """Wait until Discord shows the whole reply and nothing else of it, without the mark.

        The reply is what was pushed, or `final_text`, where one is given: it may differ. Without a `run`
        before, all of it is written now. Its last message keeps the buttons `final`. Raises what ended the
        writing, DiscordUnavailable after the last try, or Fenced if it was abandoned.
        """
        self.close_text()
        await self._stopped.wait()
        if self._failure is not None:
            raise self._failure
        if final is not None or self._controls is not None:
            self._controls = final or NONE
        if final_text is not None and final_text != self._draft.text:
            self._lay_out_anew(final_text)
        tries = 0
        while not self._abandoned and (action := self._next()) is not None:
            kind = Kind.DELETE if isinstance(action, Delete) else Kind.LAST
            try:
                await self._in_turn(kind)
                tries = 0
            except DiscordUnavailable:
                tries += 1
                if tries == TRIES_MAX:
                    raise
                await self._rest(min(BACK_OFF_FIRST_S * 2 ** (tries - 1), BACK_OFF_MAX_S))
        self._uploads.close()
        if self._abandoned:
            raise Fenced
        return self.posted

    async def abandon(self) -> None:
        """Call nothing more, and drop the call that is under way: the reply is somebody else's by now."""
        self._abandoned = True
        self._wake.set()
        self._uploads.close()
        if self._call is not None:
            self._call.cancel()
        await self._stopped.wait()

    async def _stream(self) -> None:
        failures = 0
        while not self._closed and not self._abandoned:
            self._wake.clear()
            action = self._next()
            if action is None:
                self._idle = True
                await self._wake.wait()
                self._idle = False
                continue
            try:
                await self._in_turn(self._kind(action))
                failures = 0
            except DiscordUnavailable:
                await self._rest(min(BACK_OFF_FIRST_S * 2**failures, BACK_OFF_MAX_S))
                failures += 1

    def _next(self) -> Action | None:
        parts: Sequence[Part] = self._draft.parts
        if not parts and self._status and not self._closed:
            parts = (Part(self._status),)
        actions = plan(self._shown, parts, finished=self._closed, controls=self._controls, limit=self._limit)
        for action in actions:
            if not isinstance(action, Delete):
                self._uploads.prepare(action.files)
        return actions[0] if actions else None

    def _lay_out_anew(self, text: str) -> None:
        self._draft = Draft(self._limit, self._style if self._attaches else Style())
        self._draft.push(text)
        if self._closed:
            self._draft.finish()

    def _kind(self, action: Action) -> Kind:
        if not self._written:
            return Kind.FIRST
        if isinstance(action, Edit):
            return Kind.FILL if action.index < self._draft.complete else Kind.EDIT
        return Kind.PART

    async def _in_turn(self, kind: Kind) -> None:
        """Wait for a turn and make the call that is due by then; none, if what is due has changed."""
        closed, complete = self._closed, self._draft.complete
        with self._pace.turn(self._place, kind, self._wake.set) as turn:
            while not turn.granted:
                if self._abandoned or self._closed != closed:
                    return
                if kind in (Kind.EDIT, Kind.FILL) and self._draft.complete != complete:
                    return
                await self._wake.wait()
                self._wake.clear()
            if self._abandoned or self._closed != closed:
                return
            if self._may_write():
                self._refused_at = None
                action = self._next()
                if action is not None:
                    await self._perform(action)
                return
        await self._wait_for_lease()

    async def _wait_for_lease(self) -> None:
        now = asyncio.get_running_loop().time()
        self._refused_at = now if self._refused_at is None else self._refused_at
        if now - self._refused_at > MAY_WRITE_PATIENCE_S:
            raise Fenced
        await self._rest(MAY_WRITE_EVERY_S)

    async def _perform(self, action: Action) -> None:
        if self._typing is not None:
            self._typing.cancel()
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
                self._doubt(action)

    def _doubt(self, action: Action) -> None:
        """A call that was lost or dropped may have taken effect, or may still."""
        self._doubtful = True
        if isinstance(action, Edit):
            self._shown[action.index] = Posted(action.message_id, "")

    async def _do(self, action: Action) -> None:
        has_text = bool(self._draft.parts)
        try:
            if isinstance(action, Send):
                await self._send(action)
            elif isinstance(action, Edit):
                await self._edit(action)
            else:
                await self._outbox.delete(self._place, action.message_id)
                self._shown = [posted for posted in self._shown if posted.message_id != action.message_id]
        except (DiscordForbidden, DiscordRejected):
            if isinstance(action, Delete) or not action.files or not self._attaches:
                raise
            self._attach_nothing(action)
        else:
            self._written = self._written or has_text

    async def _send(self, action: Send) -> None:
        # A repeated nonce brings back the message as it was first sent, so a repeated post repeats its text
        # too.
        index = action.index
        action = self._sending.setdefault(index, action)
        await self._before_send(index, action.content)
        reply_to = self._reply_to if index == 0 else None
        outgoing = Outgoing(
            action.content,
            nonce=self._nonce(index),
            reply_to=reply_to,
            files=await self._uploads.ready(action.files),
            controls=action.controls or NONE,
        )
        sent = await self._outbox.send(self._place, outgoing)
        if sent.content != action.content:
            # Posted by an earlier try with the same nonce. The next edit puts this message right; what else that
            # try has posted is not known here.
            self._doubtful = True
            if index == 0 and sent.reply_to != reply_to:
                raise AnsweredBefore(sent.id, sent.reply_to)
            self._shown.append(Posted(sent.id, sent.content, sent.files, sent.controls))
        else:
            files = self._uploaded((), action.files, sent.files)
            self._shown.append(Posted(sent.id, sent.content, files, sent.controls))
        await self._after_send(index, sent.id)

    async def _edit(self, action: Edit) -> None:
        before = self._shown[action.index]
        change = Change(
            action.content,
            keep=None if action.keep is None else tuple(kept.id for kept in action.keep),
            files=await self._uploads.ready(action.files),
            controls=action.controls,
        )
        told = await self._outbox.edit(self._place, action.message_id, change)
        files = before.files if action.keep is None else self._uploaded(action.keep, action.files, told)
        controls = before.controls if action.controls is None else action.controls
        self._shown[action.index] = Posted(action.message_id, action.content, files, controls)

    def _uploaded(
        self, kept: Sequence[Attached], files: Sequence[File], told: Sequence[Attached]
    ) -> tuple[Attached, ...]:
        """The files of a message, as what they are known for; `told` is what Discord says of them."""
        new = told[len(kept) :]
        if len(new) < len(files):
            # A server that takes files and drops them.
            raise DiscordRejected
        return (
            *kept,
            *(replace(each, file=file) for each, file in zip(new, files, strict=False)),
        )

    def _attach_nothing(self, refused: Send | Edit) -> None:
        """Put into the text what would be files; the reply is laid out anew."""
        self._attaches = False
        self._sending.pop(refused.index, None)
        self._lay_out_anew(self._draft.text)
        self._wake.set()

    async def _rest(self, seconds: float) -> None:
        """Wait, unless the text ends or the writing is abandoned."""
        closed = self._closed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._abandoned and self._closed == closed:
                    await self._wake.wait()
                    self._wake.clear()

    async def _type(self) -> None:
        while True:
            went = False
            if self._may_write():
                with self._pace.try_turn(self._place, Kind.TYPING) as went:
                    if went:
                        await self._outbox.typing(self._place)
            await asyncio.sleep(TYPING_EVERY_S if went else TYPING_RETRY_S)
