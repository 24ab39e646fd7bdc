"""What has to be fetched for quotes: messages by reference and by link, and what was said before a message.

No failure is raised: what cannot be quoted is `Missing`, so that a turn goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Container
from dataclasses import replace
from typing import Any, TypeVar

import discord
import structlog

from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordGone
from bot.conversation.message import Quoted, Room
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing, RoomContent
from bot.conversation.visible import plain
from bot.gateway import permissions
from bot.gateway.connection.audience import Audience
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion import reading
from bot.gateway.conversion.convert import WRITTEN_TYPES
from bot.gateway.conversion.reference import said_by

log = structlog.get_logger()

T = TypeVar("T")

SAID_TYPES = (
    *WRITTEN_TYPES,
    discord.MessageType.chat_input_command,
    discord.MessageType.context_menu_command,
)
"""The types of messages that say something: written ones, and other apps' answers to commands."""

ROOM_PAGES = 5
"""The most pages that are read of a room: one such as a welcome channel may consist of system messages."""


class QuoteSource:
    """Fetches from Discord, item by item; `proxies` are the applications through which people write."""

    def __init__(self, client: discord.Client, calls: Calls, proxies: Container[int] = ()) -> None:
        self._client = client
        self._calls = calls
        self._proxies = proxies

    async def message(self, guild: int | None, channel: int, message: int) -> Quoted | Missing:
        """Return a message, whoever may read it."""

        async def get() -> Quoted:
            data: Any = await self._client.http.get_message(channel, message)
            return self._quoted(self._messageable(guild, channel), data)

        return await self._read(channel, get)

    async def linked(
        self, link: Link, *, guild: int | None, conversation: int, parent: int | None, asker: int | None
    ) -> Quoted | Missing:
        """Return a linked message if it may be quoted in the conversation; see `link_access`.

        `guild` and `parent` are those of the conversation. An asker whom nobody knows may read what everybody may.
        """
        if link.guild != guild:
            return Missing.ELSEWHERE
        if guild is None:
            if link.channel != conversation:
                return Missing.ELSEWHERE
        elif (refused := await self.refusal(link.channel, guild, conversation, parent, asker)) is not None:
            return refused
        return await self.message(guild, link.channel, link.message)

    async def room(self, room: Room, *, guild: int | None, count: int) -> RoomContent | Missing:
        """Return what was said in a thread or a channel: the last `count` messages."""
        found = self._cached_thread(guild, room.channel) or await self._thread(guild, room.channel)
        if isinstance(found, Missing):
            return found
        starter, messages = await asyncio.gather(
            self._starter(found, room), self._said_before(guild, room, count)
        )
        if isinstance(messages, Missing):
            return messages
        said, has_more = messages
        content = RoomContent(tuple(reversed(said)), has_more)
        if found is None:
            return content
        # Only what was left out is counted, which saves a call where everything is read.
        now = await self._thread(guild, room.channel) if has_more else None
        return replace(
            content,
            title=plain(found.name),
            tags=tuple(plain(tag.name) for tag in found.applied_tags),
            starter=starter,
            total=(now.message_count or None) if isinstance(now, discord.Thread) else None,
        )

    async def refusal(
        self, channel: int, guild_id: int, conversation: int, parent: int | None, asker: int | None
    ) -> Missing | None:
        """Return why what stands in a channel may not be shown in the conversation, None if it may."""
        guild = self._client.get_guild(guild_id)
        if guild is None:
            return Missing.UNAVAILABLE
        found: object = guild.get_channel_or_thread(channel)
        if found is None:  # an archived thread, or a channel that the bot may not see
            found = await self._read(channel, lambda: _fetched_channel(guild, channel))
        if isinstance(found, Missing):
            return found
        audience = Audience(self._calls, guild, conversation=conversation, parent=parent, asker=asker)
        return await audience.refusal(found)

    def _cached_thread(self, guild_id: int | None, channel: int) -> discord.Thread | None:
        guild = self._client.get_guild(guild_id) if guild_id is not None else None
        return guild.get_thread(channel) if guild is not None else None

    async def _thread(self, guild_id: int | None, channel: int) -> discord.Thread | Missing | None:
        """Return a thread as it is now, since the cached number of its messages is old; None for a channel."""
        guild = self._client.get_guild(guild_id) if guild_id is not None else None
        if guild is None or guild.get_channel(channel) is not None:
            return None
        found = await self._read(channel, lambda: guild.fetch_channel(channel))
        return found if isinstance(found, discord.Thread | Missing) else None

    async def _starter(self, thread: discord.Thread | None, room: Room) -> Quoted | Missing | None:
        """Return the message that a thread began with, which has the thread's id; None if there is none."""
        if thread is None or thread.id >= room.before:
            return None
        in_forum = isinstance(thread.parent, discord.ForumChannel)
        where = thread.id if in_forum else thread.parent_id
        starter = await self.message(thread.guild.id, where, thread.id)
        # A thread of a text channel may have been started without a message.
        return None if starter is Missing.DELETED and not in_forum else starter

    async def _said_before(
        self, guild: int | None, room: Room, count: int
    ) -> tuple[list[Quoted], bool] | Missing:
        """Return the last messages before an id, newest first, and whether there may be more."""
        channel = self._messageable(guild, room.channel)

        def quoted(data: dict[str, Any]) -> Quoted | None:
            if int(data["id"]) == room.channel or not is_said(data):
                return None  # a system message, or the first message of a forum post, which is quoted apart
            return self._quoted(channel, data)

        async def listed() -> tuple[list[Quoted], bool]:
            found: list[Quoted] = []
            pages_read = 0
            async for page in reading.pages(self._client, room.channel, before=room.before):
                found += filter(None, reading.parse_each("message", page, quoted))
                pages_read += 1
                if len(found) > count or pages_read == ROOM_PAGES:
                    break
            has_more = len(found) > count or (pages_read == ROOM_PAGES and len(page) == reading.PAGE)
            return found[:count], has_more

        return await self._read(room.channel, listed) if count else ([], False)

    def quoted(self, guild: int, channel: int, data: dict[str, Any]) -> Quoted:
        """Convert a message of a server that was listed by a search."""
        return self._quoted(self._messageable(guild, channel), data)

    def _quoted(self, channel: discord.abc.MessageableChannel, data: dict[str, Any]) -> Quoted:
        me = self._client.user
        return said_by(reading.message(self._client, channel, data), me.id if me else 0, self._proxies)

    def _messageable(self, guild_id: int | None, channel: int) -> discord.abc.MessageableChannel:
        guild = self._client.get_guild(guild_id) if guild_id is not None else None
        known = guild.get_channel_or_thread(channel) if guild is not None else None
        if isinstance(known, discord.TextChannel | discord.Thread):
            return known
        return self._client.get_partial_messageable(channel, guild_id=guild_id)

    async def _read(self, channel: int, call: Callable[[], Awaitable[T]]) -> T | Missing:
        try:
            return await self._calls.read("quote", channel, permissions.TO_READ, call)
        except DiscordGone:
            return Missing.DELETED
        except DiscordForbidden:
            return Missing.FORBIDDEN
        except (DiscordError, *reading.UNREADABLE) as error:
            log.warning("quote_not_fetched", channel=channel, kind=type(error).__name__)
            return Missing.UNAVAILABLE


def is_said(data: dict[str, Any]) -> bool:
    """Whether raw data is that of a message that says something."""
    return data.get("type", 0) in _SAID


_SAID = frozenset(kind.value for kind in SAID_TYPES)


async def _fetched_channel(
    guild: discord.Guild, channel: int
) -> discord.abc.GuildChannel | discord.Thread | Missing:
    """Fetch a channel of a server; a link may name the server with the channel of another one."""
    try:
        return await guild.fetch_channel(channel)
    except discord.InvalidData:
        return Missing.ELSEWHERE
