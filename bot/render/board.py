"""The messages of one reply: what Discord shows of them, and the calls that change it."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.conversation.errors import (
    AnsweredBefore,
    BobbinError,
    DiscordError,
    DiscordForbidden,
    DiscordRejected,
)
from bot.render.controls import NONE
from bot.render.mark import is_marked, unmarked
from bot.render.outbox import Change, Outbox, Outgoing
from bot.render.plan import Action, Delete, Edit, Posted, Send
from bot.render.tally import Tally
from bot.render.upload import Attached, File, Uploads


class FilesRefused(Exception):
    """Discord refuses files in this channel; the reply is to be shown without files."""


class Board:
    """Performs the actions of a plan, and records their results.

    `before_send(part, content)` is awaited before each post, `after_send(part, message_id)` after it. The first
    message is a reply to `reply_to`. `apart` says that other messages follow the messages `posted` before; then the
    next message is a reply to the first posted message. `tally` counts the calls.
    """

    def __init__(
        self,
        outbox: Outbox,
        channel_id: int,
        *,
        nonce: Callable[[int], str],
        before_send: Callable[[int, str], Awaitable[None]],
        after_send: Callable[[int, int], Awaitable[None]],
        reply_to: int | None,
        posted: Sequence[Posted],
        uploads: Uploads,
        apart: bool = False,
        tally: Tally | None = None,
    ) -> None:
        self._outbox = outbox
        self._channel_id = channel_id
        self._nonce = nonce
        self._before_send = before_send
        self._after_send = after_send
        self._points_to = {0: reply_to}
        if apart and posted:
            self._points_to[len(posted)] = posted[0].message_id
        self._shown = list(posted)
        self._uploads = uploads
        self._tally = tally or Tally()
        self._sending: dict[int, Send] = {}
        self._last_known: dict[int, Posted] = {}
        self._unconfirmed = False
        # The messages with edits in flight, one entry for each edit.
        self._editing: list[int] = []

    @property
    def shown(self) -> tuple[Posted, ...]:
        """The messages as far as they are known."""
        return tuple(self._shown)

    @property
    def unconfirmed(self) -> bool:
        """Whether some call may still take effect late."""
        return self._unconfirmed

    async def perform(self, action: Action) -> None:
        """Make one call; FilesRefused if Discord refuses its files, AnsweredBefore if its nonce is taken."""
        try:
            await self._perform(action)
        except BobbinError as error:
            self._tally.failed(error, is_edit=not isinstance(action, Send))
            raise
        self._tally.posts += isinstance(action, Send)
        self._tally.edits += not isinstance(action, Send)

    async def _perform(self, action: Action) -> None:
        try:
            if isinstance(action, Send):
                await self._send(action)
            elif isinstance(action, Edit):
                await self._edit(action)
            else:
                await self._outbox.delete(self._channel_id, action.message_id)
                self._shown = [each for each in self._shown if each.message_id != action.message_id]
        except (DiscordForbidden, DiscordRejected) as error:
            if isinstance(action, Delete) or not action.files:
                raise
            self._sending.pop(action.index, None)
            self._tally.failed(error, is_edit=not isinstance(action, Send), name=FilesRefused.__name__)
            raise FilesRefused from error

    def mark_unconfirmed(self, action: Action) -> None:
        """Note that a call was lost or dropped: it may have taken effect, or may still."""
        self._unconfirmed = True
        if isinstance(action, Edit) and (index := self._index_of(action.message_id)) is not None:
            if self._shown[index].content:
                self._last_known[action.message_id] = self._shown[index]
            self._shown[index] = Posted(action.message_id, "", apart=self._shown[index].apart)

    def take_made(self, files: Sequence[File]) -> None:
        """Take those of the attachments that stay for files of the reply, which they show."""
        for index, shown in enumerate(self._shown):
            made = tuple(each for each in shown.apart if any(each.shows(file) for file in files))
            apart = tuple(each for each in shown.apart if each not in made)
            self._shown[index] = replace(shown, files=(*shown.files, *made), apart=apart)

    def expect(self, action: Edit) -> None:
        """Record an edit in flight, without files, as done; its result or its failure corrects the record."""
        self._note(action, ())

    async def finalize_partial(self) -> None:
        """Remove the marks and buttons of messages that stay partial, where Discord allows it."""
        for shown in self._shown:
            posted = shown if shown.content else self._last_known.get(shown.message_id, shown)
            if is_marked(posted.content) or (posted.controls or NONE).buttons:
                with contextlib.suppress(DiscordError):
                    # Unknown content stays unchanged.
                    change = Change(unmarked(posted.content) or None, controls=NONE)
                    await self._outbox.edit(self._channel_id, posted.message_id, change)

    async def _send(self, action: Send) -> None:
        # A repeated nonce returns the message as it was first sent, so a repeated post repeats the text too.
        index = action.index
        action = self._sending.setdefault(index, action)
        await self._before_send(index, action.content)
        reply_to = self._points_to.get(index)
        outgoing = Outgoing(
            action.content,
            nonce=self._nonce(index),
            reply_to=reply_to,
            files=self._uploads.ready(action.files),
            controls=action.controls or NONE,
        )
        sent = await self._outbox.send(self._channel_id, outgoing)
        files = sent.files
        if sent.content == action.content:
            files = _named((), action.files, sent.files)
        else:
            # An earlier attempt has posted this message with the same nonce. The next edit corrects the message;
            # further messages of that attempt are not known here.
            self._unconfirmed = True
            # Discord drops the reference to a deleted message; the nonce still identifies the reply.
            if index == 0 and sent.reply_to not in (None, reply_to):
                raise AnsweredBefore(sent.id, sent.reply_to)
        self._shown.append(Posted(sent.id, sent.content, files, sent.controls))
        await self._after_send(index, sent.id)

    async def _edit(self, action: Edit) -> None:
        kept = None if action.keep is None else (*action.keep, *self._apart(action.message_id))
        change = Change(
            action.content,
            keep=None if kept is None else tuple(each.id for each in kept),
            files=self._uploads.ready(action.files),
            controls=action.controls,
        )
        # Discord may apply two concurrent edits in either order.
        self._unconfirmed = self._unconfirmed or action.message_id in self._editing
        self._editing.append(action.message_id)
        try:
            attached = await self._outbox.edit(self._channel_id, action.message_id, change)
        finally:
            self._editing.remove(action.message_id)
        self._note(action, attached)

    def _note(self, action: Edit, attached: Sequence[Attached]) -> None:
        if (index := self._index_of(action.message_id)) is None:
            return
        before = self._shown[index]
        attached = [each for each in attached if each.id not in {apart.id for apart in before.apart}]
        files = before.files if action.keep is None else _named(action.keep, action.files, attached)
        controls = before.controls if action.controls is None else action.controls
        self._shown[index] = Posted(action.message_id, action.content, files, controls, before.apart)

    def _apart(self, message_id: int) -> tuple[Attached, ...]:
        index = self._index_of(message_id)
        return () if index is None else self._shown[index].apart

    def _index_of(self, message_id: int) -> int | None:
        return next((at for at, each in enumerate(self._shown) if each.message_id == message_id), None)


def _named(
    kept: Sequence[Attached], files: Sequence[File], attached: Sequence[Attached]
) -> tuple[Attached, ...]:
    """The attachments of a message after an edit, each new attachment with its file; `attached` is Discord's list."""
    new = attached[len(kept) :]
    if len(new) < len(files):
        raise DiscordRejected  # a server that takes files and drops them
    return (*kept, *(replace(each, file=file) for each, file in zip(new, files, strict=False)))
