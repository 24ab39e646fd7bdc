"""The messages of a thread, as Discord lists them: for a file of the thread."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import discord
import structlog

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordUnavailable
from bot.conversation.export import ExportedMessage, Listing
from bot.gateway import permissions
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion import reading
from bot.gateway.conversion.exported import to_exported

log = structlog.get_logger()

T = TypeVar("T")

LISTED_MAX = 5000
"""The most messages of a file: fifty requests, which share the bot's rate limits with its replies."""

LISTING_S = 8 * 60.0
"""No listing takes longer: the answer to an interaction has to be there within 15 minutes."""

PAGE_S = 20.0
"""A person waits for the file: after so long without a page, they are told that Discord does not answer."""

AT_ONCE = 2
"""So many listings run at a time; further ones wait."""


class ThreadListing:
    """Lists threads back from their latest messages, page by page."""

    def __init__(self, client: discord.Client, calls: Calls) -> None:
        self._client = client
        self._calls = calls
        self._free = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, thread: int, *, guild: int | None, parent: int | None) -> Listing:
        """Return the latest messages of a thread, with the one that the thread was started from in its `parent`.

        Raises DiscordForbidden, DiscordGone, DiscordNotNow or DiscordUnavailable.
        """
        if lacking := permissions.missing(self._client, thread, permissions.TO_READ):
            raise DiscordForbidden(lacking)  # Discord would answer with an empty list
        async with self._free:
            found: list[ExportedMessage] = []
            before: int | None = None
            is_last = False
            until_s = asyncio.get_running_loop().time() + LISTING_S
            while not is_last and len(found) < LISTED_MAX and asyncio.get_running_loop().time() < until_s:
                page, is_last = await self._page(thread, before)
                found += self._exported(guild, thread, page)
                before = int(page[-1]["id"]) if page else before
            if is_last and parent is not None and not any(each.id == thread for each in found):
                found += await self._starter(guild, parent, thread)
        is_whole = is_last and len(found) <= LISTED_MAX
        return Listing(tuple(reversed(found[:LISTED_MAX])), is_whole=is_whole)

    async def _page(self, thread: int, before: int | None) -> tuple[list[dict[str, Any]], bool]:
        async def read() -> tuple[list[dict[str, Any]], bool]:
            return await reading.page(self._client, thread, before=before)

        return await self._in_time(self._calls.read("export", thread, permissions.TO_READ, read))

    async def _starter(self, guild: int | None, parent: int, thread: int) -> list[ExportedMessage]:
        async def get() -> dict[str, Any]:
            return dict(await self._client.http.get_message(parent, thread))

        try:
            data = await self._in_time(self._calls.read("export", parent, permissions.TO_READ, get))
        except (DiscordGone, DiscordForbidden):
            return []  # the thread was started without a message, or the message is deleted
        return self._exported(guild, parent, [data])

    async def _in_time(self, call: Awaitable[T]) -> T:
        """Wait for a call with its repetitions; DiscordUnavailable when they take too long."""
        try:
            async with asyncio.timeout(PAGE_S):
                return await call
        except TimeoutError as error:
            raise DiscordUnavailable("export: too slow") from error

    def _exported(
        self, guild_id: int | None, channel: int, page: list[dict[str, Any]]
    ) -> list[ExportedMessage]:
        guild = self._client.get_guild(guild_id) if guild_id is not None else None
        known = guild.get_channel_or_thread(channel) if guild is not None else None
        where: Any = known or self._client.get_partial_messageable(channel, guild_id=guild_id)
        messages = reading.parse_each(
            "message", page, lambda data: reading.message(self._client, where, data)
        )
        return [made for message in messages if (made := to_exported(message)) is not None]
