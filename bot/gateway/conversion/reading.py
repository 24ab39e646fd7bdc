"""Reads Discord's lists item by item: an item that discord.py cannot parse is skipped with one line in the log.

discord.py 2.7 parses a list as a whole, so that one message, thread or channel without an expected key, or of an
unknown type, hides all others. This module uses undocumented parts of discord.py: `check` names at the start those
that a new version has removed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

import aiohttp
import discord
import discord.channel
import structlog
from discord.http import HTTPClient

log = structlog.get_logger()

T = TypeVar("T")

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, discord.InvalidData)
"""What discord.py raises for data that it does not expect."""

NOT_READ = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError, *UNREADABLE)
"""What a read raises that Discord did not answer, or refused, or answered with data that discord.py cannot parse."""

ID_DIGITS = 20
"""The most digits of an id, which has 64 bits."""

PAGE = 100
"""The most messages or threads of one page (Discord, "Get Channel Messages")."""

_USED = (
    (HTTPClient, "logs_from"),
    (HTTPClient, "pins_from"),
    (HTTPClient, "get_all_guild_channels"),
    (HTTPClient, "get_active_threads"),
    (HTTPClient, "get_public_archived_threads"),
    (HTTPClient, "get_joined_private_archived_threads"),
    (discord.channel, "_guild_channel_factory"),
)

ThreadParent = discord.TextChannel | discord.ForumChannel


def check() -> None:
    """Raise RuntimeError if discord.py lacks a part that this module uses."""
    missing = [name for holder, name in _USED if not hasattr(holder, name)]
    if missing:
        raise RuntimeError(f"discord.py {discord.__version__} has no {', '.join(missing)}")


def parse_each(kind: str, items: object, parse: Callable[[dict[str, Any]], T]) -> list[T]:
    """Parse each item of a list by itself; `kind` is the name of an item in the log."""
    parsed = []
    for data in items if isinstance(items, list) else ():
        try:
            parsed.append(parse(data))
        except UNREADABLE as error:
            _log_once(kind, _id(data), type(error).__name__)
    return parsed


@lru_cache(maxsize=1000)
def _log_once(kind: str, id_: str, error: str) -> None:
    # Cached, so that an item that is listed repeatedly is logged once.
    log.warning("discord_item_unreadable", item=kind, id=id_, kind=error, hint="the bot skips this item")


def _id(data: object) -> str:
    """The id of an unreadable item, whose `id` may hold anything."""
    found = str(data.get("id")) if isinstance(data, dict) else ""
    return found if found.isascii() and found.isdecimal() and len(found) <= ID_DIGITS else "unknown"


async def pages(
    client: discord.Client, channel_id: int, *, before: int | None = None
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield pages of raw messages, back from the latest or from `before`; each page is newest first."""
    is_last = False
    while not is_last:
        known, is_last = await page(client, channel_id, before=before)
        yield known
        before = int(known[-1]["id"]) if known else before


async def page(
    client: discord.Client, channel_id: int, *, before: int | None = None
) -> tuple[list[dict[str, Any]], bool]:
    """Return one page of raw messages, the newest first, and whether it is the last one."""
    found: Any = await client.http.logs_from(channel_id, PAGE, before=before)
    known = _identified(found)
    return known, len(found) < PAGE or not known


async def pages_after(
    client: discord.Client, channel_id: int, after: int
) -> AsyncIterator[list[dict[str, Any]]]:
    """Yield pages of raw messages after an id; each page is oldest first."""
    while True:
        page: Any = await client.http.logs_from(channel_id, PAGE, after=after)
        known = sorted(_identified(page), key=lambda data: int(data["id"]))
        yield known
        if len(page) < PAGE or not known:
            return
        after = int(known[-1]["id"])


def _identified(page: Any) -> list[dict[str, Any]]:
    return [data for data in page if isinstance(data, dict) and _id(data) != "unknown"]


async def messages(
    client: discord.Client,
    channel: discord.abc.MessageableChannel,
    *,
    limit: int,
    before: int | None = None,
    after: int = 0,
) -> list[discord.Message]:
    """Return the latest messages of a channel after an id, newest first."""
    found: list[discord.Message] = []
    async for page in pages(client, channel.id, before=before):
        later = [data for data in page if int(data["id"]) > after]
        found += parse_each("message", later, lambda data: message(client, channel, data))
        if len(found) >= limit or len(later) < len(page):
            break
    return found[:limit]


