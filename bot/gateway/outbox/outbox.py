"""Posts to Discord: the outbox's calls in discord.py's, and its failures in our words."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.conversation.clock import Clock
from bot.conversation.errors import (
    DiscordForbidden,
    DiscordFull,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
    DiscordTooOld,
    DiscordUnavailable,
)
from bot.conversation.prompt import NEUTRAL_THREAD_NAME
from bot.gateway import error_codes, permissions
from bot.gateway.connection.compat import Http
from bot.gateway.connection.timeouts import Timeouts
from bot.gateway.conversion import buttons, reading
from bot.gateway.conversion.own_messages import is_own_message, parse_own_message
from bot.render.outbox import Change, Outgoing, Seen, Sent
from bot.render.upload import Attached, Upload
from bot.retry import Schedule, retry

log = structlog.get_logger()

T = TypeVar("T")

CALL = Schedule(0.3, factor=2, tries=5)
"""discord.py repeats 500, 502, 504 and 524 but neither 503 nor a reset connection; every call here may be
repeated: a post carries its nonce, the others say what is to be, not what to change."""

CALL_S = 15.0
"""One call with all waits of its rate limit; discord.py sets no limit of its own, and aiohttp's is 5 minutes."""

GLOBAL_S = 1.0
"""The window of Discord's limit for a bot as a whole (topics/rate-limits)."""

READ_MESSAGES = 1000
"""A reply stands close behind what it answers, mostly on the first page of 100 (Discord, "Get Channel Messages").

But who was away answers what was missed together, below all of it, and people go on writing meanwhile. What is not
found would be written again, beside it.
"""

FULL_S = 120.0
"""So long no thread is started in a channel after that; threads that nobody writes in close by themselves."""


