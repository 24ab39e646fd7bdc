"""Finds the threads, channels and servers that were deleted while nobody listened.

Known conversations are compared with what Discord lists, a hundred archived threads in one request; what is not
listed is asked for by its id. Only an answer that it does not exist counts, given twice: an outage, a missing
permission or an unavailable server is no deletion.
"""

from __future__ import annotations

import asyncio
import contextlib
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable

import discord
import structlog

from bot.conversation.errors import StoreUnavailable
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.gateway import error_codes
from bot.gateway.catchup.sweep import FAILED_CALL
from bot.gateway.conversion import reading
from bot.gateway.events.removals import Removals
from bot.render.pace import Kind, Pace
from bot.store.known_conversations import KnownConversations

log = structlog.get_logger()

EVERY_S = 24 * 3600.0
"""Events tell of deletions while the bot listens; a gap in the session is caught up with at its end."""

CONFIRM_S = 10.0
"""A deletion is asked about again after so long."""

RETRY_S = 60.0

FEW = 2
"""So few threads are asked for one by one."""

IDS = "Q"
"""Ids are held as machine words: a hundred thousand take less than a megabyte."""

ByParent = dict[int | None, "array[int]"]
"""The threads of each channel; None for a place whose channel is not known."""


class Existence:
    """Looks after a start, after each gap in the session, and once a day."""

    def __init__(
        self,
        client: discord.Client,
        known: KnownConversations,
        removals: Removals,
        pace: Pace,
        *,
        confirm_s: float = CONFIRM_S,
        shards: Shards = ALL_SHARDS,
    ) -> None:
        self._client = client
        self._known = known
        self._removals = removals
        self._pace = pace
        self._confirm_s = confirm_s
        self._shards = shards
        self._requested = asyncio.Event()

    def request(self) -> None:
        """Look now."""
        self._requested.set()

    async def watch(self) -> None:
        """Look when that is due, until cancelled."""
        wait_s: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._requested.wait()
            self._requested.clear()
            wait_s = EVERY_S
            try:
                await self.look()
            except (StoreUnavailable, *FAILED_CALL) as error:
                log.info("existence_unknown", kind=type(error).__name__)
                wait_s = RETRY_S
            except Exception:  # discord.py raises anything for unexpected data
                log.exception("existence_unknown")

    async def look(self) -> None:
        """Erase what does not exist any more."""
        threads: dict[int, ByParent] = {}
        async for page in self._known.pages():
            for each in page:
                if each.server is not None and self._shards.holds(each.server):
                    of_server = threads.setdefault(each.server, {})
                    of_server.setdefault(each.parent, array(IDS)).append(each.conversation)
        servers = threads.keys()
        unlisted = {server for server in servers if self._client.get_guild(server) is None}
        gone = await self._gone(unlisted, self._ask_for_server)
        for server in sorted(gone):
            await self._removals.server(server)
        for server in sorted(servers - unlisted):
            guild = self._client.get_guild(server)
            if guild is not None and not guild.unavailable:
                await self._look_in(guild, threads[server])

    async def _look_in(self, guild: discord.Guild, known: ByParent) -> None:
        listed = {each.id for each in await reading.channels(guild)}
        listed |= {each.id for each in await reading.active_threads(guild)}
        parents = {parent for parent in known if parent is not None}
        channels = await self._gone(parents - listed, self._ask_for_channel)
        for channel in sorted(channels):
            await self._removals.channel(guild.id, channel)
        missing: set[int] = set()
        for parent, threads in known.items():
            if parent not in channels and (unlisted := set(threads) - listed):
                missing |= unlisted - await self._archived(guild, parent, unlisted)
        for thread in sorted(await self._gone(missing, self._ask_for_channel)):
            await self._removals.missing_thread(thread)

    async def _archived(self, guild: discord.Guild, parent: int | None, wanted: set[int]) -> set[int]:
        """Return those threads of a channel that the lists of archived threads hold."""
        channel = None if parent is None else guild.get_channel(parent)
        found: set[int] = set()
        if not isinstance(channel, (discord.TextChannel, discord.ForumChannel)):
            return found
        lists = [reading.archived_threads(channel)]
        if isinstance(channel, discord.TextChannel) and not channel.is_news():
            lists.append(reading.joined_archived_threads(channel))
        for threads in lists:
            if len(wanted - found) > FEW:
                async with self._pace.waited(channel.id, Kind.READ):
                    found |= await _listed(threads, wanted - found)
        return found

    async def _gone(self, ids: set[int], ask: Callable[[int], Awaitable[object]]) -> set[int]:
        """Return those that Discord calls unknown, twice."""
        suspected = {each for each in sorted(ids) if await _is_unknown(ask(each))}
        if not suspected:
            return set()
        await asyncio.sleep(self._confirm_s)
        return {each for each in sorted(suspected) if await _is_unknown(ask(each))}

    async def _ask_for_server(self, server: int) -> object:
        return await self._client.http.get_guild(server, with_counts=False)

    async def _ask_for_channel(self, channel: int) -> object:
        async with self._pace.waited(channel, Kind.READ):
            return await self._client.http.get_channel(channel)


async def _listed(threads: AsyncIterator[discord.Thread], wanted: set[int]) -> set[int]:
    """Return which threads are listed; reads no more pages than there are threads to ask for one by one."""
    found: set[int] = set()
    read = 0
    try:
        async for thread in threads:
            read += 1
            found |= {thread.id} & wanted
            if found == wanted or read >= reading.PAGE * len(wanted - found):
                break
    except (discord.Forbidden, discord.NotFound):  # each is asked for by its id
        pass
    return found


async def _is_unknown(answer: Awaitable[object]) -> bool:
    try:
        await answer
    except discord.NotFound as error:
        return error.code in (error_codes.UNKNOWN_CHANNEL, error_codes.UNKNOWN_GUILD)
    except discord.Forbidden:
        return False
    return False
