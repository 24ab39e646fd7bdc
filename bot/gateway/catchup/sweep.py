"""One sweep over all channels; a channel that fails is left to the next sweep and does not delay the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import aiohttp
import discord
import structlog

from bot.conversation.answer_mode import AnswerMode, mode_in_force
from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.shards import ALL_SHARDS, Shards
from bot.gateway import permissions
from bot.gateway.catchup.backlog import Backlog
from bot.gateway.catchup.channels import SERVER_ERROR, Channels, ListableChannel
from bot.gateway.catchup.listing import Listing
from bot.gateway.conversion.snowflake import earlier
from bot.store.conversations import Conversations
from bot.store.known_conversations import KnownConversations
from bot.store.settings_cache import Place, SettingsCache

log = structlog.get_logger()

REQUESTS_MAX = 300
"""So many channels are requested one by one in a sweep, so that the next sweep over the servers is not late."""

FAILURES_IN_A_ROW = 3
"""After so many, the sweep ends: Discord is unavailable, and every further channel would only wait for it."""

ARCHIVE_MARGIN_S = 300.0
"""The sweeps of several instances, and the moment at which Discord archives a thread, are known to some seconds."""

FAILED_CALL = (discord.DiscordException, DiscordError, aiohttp.ClientError, OSError, TimeoutError)
"""What a call raises that Discord did not answer, or refused; the next sweep repeats the call."""


class Sweep:
    """Catches up with every channel, and remembers from sweep to sweep those that are still to be requested."""

    def __init__(
        self,
        client: discord.Client,
        channels: Channels,
        listing: Listing,
        backlog: Backlog,
        conversations: Conversations,
        known: KnownConversations,
        clock: Clock,
        settings: SettingsCache,
        shards: Shards = ALL_SHARDS,
    ) -> None:
        self._client = client
        self._channels = channels
        self._listing = listing
        self._backlog = backlog
        self._conversations = conversations
        self._known = known
        self._clock = clock
        self._settings = settings
        self._shards = shards
        self._to_request: dict[int, int | None] = {}
        self._active: dict[int, frozenset[int]] = {}
        self._failing: set[int] = set()
        self._failures = 0
        self.unfinished = False

    async def run(self, recheck_from: int | None, *, full: bool) -> None:
        """Sweep over the servers, then over the channels to request; sets `unfinished` if the next sweep is due now.

        A `full` sweep also covers the DM channels, and the archived threads of known channels and answered forums.
        `recheck_from` as in Listing.catch_up. Raises what ended the sweep early; channels that fail alone are left to
        the next sweep.
        """
        began_s = self._clock.now_s()
        self._failures = 0
        self.unfinished = False
        failed: Exception | None = None
        listed: set[int] = set()
        for server in sorted(self._client.guilds, key=lambda each: each.id in self._failing):
            try:
                ids, found = await self._channels.of_server(server)
            except FAILED_CALL as error:
                failed = error
                self._log_failure(server.id, error)
                continue
            self._failures = 0
            self._failing.discard(server.id)
            listed |= ids
            # A thread that is no longer active may have got messages before it was archived.
            self._request_later(self._active.get(server.id, ids) - ids, None)
            self._active[server.id] = ids
            await self._catch_up(found, recheck_from)
        parents = await self._request_direct_messages(listed, recheck_from) if full else set()
        await self._request(listed)
        if full:
            await self._sweep_archives(parents | await self._answered_forums(), recheck_from)
        if failed is not None:
            raise failed
        if full:
            await self._conversations.note_archives_listed(round(began_s * 1000))

    async def _request_direct_messages(self, listed: set[int], recheck_from: int | None) -> set[int]:
        """Have the known DM channels requested; returns the parent channels of threads that are not active."""
        await self._known.prune(self._clock.now_ms())
        latest_ms: dict[int, int] = {}
        parents: set[int] = set()
        async for page in self._known.pages():
            for each in page:
                if each.conversation in listed:
                    continue
                if each.parent is not None:
                    parents.add(each.parent)
                elif self._shards.holds(each.server):
                    latest_ms[each.conversation] = each.latest_ms
        self._request_later(sorted(latest_ms, key=latest_ms.__getitem__, reverse=True), recheck_from)
        return parents

    async def _answered_forums(self) -> set[int]:
        """Return the forums in which each post is answered: a post may have been archived before it was seen."""
        found: set[int] = set()
        for server in self._client.guilds:
            for forum in server.forums:
                in_force = mode_in_force(await self._settings.by_scope(Place(server.id, forum.id)))
                if in_force is not None and in_force.mode is AnswerMode.ALWAYS:
                    found.add(forum.id)
        return found

    async def _request(self, listed: set[int]) -> None:
        """Request up to REQUESTS_MAX channels, those first that have waited longest."""
        to_request = [each for each in self._to_request if each not in listed]
        failing = 0
        for each in to_request[:REQUESTS_MAX]:
            try:
                listable = await self._channels.get(each)
            except Exception as error:  # noqa: BLE001 - discord.py raises anything for unexpected data
                failing += 1
                self._postpone(each, self._to_request[each], error)
                continue
            if listable is None:
                self._to_request.pop(each, None)
            else:
                await self._catch_up((listable,), None)
                failing += each in self._to_request
        self.unfinished = len(to_request) > REQUESTS_MAX > failing

    async def _sweep_archives(self, parents: Iterable[int], recheck_from: int | None) -> None:
        listed_until_ms = await self._conversations.archives_listed()
        if listed_until_ms is None:
            listed_until_ms = await self._conversations.since(self._clock.now_ms())
        since = dt.datetime.fromtimestamp(listed_until_ms / 1000 - ARCHIVE_MARGIN_S, dt.UTC)
        if recheck_from is not None:
            since = min(since, discord.utils.snowflake_time(recheck_from))
        for parent in parents:
            try:
                found = await self._channels.archived_since(parent, since)
            except discord.HTTPException as error:
                if error.status >= SERVER_ERROR:
                    raise
                log.info("archive_unreadable", channel=parent, status=error.status)
            except (KeyError, TypeError, ValueError):
                log.exception("archive_unreadable", channel=parent)
            else:
                await self._catch_up(found, recheck_from)

    async def _catch_up(self, found: Iterable[ListableChannel], recheck_from: int | None) -> None:
        """Catch up with each channel that has messages after its mark, those that have failed before last."""
        found = sorted(found, key=lambda each: each.id in self._to_request)
        marks = await self._conversations.marks([each.id for each in found])
        for each, mark in zip(found, marks, strict=True):
            recheck = earlier(recheck_from, self._to_request.get(each.id))
            behind = mark is None or each.last_message_id > (mark if recheck is None else min(mark, recheck))
            try:
                if behind:
                    await self._listing.catch_up(each, mark, recheck)
            except StoreUnavailable:
                self._request_later((each.id,), recheck)
                raise
            except Exception as error:  # noqa: BLE001 - discord.py raises anything for unexpected data
                self._postpone(each.id, recheck, error)
            else:
                self._backlog.note(each.id)
                self._to_request.pop(each.id, None)
                self._failing.discard(each.id)
                if behind:
                    self._failures = 0

    def _request_later(self, channels: Iterable[int], recheck_from: int | None) -> None:
        for channel in channels:
            self._to_request[channel] = earlier(recheck_from, self._to_request.get(channel))

    def _postpone(self, channel: int, recheck_from: int | None, error: Exception) -> None:
        """Leave a channel to the next sweep, behind all others; raises an error that does not concern it alone."""
        self._to_request.pop(channel, None)
        self._to_request[channel] = recheck_from
        self._log_failure(channel, error)

    def _log_failure(self, channel: int, error: Exception) -> None:
        """Log the first failure of a channel or a server; raises the error after FAILURES_IN_A_ROW."""
        if channel in self._failing:
            return
        self._failing.add(channel)
        if isinstance(error, discord.Forbidden):
            log.warning(
                "channel_forbidden",
                channel=channel,
                permission=permissions.missing(self._client, channel, permissions.TO_READ),
                hint="missed messages are not found there: let the bot view the channel and read its history",
            )
        elif not isinstance(error, FAILED_CALL):
            log.error("channel_unreadable", channel=channel, exc_info=error)
        else:
            log.info("channel_postponed", channel=channel, kind=type(error).__name__)
            refused = isinstance(error, discord.HTTPException) and error.status < SERVER_ERROR
            self._failures += 0 if refused else 1
            if self._failures >= FAILURES_IN_A_ROW:
                raise error
