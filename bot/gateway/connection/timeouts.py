"""Time-outs of the bot itself: in which servers a moderator has silenced it, and until when.

A member that is timed out keeps View Channel and Read Message History only; owners and administrators are exempt
(Discord, topics/permissions, "Permissions for Timed Out Members"). Discord tells of the bot's own member in
GUILD_CREATE and GUILD_MEMBER_UPDATE, the latter also without the members intent.
"""

from __future__ import annotations

import datetime as dt

import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordNotNow

log = structlog.get_logger()

MOST_S = 60.0
"""A moderator may lift a time-out early: it is looked at again this soon, which costs no call."""


class Silenced:
    """Tells whether the bot may write, as far as discord.py knows the place."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._told: dict[int, dt.datetime] = {}

    def heed(self, place: int, server: int | None = None) -> None:
        """Raise DiscordNotNow where the bot is timed out."""
        guild = self._client.get_guild(server) if server is not None else None
        if guild is None:
            guild = getattr(self._client.get_channel(place), "guild", None)
        me = guild.me if guild is not None else None
        if guild is None or me is None or me.timed_out_until is None:
            return
        until = me.timed_out_until
        # By Discord's clock: `Member.is_timed_out` goes by the host's.
        left_s = until.timestamp() - self._clock.now_s()
        if left_s <= 0:
            return
        if me.guild_permissions.administrator:
            return
        if self._told.get(guild.id) != until:
            self._told[guild.id] = until
            log.warning(
                "bot_timed_out",
                server=guild.id,
                until=until.isoformat(timespec="seconds"),
                hint="a moderator has timed out the bot in this server: what is written there is answered "
                "when the time-out ends or is removed",
            )
        raise DiscordNotNow(min(max(left_s, 1.0), MOST_S))
