"""The messages of which Discord has told that they are deleted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

import discord
import structlog

from bot.gateway.conversion import reading

log = structlog.get_logger()

REMEMBERED = 1000
"""Deletions that somebody may still ask about; each is asked about within seconds."""

WAIT_S = 6.0
"""PluralKit deletes an original a second after it has posted the copy; the limits of Discord may delay that."""


class Deletions:
    """Remembers the latest deletions, and waits for one."""

    def __init__(self, *, wait_s: float = WAIT_S) -> None:
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

    async def of(self, message: int, channel: discord.abc.Messageable, *, waits: bool) -> bool:
        """Whether a message is deleted, or is so in a moment; without `waits` Discord is asked at once.

        Discord is asked in the end: an event may be lost in a gap.
        """
        if message in self._latest or (waits and await self._follows(message)):
            return True
        try:
            await channel.fetch_message(message)
        except discord.NotFound:
            return True
        except reading.NOT_READ as error:
            log.info("deletion_unknown", message=message, kind=type(error).__name__)
        return False

    async def _follows(self, message: int) -> bool:
        awaited = self._awaited.setdefault(message, asyncio.Event())
        try:
            async with asyncio.timeout(self._wait_s):
                await awaited.wait()
        except TimeoutError:
            return False
        finally:
            if self._awaited.get(message) is awaited:
                del self._awaited[message]
        return True
