"""The messages of which Discord has told that they are deleted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.message import created_ms
from bot.gateway.conversion import reading

log = structlog.get_logger()

REMEMBERED = 1000
"""Deletions that somebody may still ask about; each is asked about within seconds."""

WAIT_S = 6.0
"""PluralKit deletes an original a second after it has posted the copy; the limits of Discord may delay that."""


class Deletions:
    """Remembers the latest deletions, and waits for one."""

    def __init__(self, clock: Clock, *, wait_s: float = WAIT_S) -> None:
        self._clock = clock
        self._wait_s = wait_s
        self._latest: OrderedDict[int, None] = OrderedDict()
        self._awaited: dict[int, asyncio.Event] = {}

    def note(self, message: int) -> None:
        """Note that a message was deleted."""
        self._latest[message] = None
        while len(self._latest) > REMEMBERED:
            self._latest.popitem(last=False)
        if (awaited := self._awaited.get(message)) is not None:
            awaited.set()

    async def of(self, message: int, copy: discord.Message) -> bool:
        """Whether the message that a copy repeats is deleted, or is so in a moment.

        How long that takes counts from the copy on, whether an event brings it or a listing. Discord is asked in the
        end: an event may be lost in a gap.
        """
        age_s = (self._clock.now_ms() - created_ms(copy.id)) / 1000
        if message in self._latest or await self._follows(message, min(self._wait_s, self._wait_s - age_s)):
            return True
        try:
            await copy.channel.fetch_message(message)
        except discord.NotFound:
            return True
        except reading.NOT_READ as error:
            log.info("deletion_unknown", message=message, kind=type(error).__name__)
        return False

    async def _follows(self, message: int, wait_s: float) -> bool:
        if wait_s <= 0:
            return False
        awaited = self._awaited.setdefault(message, asyncio.Event())
        try:
            async with asyncio.timeout(wait_s):
                await awaited.wait()
        except TimeoutError:
            return False
        finally:
            if self._awaited.get(message) is awaited:
                del self._awaited[message]
        return True
