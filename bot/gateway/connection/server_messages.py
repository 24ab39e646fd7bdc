"""Messages of a server for Claude's tools: searched, and read by link, as far as everybody may read them.

discord.py 2.7 has no search, so the route is called by itself ("Search Guild Messages").
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import discord
import structlog
from discord.http import Route

from bot.conversation.errors import DiscordUnavailable
from bot.conversation.message import Quoted, Room
from bot.conversation.message_links import Link
from bot.conversation.quoting import Missing, RoomContent
from bot.gateway import permissions
from bot.gateway.connection.audience import Audience
from bot.gateway.connection.calls import Calls
from bot.gateway.connection.quote_source import QuoteSource, is_said
from bot.gateway.conversion import reading
from bot.tools.messages import FoundMessage, Posts, Search
from bot.tools.tool import ToolPlace

log = structlog.get_logger()

PAGE = 25
"""The most messages of one page of a search."""

MOST_PAGES = 4
"""Messages that not everybody may read are left out, so that one page may not suffice."""

NOT_INDEXED = 110000
"""The code of the answer 202: Discord has no index of the server yet."""

INDEX_TRIES = 3
MOST_INDEX_WAIT_S = 4.0
"""A tool has 20 s in all."""

MOST_POSTS = 50


class ServerMessageSource:
    """Reads from Discord; each answer is bounded by an `Audience`."""

    def __init__(self, client: discord.Client, calls: Calls, quotes: QuoteSource) -> None:
        self._client = client
        self._calls = calls
        self._quotes = quotes

    async def search(
        self, place: ToolPlace, asker: int, search: Search, count: int
    ) -> Sequence[FoundMessage] | None:
        """Return the latest messages that fit and that everybody may read; None while there is no index.

        The channels are not given to Discord, which would find nothing in threads that are archived.
        """
        guild = self._guild(place)
        audience = self._audience(guild, place, asker)
        here = audience.here
        query: dict[str, Any] = {
            "limit": PAGE,
            "include_nsfw": str(bool(here and here.is_age_restricted)).lower(),
        }
        given = {
            "content": search.words,
            "author_id": search.author,
            "channel_id": search.channel,
            "min_id": search.after,
            "max_id": search.before,
        }
        query |= {name: str(value) for name, value in given.items() if value}
        found: dict[int, FoundMessage] = {}
        refused: dict[int, bool] = {}
        for page_number in range(MOST_PAGES):
            page = await self._page(guild, query | {"offset": page_number * PAGE})
            if page is None:
                return None
            threads = {each.id: each for each in _threads(guild, page)}
            hits = [hit for group in page.get("messages") or () for hit in group if hit.get("hit", True)]
            for data in hits:
                channel_id = int(data["channel_id"])
                channel = guild.get_channel_or_thread(channel_id) or threads.get(channel_id)
                if channel_id not in refused:
                    refused[channel_id] = await audience.refusal(channel) is not None
                if channel is None or refused[channel_id] or not is_said(data):
                    continue
                for message in reading.parse_each(
                    "message",
                    [data],
                    lambda each: self._quotes.quoted(guild.id, int(each["channel_id"]), each),
                ):
                    link = f"https://discord.com/channels/{guild.id}/{channel_id}/{message.id}"
                    found[message.id] = FoundMessage(channel.name, link, message)
            if len(found) >= count or len(hits) < PAGE:
                break
        return tuple(sorted(found.values(), key=lambda each: each.said.id, reverse=True))[:count]

    async def message(
        self, place: ToolPlace, asker: int, guild: int | None, channel: int, message: int
    ) -> Quoted | Missing:
        """Return a message."""
        return await self._quotes.linked(
            Link(guild, channel, message),
            guild=place.server,
            conversation=place.conversation,
            parent=place.channel,
            asker=asker or None,
        )

    async def channel(
        self, place: ToolPlace, asker: int, guild: int | None, room: Room, count: int
    ) -> RoomContent | Posts | Missing:
        """Return the latest messages of a thread or a channel, or the active posts of a forum."""
        if guild != place.server:
            return Missing.ELSEWHERE
        if guild is None:
            if room.channel != place.conversation:
                return Missing.ELSEWHERE
            return await self._quotes.room(room, guild=None, count=count)
        refused = await self._quotes.refusal(
            room.channel, guild, place.conversation, place.channel, asker or None
        )
        if refused is not None:
            return refused
        found = self._guild(place).get_channel(room.channel)
        if isinstance(found, discord.ForumChannel):
            newest = sorted(found.threads, key=lambda each: each.id, reverse=True)[:MOST_POSTS]
            return Posts(
                tuple((each.name, f"https://discord.com/channels/{guild}/{each.id}") for each in newest)
            )
        content = await self._quotes.room(room, guild=guild, count=count)
        if isinstance(content, RoomContent) and content.title == "" and found is not None:
            return replace(content, title=f"#{found.name}")
        return content

    async def _page(self, guild: discord.Guild, query: dict[str, Any]) -> dict[str, Any] | None:
        route = Route("GET", "/guilds/{guild_id}/messages/search", guild_id=guild.id)
        for attempt in range(INDEX_TRIES):
            page: Any = await self._calls.read(
                "search",
                guild.id,
                permissions.TO_READ,
                lambda: self._client.http.request(route, params=query),
            )
            if not isinstance(page, dict):
                raise DiscordUnavailable("search: not an object")
            if page.get("code") != NOT_INDEXED:
                return page
            if attempt < INDEX_TRIES - 1:
                await asyncio.sleep(min(max(float(page.get("retry_after") or 1), 0.5), MOST_INDEX_WAIT_S))
        log.info("search_not_indexed", server=guild.id)
        return None

    def _guild(self, place: ToolPlace) -> discord.Guild:
        guild = self._client.get_guild(place.server or 0)
        if guild is None:
            raise DiscordUnavailable("the server is not known at the moment")
        return guild

    def _audience(self, guild: discord.Guild, place: ToolPlace, asker: int) -> Audience:
        return Audience(
            self._calls, guild, conversation=place.conversation, parent=place.channel, asker=asker or None
        )


def _threads(guild: discord.Guild, page: dict[str, Any]) -> list[discord.Thread]:
    """Return the threads of the found messages; those that are archived are in no cache."""
    return reading.parse_each(
        "thread",
        page.get("threads"),
        lambda data: discord.Thread(guild=guild, state=guild._state, data=data),  # type: ignore[arg-type]
    )
