"""The outbox over discord.py; bot/render/outbox.py says what each call promises."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar, cast

import discord
import structlog
from discord.http import Route

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordForbidden, DiscordFull, DiscordGone, DiscordNotNow, DiscordRejected
from bot.conversation.prompt import NEUTRAL_THREAD_NAME
from bot.gateway import error_codes, permissions
from bot.gateway.connection.calls import FAILURES, Calls
from bot.gateway.connection.compat import Http
from bot.gateway.conversion import buttons, reading
from bot.gateway.conversion.own_messages import is_own_message, parse_own_message
from bot.render.outbox import Change, Outgoing, Seen, Sent
from bot.render.upload import Attached, Upload

log = structlog.get_logger()

T = TypeVar("T")

READ_MESSAGES = 1000
"""A reply stands close behind its question, mostly on the first page of 100 (Discord, "Get Channel Messages").

After an outage the bot answers all missed messages together, below them, and people go on writing meanwhile. A reply
that is not found would be posted a second time.
"""

FULL_S = 120.0
"""For how long no thread is started in a channel after THREAD_LIMIT; inactive threads archive themselves."""


class DiscordOutbox:
    """Posts by discord.py. Every call is repeatable: a post has a nonce, an edit names the result, not the step."""

    def __init__(
        self,
        client: discord.Client,
        *,
        archive_minutes: int,
        suppress_embeds: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._calls = Calls(client, clock or Clock())
        self._archive_minutes = archive_minutes
        self._suppress_embeds = suppress_embeds
        self._full_until_s: dict[int, float] = {}

    def ready(self, channel: int, *, opens: bool = False, guild: int | None = None) -> None:
        """Raise DiscordNotNow if a post is known to be refused for now; makes no call."""
        self._calls.check_timeout(channel, guild)
        if opens:
            self._check_full(channel)
        path = f"/channels/{channel}/messages" + ("/0/threads" if opens else "")
        http = self._client.http
        if isinstance(http, Http) and (left_s := http.bans.left_s("POST", path)):
            raise DiscordNotNow(left_s)

    def check_history(self, channel: int) -> None:
        """Raise DiscordForbidden if the bot may not read the messages of a channel; makes no call.

        Who lacks READ_MESSAGE_HISTORY gets no messages, and no error (Discord, "Get Channel Messages").
        """
        if lacking := permissions.missing(self._client, channel, permissions.TO_READ):
            raise DiscordForbidden(lacking)

    async def send(self, channel: int, message: Outgoing) -> Sent:
        """Post a message; a repeated nonce returns the message that was posted first, as it is now."""
        target = self._client.get_partial_messageable(channel)
        options: dict[str, Any] = {
            "nonce": message.nonce,
            "silent": message.silent,
            "suppress_embeds": self._suppress_embeds,
        }
        if message.reply_to is not None:
            options["reference"] = discord.MessageReference(
                message_id=message.reply_to, channel_id=channel, fail_if_not_exists=False
            )
        if message.controls.buttons:
            options["view"] = buttons.view(message.controls)
        if message.mentions:
            people = [discord.Object(person) for person in message.mentions]
            options["allowed_mentions"] = discord.AllowedMentions(
                everyone=False, roles=False, users=people, replied_user=False
            )

        async def post() -> Sent:
            files = [_file(each) for each in message.files]
            posted = await target.send(message.content, files=files or discord.utils.MISSING, **options)
            return Sent(
                id=posted.id,
                content=posted.content,
                reply_to=posted.reference.message_id if posted.reference else None,
                files=_attached(posted),
                controls=buttons.read(posted),
            )

        return await self._calls.write("send", channel, _needed(message.files), post)

    async def edit(self, channel: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        """Edit one of the bot's messages, and return its files; unarchives the thread if need be."""
        message = self._client.get_partial_messageable(channel).get_partial_message(message_id)
        options: dict[str, Any] = {}
        if change.content is not None:
            options["content"] = change.content
        if change.controls is not None:
            options["view"] = buttons.view(change.controls)

        async def patch() -> tuple[Attached, ...]:
            if change.keep is not None:
                options["attachments"] = [*map(_KeptAttachment, change.keep), *map(_file, change.files)]
            return _attached(await message.edit(**options))

        return await self._calls.write(
            "edit", channel, _needed(change.files), lambda: self._unarchiving(channel, patch)
        )

    async def delete(self, channel: int, message_id: int) -> None:
        """Delete one of the bot's messages if it is still there; unarchives the thread if need be."""
        message = self._client.get_partial_messageable(channel).get_partial_message(message_id)

        async def delete() -> None:
            await message.delete()

        try:
            await self._calls.write(
                "delete", channel, permissions.TO_SEND, lambda: self._unarchiving(channel, delete)
            )
        except DiscordGone:
            return

    async def typing(self, channel: int) -> None:
        """Show that the bot is typing; failures are ignored."""
        try:
            async with self._calls.limited():
                await self._client.http.request(
                    Route("POST", "/channels/{channel_id}/typing", channel_id=channel)
                )
        except FAILURES as error:
            log.debug("typing_failed", conversation=channel, kind=type(error).__name__)

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Start a thread from a message, which gets the message's id; a thread of somebody else will do."""
        self._check_full(channel)

        async def start(name: str) -> None:
            try:
                await self._client.http.start_thread_with_message(
                    channel, message, name=name, auto_archive_duration=cast("Any", self._archive_minutes)
                )
            except discord.HTTPException as error:
                if error.code == error_codes.INVALID_FORM_BODY and name != NEUTRAL_THREAD_NAME:
                    await start(NEUTRAL_THREAD_NAME)
                elif error.code != error_codes.THREAD_EXISTS:
                    raise

        try:
            await self._calls.write("open_thread", channel, permissions.TO_OPEN, lambda: start(name))
        except DiscordRejected as error:
            if error.code != error_codes.THREAD_LIMIT:
                raise
            log.warning(
                "thread_limit_reached",
                channel=channel,
                hint="the server has as many active threads as Discord allows: archive some, or lower "
                "reply.thread_auto_archive_minutes",
            )
            self._full_until_s[channel] = time.monotonic() + FULL_S
            raise DiscordFull(FULL_S) from error

    async def remove_thread(self, thread: int) -> None:
        """Remove a thread if nobody but the bot has written there; no thread is no error.

        Only who may manage threads may delete one; the bot archives its own thread where it lacks that permission.
        """
        me = str(self._client.user.id if self._client.user else 0)

        http = self._client.http

        async def archive() -> None:
            try:
                await http.edit_channel(thread, archived=True)
            except discord.HTTPException as error:
                if error.code != error_codes.THREAD_ARCHIVED:
                    raise

        async def remove() -> None:
            page: Any = await http.logs_from(thread, reading.PAGE)
            if any(_is_of_somebody_else(me, data) for data in page):
                return
            try:
                await http.delete_channel(thread)
            except discord.Forbidden:
                await archive()

        with contextlib.suppress(DiscordGone):
            await self._calls.write("remove_thread", thread, permissions.TO_SEND, remove)

    async def own_messages(self, channel: int, after: int) -> tuple[Seen, ...]:
        """Return the bot's own messages after an id, oldest first; reads READ_MESSAGES messages at most."""
        me = str(self._client.user.id if self._client.user else 0)

        async def read() -> tuple[Seen, ...]:
            found: list[dict[str, Any]] = []
            async for page in reading.pages_after(self._client, channel, after):
                found += page
                if len(found) >= READ_MESSAGES:
                    break
            own = (data for data in found[:READ_MESSAGES] if is_own_message(me, data))
            return tuple(parse_own_message(data) for data in own)

        return await self._calls.read("read", channel, permissions.TO_SEND, read)

    async def _unarchiving(self, channel: int, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call, after unarchiving the thread if the call needs that."""
        try:
            return await call()
        except discord.HTTPException as error:
            if error.code != error_codes.THREAD_ARCHIVED:
                raise
        try:
            await self._client.http.edit_channel(channel, archived=False)
        except discord.Forbidden as error:
            # Whoever may send messages in a thread may unarchive it, unless it is locked (Discord, topics/threads).
            raise DiscordForbidden(permissions.BY_CODE[error_codes.THREAD_LOCKED]) from error
        return await call()

    def _check_full(self, channel: int) -> None:
        left_s = self._full_until_s.get(channel, 0.0) - time.monotonic()
        if left_s > 0:
            raise DiscordFull(left_s)
        self._full_until_s.pop(channel, None)


class _KeptAttachment:
    """An attachment that an edit keeps, in the form that discord.py asks for."""

    def __init__(self, attachment: int) -> None:
        self._id = attachment

    def to_dict(self) -> dict[str, Any]:
        return {"id": str(self._id)}


def _is_of_somebody_else(me: str, data: dict[str, Any]) -> bool:
    is_starter = data.get("type") == discord.MessageType.thread_starter_message.value
    return not is_starter and str((data.get("author") or {}).get("id")) != me


def _file(upload: Upload) -> discord.File:
    # One object per try: discord.py closes the file after sending it.
    return discord.File(io.BytesIO(upload.data), filename=upload.name, description=upload.description or None)


def _attached(message: discord.Message) -> tuple[Attached, ...]:
    return tuple(Attached(each.id, each.filename, each.size) for each in message.attachments)


def _needed(files: Iterable[Upload]) -> tuple[str, ...]:
    return permissions.TO_ATTACH if files else permissions.TO_SEND
