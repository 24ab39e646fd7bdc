"""What was missed: Discord's own history is the inbox, the gateway only a doorbell.

Every place the bot can read has a mark in the store: up to which message it has been listed. Where Discord knows a
later message, the place is listed from there and each message goes the usual way in, where those that are known
already change nothing. A place without a mark is listed from when the bot began to listen, for its first message may
be the one that was missed.

Channels and active threads cost two requests for each server, however many there are. After a start or a gap there
are besides them the threads that were archived meanwhile, by a request or two for each channel, and the known direct
messages, by one each. What fails is left to the next sweep, and keeps no other place from its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import time
from collections.abc import Iterable

import aiohttp
import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.gateway import permissions
from bot.gateway.catchup.listing import Listing, id_before
from bot.gateway.catchup.places import SERVER_ERROR, Place, Places
from bot.gateway.events.intake import Intake
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.store.conversations import Conversations
from bot.store.work_queue import WorkQueue

log = structlog.get_logger()

OVERLAP_S = 60.0
"""After a roll-back of the store the marks may say more than the records hold: from so long before it was last known
to be sound everything is listed again."""

ASKED_AT_MOST = 300
"""So many places are asked for one by one in a sweep, so that what is said in servers does not wait for them."""

FAILURES_IN_A_ROW = 3
"""Then it is not the places, and each of them would only wait for a Discord that is away."""

ARCHIVE_MARGIN_S = 300.0
"""The looks of several instances, and the moment at which Discord archives a thread, are known to some seconds."""

FAILED_CALL = (discord.DiscordException, DiscordError, aiohttp.ClientError, OSError, TimeoutError)
"""Discord cannot be reached, or does not want to: the next sweep is for what this one missed."""


class Catchup:
    """Looks for what was missed, when asked to, from time to time, and whenever the store has forgotten."""

    def __init__(
        self,
        client: discord.Client,
        conversations: Conversations,
        attention: WorkQueue,
        intake: Intake,
        outbox: Outbox,
        pace: Pace,
        *,
        instance: str,
        max_age_s: float,
        max_messages: int,
        poll_s: float,
        every_s: float,
        clock: Clock,
    ) -> None:
        self._client = client
        self._clock = clock
        self._conversations = conversations
        self._attention = attention
        self._places = Places(client, pace)
        self._listing = Listing(
            client,
            self._places,
            conversations,
            intake,
            outbox,
            pace,
            max_age_s=max_age_s,
            max_messages=max_messages,
            clock=clock,
        )
        self._instance = instance
        self._poll_s = poll_s
        self._every_s = every_s
        self._due_s = 0.0
        self._thorough = True
        self._wanted = asyncio.Event()
        self._beat = ""
        self._sound_s = self._clock.now_s()
        self._doubt: int | None = None
        self._owed: dict[int, int | None] = {}
        self._active: dict[int, frozenset[int]] = {}
        self._failing: set[int] = set()
        self._failures = 0

    def want(self) -> None:
        """Look through everything now, also what has to be asked for one by one."""
        self._due_s, self._thorough = 0.0, True
        self._wanted.set()

    async def watch(self) -> None:
        """Feel the store's pulse, and look through everything when that is due, until cancelled."""
        while True:
            try:
                # Before anything can be missed: what is said from now on is meant for the bot, heard or not.
                await self._conversations.since(self._clock.now_ms())
                await self._feel_pulse()
                if self._client.is_ready() and time.monotonic() >= self._due_s:
                    await self._look_through()
            except StoreUnavailable:
                self._doubt_marks()
            except FAILED_CALL as error:
                log.info("catchup_put_off", kind=type(error).__name__)
            except Exception:  # discord.py stumbles over odd channels, and one of them must not end the bot
                log.exception("catchup_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._wanted.wait()
            self._wanted.clear()

    async def _look_through(self) -> None:
        self._due_s = time.monotonic() + self._every_s
        doubt, thorough = self._doubt, self._thorough
        self._doubt, self._thorough = None, False
        try:
            await self._sweep(doubt, thorough)
        except Exception:
            # What was wanted still is; and what is wanted anew while a sweep goes on is for the next one.
            self._doubt = _earlier(doubt, self._doubt)
            self._thorough |= thorough
            raise

    async def _feel_pulse(self) -> None:
        beat = str(time.time_ns())
        kept = await self._attention.beat(self._instance, self._beat, beat)
        if self._beat and not kept:
            log.warning(
                "store_went_back", hint="the store has lost its latest writes; looking through everything"
            )
            self._doubt_marks()
        self._beat, self._sound_s = beat, self._clock.now_s()

    def _doubt_marks(self) -> None:
        self._doubt = _earlier(self._doubt, id_before(OVERLAP_S, self._sound_s))
        self._due_s, self._thorough = 0.0, True

    async def _sweep(self, doubt: int | None, asking: bool) -> None:
        """Look through the servers, then through what has to be asked for; `doubt` as in Listing.catch_up.

        Raises what has kept it from looking at all of it, but for places that fail by themselves: they are owed.
        """
        began_s = self._clock.now_s()
        self._failures = 0
        failed: Exception | None = None
        seen: set[int] = set()
        for server in sorted(self._client.guilds, key=lambda each: each.id in self._failing):
            try:
                ids, found = await self._places.of(server)
            except FAILED_CALL as error:
                failed = error
                self._note_failure(server.id, error)
                continue
            self._failures = 0
            self._failing.discard(server.id)
            seen |= ids
            # A thread that is not active any more may have been written in before it was archived.
            self._owe(self._active.get(server.id, ids) - ids, None)
            self._active[server.id] = ids
            await self._catch_up(found, doubt)
        parents = await self._owe_what_is_known(seen, doubt) if asking else set()
        await self._ask(seen)
        if asking:
            await self._look_through_archives(parents, doubt)
        if failed is not None:
            raise failed
        if asking:
            await self._conversations.note_archives_listed(round(began_s * 1000))

    async def _owe_what_is_known(self, seen: set[int], doubt: int | None) -> set[int]:
        """Have direct messages asked for; returns the channels whose threads are not all active."""
        known = [each for each in await self._conversations.known(self._clock.now_ms()) if each not in seen]
        parents = await self._conversations.parents(known)
        self._owe([each for each, parent in zip(known, parents, strict=True) if parent is None], doubt)
        return {parent for parent in parents if parent is not None}

    async def _ask(self, seen: set[int]) -> None:
        """Ask for what is owed; those that have waited longest come first, and the rest is for the next sweep."""
        owed = [each for each in self._owed if each not in seen]
        failing = 0
        for each in owed[:ASKED_AT_MOST]:
            try:
                place = await self._places.ask(each)
            except Exception as error:  # noqa: BLE001 - as below
                failing += 1
                self._put_off(each, self._owed[each], error)
                continue
            if place is None:
                self._owed.pop(each, None)
            else:
                await self._catch_up((place,), None)
                failing += each in self._owed
        if len(owed) > ASKED_AT_MOST > failing:
            self._due_s = 0.0

    async def _look_through_archives(self, parents: Iterable[int], doubt: int | None) -> None:
        looked_ms = await self._conversations.archives_listed()
        if looked_ms is None:
            looked_ms = await self._conversations.since(self._clock.now_ms())
        since = dt.datetime.fromtimestamp(looked_ms / 1000 - ARCHIVE_MARGIN_S, dt.UTC)
        if doubt is not None:
            since = min(since, discord.utils.snowflake_time(doubt))
        for parent in parents:
            try:
                found = await self._places.archived_since(parent, since)
            except discord.HTTPException as error:
                if error.status >= SERVER_ERROR:
                    raise
                log.info("archive_unreadable", channel=parent, status=error.status)
            except (KeyError, TypeError, ValueError):
                log.exception("archive_unreadable", channel=parent)
            else:
                await self._catch_up(found, doubt)

    async def _catch_up(self, places: Iterable[Place], doubt: int | None) -> None:
        """Catch up with each place by itself, last with those that have failed before."""
        places = sorted(places, key=lambda place: place.id in self._owed)
        marks = await self._conversations.marks([place.id for place in places])
        for place, mark in zip(places, marks, strict=True):
            doubted = _earlier(doubt, self._owed.get(place.id))
            behind = mark is None or place.latest > (mark if doubted is None else min(mark, doubted))
            try:
                if behind:
                    await self._listing.catch_up(place, mark, doubted)
            except StoreUnavailable:
                self._owe((place.id,), doubted)
                raise
            except Exception as error:  # noqa: BLE001 - discord.py stumbles over odd messages
                self._put_off(place.id, doubted, error)
            else:
                self._owed.pop(place.id, None)
                self._failing.discard(place.id)
                if behind:
                    self._failures = 0

    def _owe(self, places: Iterable[int], doubt: int | None) -> None:
        for place in places:
            self._owed[place] = _earlier(doubt, self._owed.get(place))

    def _put_off(self, place: int, doubt: int | None, error: Exception) -> None:
        """Leave a place to the next sweep, behind all others; raises what is not the place's own trouble."""
        self._owed.pop(place, None)
        self._owed[place] = doubt
        self._note_failure(place, error)

    def _note_failure(self, place: int, error: Exception) -> None:
        """Log what a place or a server fails with, once; raises it where several have failed in a row."""
        if place in self._failing:
            return
        self._failing.add(place)
        if isinstance(error, discord.Forbidden):
            log.warning(
                "place_refused",
                place=place,
                permission=permissions.missing(self._client, place, permissions.TO_READ),
                hint="what is said there unheard is not found: let the bot view it and read its history",
            )
        elif not isinstance(error, FAILED_CALL):
            log.error("place_unreadable", place=place, exc_info=error)
        else:
            log.info("place_put_off", place=place, kind=type(error).__name__)
            refused = isinstance(error, discord.HTTPException) and error.status < SERVER_ERROR
            self._failures += 0 if refused else 1
            if self._failures >= FAILURES_IN_A_ROW:
                raise error


def _earlier(one: int | None, other: int | None) -> int | None:
    """Return the earlier of two ids, None if there is neither."""
    return min((each for each in (one, other) if each is not None), default=None)
