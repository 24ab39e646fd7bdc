"""The members who write messages, also those whose message Discord lists without their roles."""

from __future__ import annotations

import time
from collections.abc import Callable

import discord

from bot.gateway import error_codes

FRESH_S = 30.0
"""How long a member counts as known: a listing of many messages asks Discord once for each author."""

CAPACITY = 5000
"""The most members that are held."""

LEFT_CODES = (error_codes.UNKNOWN_MEMBER, error_codes.UNKNOWN_USER)


class Members:
    """Knows the author of a message from the event, else asks Discord for the member."""

    def __init__(
        self,
        *,
        fresh_s: float = FRESH_S,
        capacity: int = CAPACITY,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fresh_s = fresh_s
        self._capacity = capacity
        self._now_s = now_s
        self._known: dict[tuple[int, int], tuple[float, discord.Member | None]] = {}

    async def find(self, message: discord.Message, person: int) -> discord.Member | None:
        """Return the author, or the person for whom a message was posted, None if they have left the server.

        Raises discord.NotFound if the server of the API has no such route, and the other errors of discord.py.
        """
        guild, author = message.guild, message.author
        if guild is None:
            return None
        if isinstance(author, discord.Member) and author.id == person:
            return self._keep(guild.id, person, author)
        at_s, member = self._known.get((guild.id, person), (None, None))
        if at_s is not None and self._now_s() - at_s < self._fresh_s:
            return member
        try:
            return self._keep(guild.id, person, await guild.fetch_member(person))
        except discord.NotFound as error:
            if error.code not in LEFT_CODES:
                raise
            return self._keep(guild.id, person, None)

    async def roles(self, message: discord.Message, person: int) -> frozenset[int]:
        """Return the roles of the author, or of the person for whom a message was posted; none of a stranger."""
        try:
            member = await self.find(message, person)
        except discord.NotFound:
            return frozenset()
        return frozenset() if member is None else frozenset(role.id for role in member.roles)

    def _keep(self, guild: int, person: int, member: discord.Member | None) -> discord.Member | None:
        self._known.pop((guild, person), None)
        self._known[guild, person] = self._now_s(), member
        if len(self._known) > self._capacity:
            del self._known[next(iter(self._known))]
        return member
