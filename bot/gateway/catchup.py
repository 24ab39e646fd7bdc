"""What was missed: Discord's own history is the inbox, the gateway only a doorbell.

Every place the bot can read has a mark in the store: up to which message it has been listed. Where Discord knows a
later message, the place is listed from there and each message goes the usual way in, where those that are known
already change nothing. A place without a mark is listed from when the bot began to listen, for its first message may
be the one that was missed. An idle place costs no request of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

import aiohttp
import discord
import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.conversation.message import DISCORD_EPOCH_MS
from bot.gateway.intake import Intake
from bot.gateway.places import Listable, Place, Places
from bot.render.outbox import Outbox, Outgoing
from bot.render.pace import Kind, Pace
from bot.store.attention import Attention
from bot.store.conversations import Conversations

log = structlog.get_logger()

OVERLAP_S = 60.0
"""After a roll-back of the store the marks may say more than the records hold: so much is listed again."""

TRIES = 3

FAILED_CALL = (discord.DiscordException, DiscordError, aiohttp.ClientError, OSError, TimeoutError)
"""Discord cannot be reached, or does not want to: the next sweep is for what this one missed."""


class Catchup:
    """Looks for what was missed, when asked to, from time to time, and whenever the store has forgotten."""

    def __init__(
        self,
        client: discord.Client,
        conversations: Conversations,
        attention: Attention,
        intake: Intake,
        outbox: Outbox,
        pace: Pace,
        *,
        instance: str,
        max_age_s: float,
        max_messages: int,
        poll_s: float,
        every_s: float,
    ) -> None:
        self._client = client
        self._conversations = conversations
        self._attention = attention
        self._intake = intake
        self._outbox = outbox
        self._pace = pace
        self._places = Places(client, conversations, pace)
        self._instance = instance
        self._max_age_s = max_age_s
        self._max_messages = max_messages
        self._poll_s = poll_s
        self._every_s = every_s
        self._due_s = 0.0
        self._thorough = True
        self._wanted = asyncio.Event()
        self._doubt = False
        self._beat = ""

    def want(self) -> None:
        """Look through everything now, also what has to be asked for one by one."""
        self._due_s, self._thorough = 0.0, True
        self._wanted.set()

    async def watch(self) -> None:
        """Feel the store's pulse, and look through everything when that is due, until cancelled."""
        while True:
            try:
                # Before anything can be missed: what is said from now on is meant for the bot, heard or not.
                await self._conversations.since(round(time.time() * 1000))
                await self._feel_pulse()
                if self._client.is_ready() and time.monotonic() >= self._due_s:
                    await self._look_through()
            except StoreUnavailable:
                self._doubt, self._due_s, self._thorough = True, 0.0, True
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
        self._doubt = self._thorough = False
        try:
            await self._sweep(OVERLAP_S if doubt else 0.0, thorough)
        except Exception:
            # What was wanted still is; and what is wanted anew while a sweep goes on is for the next one.
            self._doubt |= doubt
            self._thorough |= thorough
            raise

    async def _feel_pulse(self) -> None:
        beat = str(time.time_ns())
        kept = await self._attention.beat(self._instance, self._beat, beat)
        if self._beat and not kept:
            log.warning(
                "store_went_back", hint="the store has lost its latest writes; looking through everything"
            )
            self._doubt, self._due_s, self._thorough = True, 0.0, True
        self._beat = beat

    async def _sweep(self, overlap_s: float, asking: bool) -> None:
        places = [place async for place in self._places.all(asking=asking)]
        marks = await self._conversations.marks([place.id for place in places])
        for place, mark in zip(places, marks, strict=True):
            if mark is None or place.latest > mark or overlap_s:
                await self._catch_up_for_good(place, mark, overlap_s)

    async def _catch_up_for_good(self, place: Place, mark: int | None, overlap_s: float) -> None:
        """List a place until nothing changes under the listing; the next sweep is for what does not settle."""
        for _ in range(TRIES):
            if await self._catch_up(place, mark, overlap_s):
                return
            (mark,) = await self._conversations.marks([place.id])

    async def _catch_up(self, place: Place, mark: int | None, overlap_s: float) -> bool:
        """List a place from its mark on and move the mark; False if that has to be done again."""
        me = self._client.user
        channel = place.channel or await self._places.fetch(place.id)
        if me is None or channel is None:
            return True
        oldest = _id_before(self._max_age_s)
        after = mark if mark is not None else oldest
        if overlap_s:
            after = min(after, _id_before(overlap_s))
        if mark is None and not await self._is_ours(channel, me.id):
            after = max(after, await self._began(channel))
            if place.latest <= after:
                return await self._conversations.advance(
                    channel.id, before=None, after=place.latest, listed=()
                )
        async with self._pace.waited(channel.id, Kind.READ):
            found = [
                message
                async for message in channel.history(
                    limit=self._max_messages, after=discord.Object(after), oldest_first=False
                )
            ]
        kept: list[tuple[int, int]] = []
        too_old: list[int] = []
        for message in reversed(found):
            if message.id < oldest:
                too_old += [message.id] if await self._intake.would_answer(message, me) else []
            elif (conversation := await self._intake.take_listed(message, me)) is not None:
                kept.append((conversation, message.id))
        for conversation in {conversation for conversation, _ in kept}:
            self._intake.wake(conversation)
        await self._tell_what_is_left(channel, place.latest, too_old, full=len(found) == self._max_messages)
        latest = max([place.latest, *(message.id for message in found)])
        if kept:
            log.info("caught_up", place=channel.id, messages=len(kept))
        return await self._conversations.advance(
            channel.id, before=mark, after=max(latest, mark or 0), listed=kept
        )

    async def _tell_what_is_left(
        self, channel: Listable, latest: int, too_old: Sequence[int], *, full: bool
    ) -> None:
        """Say, where people wait for answers, that some of what they wrote is not going to get one."""
        unanswered = len(too_old) - await self._conversations.recorded(channel.id, too_old)
        if not full and not unanswered:
            return
        if self._client.user is not None and await self._is_ours(channel, self._client.user.id):
            sentence = wording.missed_many(self._max_messages) if full else wording.missed(unanswered)
            await self._tell(channel.id, latest, sentence)
        elif full:
            log.warning(
                "messages_not_looked_at",
                channel=channel.id,
                hint="more was said meanwhile than recovery.max_messages: older mentions are left unanswered",
            )

    async def _began(self, channel: Listable) -> int:
        """The id from which on the bot was there to hear what is said in a place that was never listed."""
        joined = channel.guild.me.joined_at if channel.guild else None
        joined_id = discord.utils.time_snowflake(joined) if joined else 0
        since_ms = await self._conversations.since(round(time.time() * 1000))
        return max(joined_id, _first_id(since_ms))

    async def _is_ours(self, channel: Listable, me: int) -> bool:
        if isinstance(channel, discord.Thread) and channel.owner_id == me:
            return True
        return await self._conversations.meta(channel.id) is not None

    async def _tell(self, place: int, latest: int, sentence: str) -> None:
        notice = Outgoing(wording.small(sentence), nonce=f"{latest}-a", silent=True)
        try:
            await self._outbox.send(place, notice)
        except DiscordError as error:
            log.info("notice_failed", place=place, kind=type(error).__name__)


def _first_id(when_ms: int) -> int:
    return (when_ms - DISCORD_EPOCH_MS) << 22


def _id_before(seconds: float) -> int:
    return _first_id(round((time.time() - seconds) * 1000))