class DiscordOutbox:
    """The `Outbox` of the real thing; see bot/render/outbox.py for what each call promises."""

    def __init__(
        self,
        client: discord.Client,
        *,
        archive_minutes: int,
        suppress_embeds: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self._archive_minutes = archive_minutes
        self._suppress_embeds = suppress_embeds
        self._timeouts = Timeouts(client, clock or Clock())
        self._full: dict[int, float] = {}

    def ready(self, place: int, *, opens: bool = False, guild: int | None = None) -> None:
        """Raise DiscordNotNow if it is known that nothing can be posted there yet; makes no call."""
        self._timeouts.check(place, guild)
        if opens:
            self._heed_full(place)
        path = f"/channels/{place}/messages" + ("/0/threads" if opens else "")
        http = self._client.http
        if isinstance(http, Http) and (left_s := http.bans.left_s("POST", path)):
            raise DiscordNotNow(left_s)

    async def send(self, place: int, message: Outgoing) -> Sent:
        """Post a message; the same nonce again returns the same message, as it is by now."""
        channel = self._client.get_partial_messageable(place)
        options: dict[str, Any] = {
            "nonce": message.nonce,
            "silent": message.silent,
            "suppress_embeds": self._suppress_embeds,
        }
        if message.reply_to is not None:
            options["reference"] = discord.MessageReference(
                message_id=message.reply_to, channel_id=place, fail_if_not_exists=False
            )
        if message.controls.buttons:
            options["view"] = buttons.view(message.controls)

        async def post() -> Sent:
            files = [_file(each) for each in message.files]
            posted = await channel.send(message.content, files=files or discord.utils.MISSING, **options)
            return Sent(
                id=posted.id,
                content=posted.content,
                reply_to=posted.reference.message_id if posted.reference else None,
                files=_attached(posted),
                controls=buttons.read(posted),
            )

        return await self._call("send", place, _to_send(message.files), post)

    async def edit(self, place: int, message_id: int, change: Change) -> tuple[Attached, ...]:
        """Change one of the bot's messages, and return its files; a thread that was archived is woken."""
        message = self._client.get_partial_messageable(place).get_partial_message(message_id)
        options: dict[str, Any] = {}
        if change.content is not None:
            options["content"] = change.content
        if change.controls is not None:
            options["view"] = buttons.view(change.controls)

        async def patch() -> tuple[Attached, ...]:
            if change.keep is not None:
                options["attachments"] = [*map(_Kept, change.keep), *map(_file, change.files)]
            return _attached(await message.edit(**options))

        return await self._call("edit", place, _to_send(change.files), lambda: self._awake(place, patch))

    async def _awake(self, place: int, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except discord.HTTPException as error:
            if error.code != error_codes.THREAD_ARCHIVED:
                raise
            await self._wake(place)
            return await call()

    async def _wake(self, place: int) -> None:
        try:
            await self._client.http.edit_channel(place, archived=False)
        except discord.Forbidden as error:
            # Whoever may write in a thread may open it again, unless it is locked (Discord, topics/threads).
            raise DiscordForbidden(permissions.BY_CODE[error_codes.THREAD_LOCKED]) from error

    async def delete(self, place: int, message_id: int) -> None:
        """Delete one of the bot's messages; one that is gone is no error, and an archived thread is woken."""
        message = self._client.get_partial_messageable(place).get_partial_message(message_id)

        async def remove() -> None:
            await message.delete()

        try:
            await self._call("delete", place, permissions.TO_SEND, lambda: self._awake(place, remove))
        except DiscordGone:
            return

    async def typing(self, place: int) -> None:
        """Show that the bot is typing; a courtesy, so its failures do not matter."""
        try:
            with self._unlocking():
                async with asyncio.timeout(CALL_S):
                    await self._client.http.request(
                        Route("POST", "/channels/{channel_id}/typing", channel_id=place)
                    )
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.debug("typing_failed", conversation=place, kind=type(error).__name__)

    async def open_thread(self, channel: int, message: int, name: str) -> None:
        """Start a thread from a message; its id is the message's, also where somebody else has started it."""
        self._heed_full(channel)

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
            await self._call("open_thread", channel, permissions.TO_OPEN, lambda: start(name))
        except DiscordRejected as error:
            if error.code != error_codes.THREAD_LIMIT:
                raise
            log.warning(
                "threads_full",
                channel=channel,
                hint="the server has as many active threads as Discord allows: archive some, or lower "
                "reply.thread_auto_archive_minutes",
            )
            self._full[channel] = time.monotonic() + FULL_S
            raise DiscordFull(FULL_S) from error

    def _heed_full(self, channel: int) -> None:
        left_s = self._full.get(channel, 0.0) - time.monotonic()
        if left_s > 0:
            raise DiscordFull(left_s)
        self._full.pop(channel, None)

    async def own_messages(self, place: int, after: int) -> tuple[Seen, ...]:
        """Return the bot's own messages after an id, oldest first."""
        me = str(self._client.user.id if self._client.user else 0)

        async def read() -> tuple[Seen, ...]:
            found: list[dict[str, Any]] = []
            async for page in reading.pages_after(self._client, place, after):
                found += page
                if len(found) >= READ_MESSAGES:
                    break
            return tuple(
                parse_own_message(data) for data in found[:READ_MESSAGES] if is_own_message(me, data)
            )

        return await self._call("read", place, permissions.TO_SEND, read)

    async def _call(
        self, kind: str, place: int, needed: tuple[str, ...], call: Callable[[], Awaitable[T]]
    ) -> T:
        def repeated(error: DiscordUnavailable, failures: int) -> None:
            log.info("discord_call_repeated", place=place, attempt=failures, failure=str(error))

        async def once() -> T:
            try:
                with self._unlocking():
                    async with asyncio.timeout(CALL_S):
                        return await call()
            except discord.RateLimited as error:
                log.info("discord_not_now", call=kind, place=place, for_s=round(error.retry_after))
                raise DiscordNotNow(error.retry_after) from error
            except discord.NotFound as error:
                raise DiscordGone(f"code {error.code}") from error
            except discord.HTTPException as error:
                if isinstance(error, discord.Forbidden) or error.code in permissions.BY_CODE:
                    if kind != "read":
                        self._timeouts.check(place)  # the time-out may have come since
                    name = permissions.missing(self._client, place, needed, code=error.code)
                    raise DiscordForbidden(name) from error
                if error.code == error_codes.EDIT_RATE_LIMIT:
                    raise DiscordTooOld from error
                if error.status < 500 and error.status != 429:
                    raise DiscordRejected(error.code) from error
                raise DiscordUnavailable(f"{kind}: status {error.status}") from error
            except (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordException) as error:
                raise DiscordUnavailable(f"{kind}: {type(error).__name__}") from error

        if kind != "read":
            self._timeouts.check(place)
        return await retry(once, CALL, on=DiscordUnavailable, on_retry=repeated)

    @contextmanager
    def _unlocking(self) -> Iterator[None]:
        """Undo what discord.py 2.7.1 leaves behind where a call is cancelled while it sits out a global limit.

        It holds every other call back with an event that only the sleeping call would set again.
        """
        try:
            yield
        except (asyncio.CancelledError, TimeoutError):
            over = self._client.http._global_over
            if isinstance(over, asyncio.Event) and not over.is_set():
                asyncio.get_running_loop().call_later(GLOBAL_S, over.set)
            raise


class _Kept:
    """An attachment that stays, as discord.py asks for it."""

    def __init__(self, attachment: int) -> None:
        self._id = attachment

    def to_dict(self) -> dict[str, Any]:
        return {"id": str(self._id)}


def _file(upload: Upload) -> discord.File:
    # Made anew for each try: sending closes it.
    return discord.File(io.BytesIO(upload.data), filename=upload.name, description=upload.description or None)


def _attached(message: discord.Message) -> tuple[Attached, ...]:
    return tuple(Attached(each.id, each.filename, each.size) for each in message.attachments)


def _to_send(files: Iterable[Upload]) -> tuple[str, ...]:
    return permissions.TO_ATTACH if files else permissions.TO_SEND
