"""Looks up the names of channels and people for /usage, because usage is stored with ids only."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import aiohttp
import discord
import structlog

from bot.commands.interactions import Interaction
from bot.conversation.usage import NOBODY, Place
from bot.conversation.visible import plain
from bot.gateway.conversion.names import HIDDEN, display_name

log = structlog.get_logger()

AT_ONCE = 100
"""The most members of one request (Discord, "Request Guild Members")."""

MOST_NAMES = 500
"""Further people are shown by id."""

NAMES_S = 5.0
"""Bounds each request, because a person is waiting; without names the answer shows ids."""

FORGOTTEN = "forgotten"


class Names:
    """The names in one server; `guild` is None in direct messages."""

    def __init__(self, guild: discord.Guild | None) -> None:
        self._guild = guild
        self._people: dict[int, str] = {NOBODY: FORGOTTEN}

    async def look_up(self, people: Collection[int]) -> None:
        """Ask Discord for the unknown names of people; a failure leaves them unknown."""
        missing = [person for person in people if person not in self._people][:MOST_NAMES]
        if self._guild is None:
            return
        try:
            for start in range(0, len(missing), AT_ONCE):
                ids = missing[start : start + AT_ONCE]
                async with asyncio.timeout(NAMES_S):
                    found = await self._guild.query_members(user_ids=ids, limit=AT_ONCE, cache=False)
                self._people |= {member.id: display_name(member) for member in found}
        except (TimeoutError, discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.info("member_names_failed", server=self._guild.id, kind=type(error).__name__)

    def person(self, person: int) -> str:
        """Return the name of a person, or `id <number>`."""
        return self._people.get(person, f"id {person}")

    def channel(self, channel: int) -> str:
        """Return the name of a channel, or `id <number>`."""
        found = None if self._guild is None else self._guild.get_channel(channel)
        if found is None or found.name == HIDDEN:
            return "direct messages" if self._guild is None else f"id {channel}"
        return f"#{plain(found.name)}"


def may_read(interaction: Interaction, place: Place) -> bool:
    """Whether the person of an interaction may read a conversation: only then its channel is named.

    Of a private thread's readers the bot knows only the person who uses the command there, and those who manage
    threads.
    """
    guild, person = interaction.guild, interaction.user
    if guild is None:
        return True
    channel = guild.get_channel(place.channel)
    if channel is None or not isinstance(person, discord.Member):
        return False
    held = channel.permissions_for(person)
    if not (held.view_channel and held.read_message_history):
        return False
    return not place.is_private or held.manage_threads or interaction.channel_id == place.conversation
