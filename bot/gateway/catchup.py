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

import aiohttp
import discord
import structlog

from bot.conversation.errors import DiscordError, StoreUnavailable
from bot.gateway.intake import Intake
from bot.gateway.listing import Listing, id_before
from bot.gateway.places import Places
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.store.attention import Attention
from bot.store.conversations import Conversations

log = structlog.get_logger()

OVERLAP_S = 60.0
"""After a roll-back of the store the marks may say more than the records hold: so much is listed again."""

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
        self._places = Places(client, conversations, pace)
        self._listing = Listing(
            client,
            self._places,
            conversations,
            intake,
            outbox,
            pace,
            max_age_s=max_age_s,
            max_messages=max_messages,
        )
        self._instance = instance
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
                await self._listing.catch_up(place, mark, id_before(overlap_s) if overlap_s else None)
