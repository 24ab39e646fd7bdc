"""What can be listed: channels and threads that the bot can read, and its direct messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import discord
import structlog

from bot.gateway.conversion import reading
from bot.render.pace import Kind, Pace

log = structlog.get_logger()

SERVER_ERROR = 500
"""Discord's trouble, which passes; what it refuses is known from the gateway, too."""

ListableChannel = discord.TextChannel | discord.Thread | discord.DMChannel


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be listed, and the id of its latest message; `channel` is None until it is fetched."""

    id: int
    latest: int
    channel: ListableChannel | None = None


class Places:
    """Finds what can be listed, and how far each place has got."""

    def __init__(self, client: discord.Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def of(self, server: discord.Guild) -> tuple[frozenset[int], tuple[Place, ...]]:
        """Return a server's channels and active threads, and those of them in which something was ever said.

        That is two requests, however many there are.
        """
        found = await self._channels_of(server)
        spoken_in = [
            Place(channel.id, channel.last_message_id, channel)
            for channel in found
            if channel.last_message_id is not None
        ]
        return frozenset(channel.id for channel in found), tuple(spoken_in)

    async def archived_since(self, parent: int, since: dt.datetime) -> tuple[Place, ...]:
        """Return a channel's threads that were archived since then: a request or two for each 100."""
        channel = self._client.get_channel(parent)
        if not isinstance(channel, (discord.TextChannel, discord.ForumChannel)):
            return ()
        if not self._may_read(channel.guild, channel):
            return ()
        found: list[discord.Thread] = []
        async with self._pace.waited(parent, Kind.READ):
            async for thread in reading.archived_threads(channel):
                if thread.archive_timestamp < since:
                    break
                found.append(thread)
        if isinstance(channel, discord.TextChannel) and not channel.is_news():
            # The private ones that the bot is in come by their age, and not by when they were archived.
            private = reading.joined_archived_threads(channel)
            found += [thread async for thread in private if thread.archive_timestamp >= since]
        return tuple(
            Place(thread.id, thread.last_message_id, thread)
            for thread in found
            if thread.last_message_id is not None
        )

    async def ask(self, channel: int) -> Place | None:
        """Ask for a thread or direct messages by themselves; None if they are gone, closed to the bot or empty."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.http.get_channel(channel)
        except (discord.NotFound, discord.Forbidden):
            return None
        latest = dict(found).get("last_message_id")
        return Place(channel, int(str(latest))) if latest else None

    async def fetch(self, channel: int) -> ListableChannel | None:
        """Fetch a thread or direct messages, None if they are gone or closed to the bot."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.fetch_channel(channel)
        except (discord.NotFound, discord.Forbidden, *reading.UNREADABLE):
            return None
        return found if isinstance(found, (discord.Thread, discord.DMChannel)) else None

    async def _channels_of(self, guild: discord.Guild) -> list[discord.TextChannel | discord.Thread]:
        try:
            channels: Iterable[object] = await reading.channels(guild)
            threads: Iterable[object] = await reading.active_threads(guild)
        except discord.HTTPException as error:
            if error.status >= SERVER_ERROR:
                raise
            log.debug("channels_from_cache", server=guild.id, status=error.status)
            channels, threads = guild.channels, guild.threads
        found = [*channels, *threads]
        return [
            channel
            for channel in found
            if isinstance(channel, (discord.TextChannel, discord.Thread)) and self._may_read(guild, channel)
        ]

    def _may_read(
        self, guild: discord.Guild, channel: discord.TextChannel | discord.ForumChannel | discord.Thread
    ) -> bool:
        try:
            held = channel.permissions_for(guild.me)
        except (discord.ClientException, AttributeError):
            # The channel of the thread, or the server, is not known.
            return True
        return held.view_channel and held.read_message_history