async def pinned(
    client: discord.Client, channel: discord.abc.MessageableChannel, *, limit: int
) -> list[discord.Message]:
    """Return the newest pins of a channel; a page holds 50 (Discord, "Get Channel Pins")."""
    page: Any = await client.http.pins_from(channel.id, limit=limit)
    pins = [pin["message"] for pin in page.get("items") or () if isinstance(pin, dict) and "message" in pin]
    return parse_each("message", pins, lambda data: message(client, channel, data))


def message(
    client: discord.Client, channel: discord.abc.MessageableChannel, data: dict[str, Any]
) -> discord.Message:
    """Make discord.py's message of raw data."""
    return discord.Message(state=client._connection, channel=cast("Any", channel), data=cast("Any", data))


async def channels(guild: discord.Guild) -> list[discord.abc.GuildChannel]:
    """Return the channels of a server, without those of a type that discord.py does not know."""

    def parse(data: dict[str, Any]) -> discord.abc.GuildChannel:
        factory, _ = discord.channel._guild_channel_factory(data["type"])
        if factory is None:
            raise discord.InvalidData
        channel: discord.abc.GuildChannel = factory(guild=guild, state=guild._state, data=cast("Any", data))
        return channel

    return parse_each("channel", await guild._state.http.get_all_guild_channels(guild.id), parse)


async def active_threads(guild: discord.Guild) -> list[discord.Thread]:
    """Return the active threads of a server that the bot can see."""
    page: Any = await guild._state.http.get_active_threads(guild.id)
    return parse_each("thread", page.get("threads"), lambda data: _thread(guild, data))


async def archived_threads(channel: ThreadParent) -> AsyncIterator[discord.Thread]:
    """Yield the public archived threads of a channel, the one that was archived last first."""
    http = channel.guild._state.http

    async def page(before: str | None) -> Any:
        return await http.get_public_archived_threads(channel.id, before=cast("Any", before), limit=PAGE)

    async for thread in _all(channel, page, lambda data: str(data["thread_metadata"]["archive_timestamp"])):
        yield thread


async def joined_archived_threads(channel: discord.TextChannel) -> AsyncIterator[discord.Thread]:
    """Yield the private archived threads of a channel that the bot is a member of, the newest first."""
    http = channel.guild._state.http

    async def page(before: str | None) -> Any:
        return await http.get_joined_private_archived_threads(
            channel.id, before=cast("Any", before), limit=PAGE
        )

    async for thread in _all(channel, page, lambda data: str(data["id"])):
        yield thread


async def _all(
    channel: ThreadParent, get_page: Callable[[str | None], Any], cursor_of: Callable[[dict[str, Any]], str]
) -> AsyncIterator[discord.Thread]:
    before: str | None = None
    while True:
        page: Any = await get_page(before)
        threads = page.get("threads") or []
        for thread in parse_each("thread", threads, lambda data: _thread(channel.guild, data)):
            yield thread
        if not page.get("has_more"):
            return
        # The last thread whose cursor can be parsed: the next page repeats the threads behind it.
        cursors = parse_each("thread", threads, cursor_of)
        if not cursors or cursors[-1] == before:
            return
        before = cursors[-1]


def _thread(guild: discord.Guild, data: dict[str, Any]) -> discord.Thread:
    return discord.Thread(guild=guild, state=guild._state, data=cast("Any", data))


def without_unreadable(state: Any, data: dict[str, Any], lists: Iterable[str]) -> dict[str, Any]:
    """Return the data of a server's event, whose `lists` keep only the items that discord.py can parse."""

    def parsable(name: str) -> list[Any]:
        def parse(item: dict[str, Any]) -> dict[str, Any]:
            # A temporary server: the cached one must not get half of an event.
            guild: Any = {"id": data.get("guild_id", data.get("id")), name: [item]}
            discord.Guild(data=guild, state=state)
            return item

        return parse_each(name.removesuffix("s"), data[name], parse)

    return {**data, **{name: parsable(name) for name in lists if isinstance(data.get(name), list)}}
