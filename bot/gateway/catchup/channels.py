"""The channels that can be listed: channels and threads that the bot can read, and its DM channels."""

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
"""Errors from here on are temporary; after another error the channels in discord.py's cache are listed."""

ReadableChannel = discord.TextChannel | discord.Thread | discord.DMChannel


@dataclass(frozen=True, slots=True)
class ListableChannel:
    """The id of a channel and of its latest message; `channel` is None until it is fetched."""

    id: int
    last_message_id: int
    channel: ReadableChannel | None = None


class Channels:
    """Finds the listable channels."""

    def __init__(self, client: discord.Client, pace: Pace) -> None:
        self._client = client
        self._pace = pace

    async def of_server(self, server: discord.Guild) -> tuple[frozenset[int], tuple[ListableChannel, ...]]:
        """Return the ids of a server's channels and active threads, and those of them that have a message.

        Makes two requests, however many channels there are.
        """
        found = await self._channels_and_threads(server)
        listable = [
            ListableChannel(channel.id, channel.last_message_id, channel)
            for channel in found
            if channel.last_message_id is not None
        ]
        return frozenset(channel.id for channel in found), tuple(listable)

    async def archived_since(self, parent: int, since: dt.datetime) -> tuple[ListableChannel, ...]:
        """Return a channel's threads that were archived since then; makes one or two requests per 100 threads."""
        channel = self._client.get_channel(parent)
        if not isinstance(channel, (discord.TextChannel, discord.ForumChannel)):
            return ()
        if not self._may_read(channel.guild, channel):
            return ()
        threads: list[discord.Thread] = []
        async with self._pace.waited(parent, Kind.READ):
            async for thread in reading.archived_threads(channel):
                if thread.archive_timestamp < since:
                    break
                threads.append(thread)
        if isinstance(channel, discord.TextChannel) and not channel.is_news():
            # Joined private threads are listed by id, not by archive timestamp.
            private = reading.joined_archived_threads(channel)
            threads += [thread async for thread in private if thread.archive_timestamp >= since]
        return tuple(
            ListableChannel(thread.id, thread.last_message_id, thread)
            for thread in threads
            if thread.last_message_id is not None
        )

    async def get(self, channel: int) -> ListableChannel | None:
        """Get a thread or a DM channel by its id; None if it is deleted, forbidden or empty."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.http.get_channel(channel)
        except (discord.NotFound, discord.Forbidden):
            return None
        last_message_id = dict(found).get("last_message_id")
        return ListableChannel(channel, int(str(last_message_id))) if last_message_id else None

    async def fetch(self, channel: int) -> ReadableChannel | None:
        """Fetch a thread or a DM channel as discord.py's object; None if it is deleted or forbidden."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.fetch_channel(channel)
        except (discord.NotFound, discord.Forbidden, *reading.UNREADABLE):
            return None
        return found if isinstance(found, (discord.Thread, discord.DMChannel)) else None

    async def _channels_and_threads(self, guild: discord.Guild) -> list[discord.TextChannel | discord.Thread]:
        try:
            channels: Iterable[object] = await reading.channels(guild)
            threads: Iterable[object] = await reading.active_threads(guild)
        except discord.HTTPException as error:
            if error.status >= SERVER_ERROR:
                raise
            log.debug("channels_from_cache", server=guild.id, status=error.status)
            channels, threads = guild.channels, guild.threads
        return [
            channel
            for channel in (*channels, *threads)
            if isinstance(channel, (discord.TextChannel, discord.Thread)) and self._may_read(guild, channel)
        ]

    def _may_read(
        self, guild: discord.Guild, channel: discord.TextChannel | discord.ForumChannel | discord.Thread
    ) -> bool:
        try:
            held = channel.permissions_for(guild.me)
        except (discord.ClientException, AttributeError):
            # discord.py's cache lacks the parent channel of the thread, or the server.
            return True
        return held.view_channel and held.read_message_history
