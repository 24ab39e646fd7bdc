"""What can be listed: channels and threads that the bot can read, and its direct messages."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

import discord
import structlog

from bot.render.pace import Kind, Pace
from bot.store.conversations import Conversations

log = structlog.get_logger()

FETCHED_AT_MOST = 300
"""Archived threads and direct messages have to be asked for one by one, after a start or a gap; the latest are."""

Listable = discord.TextChannel | discord.Thread | discord.DMChannel


@dataclass(frozen=True, slots=True)
class Place:
    """Something that can be listed, and the id of its latest message; `channel` is None until it is fetched."""

    id: int
    latest: int
    channel: Listable | None = None


class Places:
    """Finds what can be listed, and how far each place has got."""

    def __init__(self, client: discord.Client, conversations: Conversations, pace: Pace) -> None:
        self._client = client
        self._conversations = conversations
        self._pace = pace

    async def all(self, *, asking: bool) -> AsyncIterator[Place]:
        """Yield the places; with `asking` also those that have to be asked for one by one."""
        seen: set[int] = set()
        for guild in self._client.guilds:
            for channel in await self._channels_of_safely(guild):
                if channel.last_message_id is not None:
                    seen.add(channel.id)
                    yield Place(channel.id, channel.last_message_id, channel)
        if not asking:
            return
        known_ones = await self._conversations.known(round(time.time() * 1000), FETCHED_AT_MOST)
        for known in known_ones:
            if known not in seen and (latest := await self._latest_of(known)) is not None:
                yield Place(known, latest)

    async def fetch(self, channel: int) -> Listable | None:
        """Fetch a thread or direct messages, None if they are gone or closed to the bot."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.fetch_channel(channel)
        except (discord.NotFound, discord.Forbidden, discord.InvalidData):
            return None
        return found if isinstance(found, (discord.Thread, discord.DMChannel)) else None

    async def _channels_of_safely(self, guild: discord.Guild) -> list[discord.TextChannel | discord.Thread]:
        try:
            return await self._channels_of(guild)
        except (KeyError, TypeError, ValueError, AttributeError):
            # discord.py stumbles over odd channels; those of one server must not keep the others from theirs.
            log.exception("channels_unreadable", server=guild.id)
            return []

    async def _channels_of(self, guild: discord.Guild) -> list[discord.TextChannel | discord.Thread]:
        try:
            channels: Iterable[object] = await guild.fetch_channels()
            threads: Iterable[object] = await guild.active_threads()
        except discord.HTTPException as error:
            log.debug("channels_from_cache", server=guild.id, status=error.status)
            channels, threads = guild.channels, guild.threads
        found = [*channels, *threads]
        return [
            channel
            for channel in found
            if isinstance(channel, (discord.TextChannel, discord.Thread)) and self._may_read(guild, channel)
        ]

    def _may_read(self, guild: discord.Guild, channel: discord.TextChannel | discord.Thread) -> bool:
        try:
            held = channel.permissions_for(guild.me)
        except (discord.ClientException, AttributeError):
            # The channel of the thread, or the server, is not known.
            return True
        return held.view_channel and held.read_message_history

    async def _latest_of(self, channel: int) -> int | None:
        """Ask for the latest message of an archived thread or of direct messages."""
        try:
            async with self._pace.waited(channel, Kind.READ):
                found = await self._client.http.get_channel(channel)
        except (discord.NotFound, discord.Forbidden):
            return None
        latest = dict(found).get("last_message_id")
        return int(str(latest)) if latest else None
