"""Which messages are pinned in a conversation: read from Discord, noted for the next trim.

No event names the pins that there are (Discord, "Channel Pins Update"), so they are listed: when an event says that
they have changed, once with the first message after the bot began to listen, since of changes while it was away
nothing is told, and when somebody looks at them.
"""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import BobbinError
from bot.conversation.message import created_ms
from bot.gateway.conversion import reading
from bot.store.pins_and_summaries import PinsAndSummaries

log = structlog.get_logger()

MOST_PINS = 50
"""The newest ones count: a page of the list (Discord, "Get Channel Pins"), so that it takes one request."""

READ_S = 10.0
"""Then the next message, or the next look, has them read again."""

CURRENT_S = 3.0
"""Longer nobody waits for an answer; it then tells of the pins as they were known."""

REPLY_MESSAGES = 50
"""So far back the beginning of a reply is looked for, from a message in the middle of it."""

GATHER_S = 0.5
"""A pin is told of by two events; one list answers both."""


class Pins:
    """Reads pins in the background, each conversation's one after the other; needs no lease."""

    def __init__(self, client: discord.Client, recall: PinsAndSummaries, clock: Clock) -> None:
        self._clock = clock
        self._client = client
        self._recall = recall
        self._read: dict[int, frozenset[int]] = {}
        self._again: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._since_ms = self._clock.now_ms()

    def forget(self) -> None:
        """Take nothing that was read for sure any more: events may have been missed."""
        self._read.clear()
        self._since_ms = self._clock.now_ms()

    def heard(self, place: int) -> None:
        """Read the pins of a place in which something was said, unless they are known."""
        if not self._known(place) and place not in self._tasks:
            self.changed(place)

    def shown(self, place: int, message: int, *, pinned: bool) -> None:
        """Compare what an event shows of a message: the only sign in direct messages, where others get lost."""
        known = self._read.get(place)
        if known is not None and pinned is not (message in known):
            self.changed(place)

    def changed(self, place: int) -> None:
        """Read the pins of a place, and once more if they change meanwhile."""
        if place in self._tasks:
            self._again.add(place)
            return
        task = asyncio.create_task(self._keep_reading(place))
        self._tasks[place] = task
        task.add_done_callback(lambda _: self._tasks.pop(place, None))

    async def current(self, place: int) -> None:
        """Wait until the pins of a place are known, for a while: somebody waits for an answer."""
        self.heard(place)
        if (task := self._tasks.get(place)) is not None:
            await asyncio.wait({task}, timeout=CURRENT_S)

    async def stop(self) -> None:
        """End what is being read."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _known(self, place: int) -> bool:
        if place not in self._read and created_ms(place) > self._since_ms:
            self._read[place] = frozenset()  # it is younger than the session, which has told of everything
        return place in self._read

    async def _keep_reading(self, place: int) -> None:
        self._again.add(place)
        while place in self._again:
            await asyncio.sleep(GATHER_S)
            self._again.discard(place)
            await self._read_now(place)

    async def _read_now(self, place: int) -> None:
        """Read the pins of a place, and note them if it is a conversation; a failure is logged."""
        try:
            if not await self._recall.knows(place):
                self._read[place] = frozenset()
                return
            async with asyncio.timeout(READ_S):
                seen, pins = await self._list(place)
            await self._recall.pin(place, pins)
        except (discord.Forbidden, discord.NotFound) as error:
            # Asking again would not help until something changes, and then there is an event.
            self._read[place] = frozenset()
            log.info("pins_not_read", conversation=place, code=error.code)
        except (BobbinError, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("pins_not_read", conversation=place, kind=type(error).__name__)
        else:
            self._read[place] = seen
            log.info("pins_read", conversation=place, pins=len(pins))

    async def _list(self, place: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return the ids of the pinned messages, and the messages of people that they are or answer."""
        channel = self._client.get_partial_messageable(place)
        listed = await reading.pinned(self._client, channel, limit=MOST_PINS)
        pins: set[int] = set()
        for message in listed:
            if not self._own(message):
                pins.add(message.id)
            elif not message.flags.silent:
                answered = await self._answered(channel, message)
                pins |= set() if answered is None else {answered}
        return frozenset(message.id for message in listed), frozenset(pins)

    async def _answered(self, channel: discord.PartialMessageable, part: discord.Message) -> int | None:
        """Return the message that a reply points to, by any of its parts, None if that cannot be told.

        Parts that stand directly behind the first point to nothing, others to the first (see bot/turns/look.py);
        and so does the reply to the message that a thread was started from, under whose id the thread goes.
        """
        if part.reference is None:
            earlier = await reading.messages(self._client, channel, limit=REPLY_MESSAGES, before=part.id)
            for before in earlier:
                if self._own(before) and not before.flags.silent and before.reference is not None:
                    part = before
                    break
            else:
                return channel.id if len(earlier) < REPLY_MESSAGES else None
        reference = part.reference
        first = reference.resolved if reference is not None else None
        if isinstance(first, discord.Message) and self._own(first):
            reference = first.reference
            return channel.id if reference is None else reference.message_id
        return None if reference is None else reference.message_id

    def _own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id
