"""The pinned messages of a conversation: read from Discord, stored for the next trim.

No event names the pinned messages (Discord, "Channel Pins Update"), so they are listed: after an event about pins, at
the first message after the session began, since events from before it are lost, and for /context.
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
from bot.gateway.conversion.own_messages import is_reminder
from bot.gateway.events.question import question_of
from bot.store.pins_and_summaries import PinsAndSummaries

log = structlog.get_logger()

MAX_PINS = 50
"""The newest ones: one page of the list (Discord, "Get Channel Pins"), so that a reading takes one request."""

READ_S = 10.0
"""A reading that takes longer is left to the next message or the next /context."""

COMMAND_WAIT_S = 3.0
"""So long /context waits for a reading; after that it shows the pins as they were known."""

CAPACITY = 5000
"""The most channels whose pins are known; those of another are read again with its next message."""

GATHER_S = 0.5
"""Discord sends two events for one pin; one reading covers both."""


class Pins:
    """Reads pins in background tasks, one per channel at a time; needs no lease."""

    def __init__(
        self, client: discord.Client, store: PinsAndSummaries, clock: Clock, *, capacity: int = CAPACITY
    ) -> None:
        self._capacity = capacity
        self._clock = clock
        self._client = client
        self._store = store
        self._pinned: dict[int, frozenset[int]] = {}
        self._read_again: set[int] = set()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._since_ms = self._clock.now_ms()

    def invalidate(self) -> None:
        """Forget which channels were read: events may have been missed."""
        self._pinned.clear()
        self._since_ms = self._clock.now_ms()

    def read_if_unknown(self, channel: int) -> None:
        """Read the pins of a channel unless they are known or being read."""
        if not self._is_known(channel) and channel not in self._tasks:
            self.read(channel)

    def compare(self, channel: int, message: int, *, pinned: bool) -> None:
        """Read the pins if an event shows a difference: the only sign in DM channels, whose pin events get lost."""
        known = self._pinned.get(channel)
        if known is not None and pinned is not (message in known):
            self.read(channel)

    def read(self, channel: int) -> None:
        """Read the pins of a channel, and once more after a reading that is under way."""
        if channel in self._tasks:
            self._read_again.add(channel)
            return
        task = asyncio.create_task(self._read_repeatedly(channel))
        self._tasks[channel] = task
        task.add_done_callback(lambda _: self._tasks.pop(channel, None))

    async def wait_until_read(self, channel: int) -> None:
        """Wait until the pins of a channel are known, for COMMAND_WAIT_S at most."""
        self.read_if_unknown(channel)
        if (task := self._tasks.get(channel)) is not None:
            await asyncio.wait({task}, timeout=COMMAND_WAIT_S)

    async def stop(self) -> None:
        """Cancel the readings under way."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _is_known(self, channel: int) -> bool:
        if channel not in self._pinned and created_ms(channel) > self._since_ms:
            self._note(channel, frozenset())  # it is younger than the session, so no event was missed
        return channel in self._pinned

    def _note(self, channel: int, pinned: frozenset[int]) -> None:
        self._pinned.pop(channel, None)
        self._pinned[channel] = pinned
        if len(self._pinned) > self._capacity:
            del self._pinned[next(iter(self._pinned))]
            self._since_ms = self._clock.now_ms()  # what is not known may have had pins before now

    async def _read_repeatedly(self, channel: int) -> None:
        self._read_again.add(channel)
        while channel in self._read_again:
            await asyncio.sleep(GATHER_S)
            self._read_again.discard(channel)
            await self._read_and_store(channel)

    async def _read_and_store(self, channel: int) -> None:
        """Read the pins of a channel, and store them if the channel is a conversation; logs failures."""
        try:
            if not await self._store.knows(channel):
                self._note(channel, frozenset())
                return
            async with asyncio.timeout(READ_S):
                pinned, questions = await self._list(channel)
            await self._store.pin(channel, questions)
        except (discord.Forbidden, discord.NotFound) as error:
            # A repetition would fail until the permissions change, and that causes an event.
            self._note(channel, frozenset())
            log.info("pins_not_read", conversation=channel, code=error.code)
        except (BobbinError, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("pins_not_read", conversation=channel, kind=type(error).__name__)
        else:
            self._note(channel, pinned)
            log.info("pins_read", conversation=channel, pins=len(questions))

    async def _list(self, channel_id: int) -> tuple[frozenset[int], frozenset[int]]:
        """Return the ids of the pinned messages, and of people's messages that are pinned or have a pinned reply."""
        channel = self._client.get_partial_messageable(channel_id)
        listed = await reading.pinned(self._client, channel, limit=MAX_PINS)
        questions: set[int] = set()
        for message in listed:
            if not self._is_own(message):
                questions.add(message.id)
            elif not message.flags.silent and not is_reminder(message.content, message.mentions):
                question = await question_of(self._client, channel, message)
                questions |= set() if question is None else {question}
        return frozenset(message.id for message in listed), frozenset(questions)

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id
