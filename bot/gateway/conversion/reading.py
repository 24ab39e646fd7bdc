"""Discord's lists, read item by item: what discord.py cannot read is left out with one line, and the rest is there.

discord.py 2.7 reads a list as a whole, so that one message, thread or channel that lacks a key, or is of a kind that
it does not know, hides all others. Everything here uses parts of discord.py that it does not document: `check` tells
at the start which of them a new version has taken away.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar, cast

import discord
import discord.channel
import structlog
from discord.http import HTTPClient

log = structlog.get_logger()

T = TypeVar("T")

UNREADABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, discord.InvalidData)
"""What discord.py raises for something that is not as it expects."""

ID_DIGITS = 20
"""No id of Discord's has more."""

PAGE = 100
"""The most that a page of messages or threads holds (Discord, "Get Channel Messages")."""

_USED = (
    (HTTPClient, "logs_from"),
    (HTTPClient, "pins_from"),
    (HTTPClient, "get_all_guild_channels"),
    (HTTPClient, "get_active_threads"),
    (HTTPClient, "get_public_archived_threads"),
    (HTTPClient, "get_joined_private_archived_threads"),
    (discord.channel, "_guild_channel_factory"),
)

Threaded = discord.TextChannel | discord.ForumChannel


def check() -> None:
    """Raise RuntimeError if discord.py lacks something that is used here."""
    missing = [name for holder, name in _USED if not hasattr(holder, name)]
    if missing:
        raise RuntimeError(f"discord.py {discord.__version__} has no {', '.join(missing)}")


def readable(item: str, told: object, read: Callable[[dict[str, Any]], T]) -> list[T]:
    """Read each of a list by itself; `item` is what the log calls one of them."""
    found = []
    for data in told if isinstance(told, list) else ():
        try:
            found.append(read(data))
        except UNREADABLE as error:
            _tell(item, _id(data), type(error).__name__)
    return found


@lru_cache(maxsize=1000)
def _tell(item: str, id_: str, kind: str) -> None:
    # Cached, so that what is listed again and again is told once.
    log.warning("discord_item_unreadable", item=item, id=id_, kind=kind, hint="it is left out")


def _id(data: object) -> str:
    """The id of something unreadable, which may hold anything in its place."""
    found = str(data.get("id")) if isinstance(data, dict) else ""
    return found if found.isascii() and found.isdecimal() and len(found) <= ID_DIGITS else "unknown"


async def pages(
    client: discord.Client, place: int, *, before: int | None = None
) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of a place's messages as Discord tells of them, from the latest back; each holds the newest first."""
    while True:
        page: Any = await client.http.logs_from(place, PAGE, before=before)
        yield (known := _identified(page))
        if len(page) < PAGE or not known:
            return
        before = int(known[-1]["id"])


async def pages_after(client: discord.Client, place: int, after: int) -> AsyncIterator[list[dict[str, Any]]]:
    """Pages of a place's messages as Discord tells of them, from an id on; each holds the oldest first."""
    while True:
        page: Any = await client.http.logs_from(place, PAGE, after=after)
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
    most: int,
    before: int | None = None,
    after: int = 0,
) -> list[discord.Message]:
    """The latest messages of a channel after an id, newest first."""
    found: list[discord.Message] = []
    async for page in pages(client, channel.id, before=before):
        later = [data for data in page if int(data["id"]) > after]
        found += readable("message", later, lambda data: message(client, channel, data))
        if len(found) >= most or len(later) < len(page):
            break
    return found[:most]


async def pinned(
    client: discord.Client, channel: discord.abc.MessageableChannel, *, most: int
) -> list[discord.Message]:
    """The newest pins of a channel; a page holds 50 (Discord, "Get Channel Pins")."""
    told: Any = await client.http.pins_from(channel.id, limit=most)
    pins = [pin["message"] for pin in told.get("items") or () if isinstance(pin, dict) and "message" in pin]
    return readable("message", pins, lambda data: message(client, channel, data))


def message(
    client: discord.Client, channel: discord.abc.MessageableChannel, data: dict[str, Any]
) -> discord.Message:
    """A message as discord.py knows it."""
    return discord.Message(state=client._connection, channel=cast("Any", channel), data=cast("Any", data))


async def channels(guild: discord.Guild) -> list[discord.abc.GuildChannel]:
    """The channels of a server, but for those of a kind that discord.py does not know."""

    def read(data: dict[str, Any]) -> discord.abc.GuildChannel:
        factory, _ = discord.channel._guild_channel_factory(data["type"])
        if factory is None:
            raise discord.InvalidData
        made: discord.abc.GuildChannel = factory(guild=guild, state=guild._state, data=cast("Any", data))
        return made

    return readable("channel", await guild._state.http.get_all_guild_channels(guild.id), read)


async def active_threads(guild: discord.Guild) -> list[discord.Thread]:
    """The active threads of a server that the bot can see."""
    told: Any = await guild._state.http.get_active_threads(guild.id)
    return readable("thread", told.get("threads"), lambda data: _thread(guild, data))


async def archived_threads(channel: Threaded) -> AsyncIterator[discord.Thread]:
    """The public archived threads of a channel, the latest to be archived first."""
    http = channel.guild._state.http

    async def page(before: str | None) -> Any:
        return await http.get_public_archived_threads(channel.id, before=cast("Any", before), limit=PAGE)

    async for thread in _all(channel, page, lambda data: str(data["thread_metadata"]["archive_timestamp"])):
        yield thread


async def joined_archived_threads(channel: discord.TextChannel) -> AsyncIterator[discord.Thread]:
    """The private archived threads of a channel that the bot is in, by their age."""
    http = channel.guild._state.http

    async def page(before: str | None) -> Any:
        return await http.get_joined_private_archived_threads(
            channel.id, before=cast("Any", before), limit=PAGE
        )

    async for thread in _all(channel, page, lambda data: str(data["id"])):
        yield thread


async def _all(
    channel: Threaded, page: Callable[[str | None], Any], place: Callable[[dict[str, Any]], str]
) -> AsyncIterator[discord.Thread]:
    before: str | None = None
    while True:
        told: Any = await page(before)
        threads = told.get("threads") or []
        for thread in readable("thread", threads, lambda data: _thread(channel.guild, data)):
            yield thread
        if not told.get("has_more"):
            return
        # The last one whose place in the list can be read: the rest of the page comes again.
        placed = readable("thread", threads, place)
        if not placed or placed[-1] == before:
            return
        before = placed[-1]


def _thread(guild: discord.Guild, data: dict[str, Any]) -> discord.Thread:
    return discord.Thread(guild=guild, state=guild._state, data=cast("Any", data))


def without_unreadable(state: Any, data: dict[str, Any], parts: Iterable[str]) -> dict[str, Any]:
    """A server as an event tells of it, without those of its parts that discord.py cannot read."""

    def left(name: str) -> list[Any]:
        def read(part: dict[str, Any]) -> dict[str, Any]:
            # A server of its own, which goes again: the one that is known is not to hold half of an event.
            alone: Any = {"id": data.get("guild_id", data.get("id")), name: [part]}
            discord.Guild(data=alone, state=state)
            return part

        return readable(name.removesuffix("s"), data[name], read)

    return {**data, **{name: left(name) for name in parts if isinstance(data.get(name), list)}}
