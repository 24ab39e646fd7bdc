"""Timeouts of the bot's own member: in which servers a moderator has set one, and until when.

A member that is timed out keeps View Channel and Read Message History only; owners and administrators are exempt
(Discord, topics/permissions, "Permissions for Timed Out Members"). Discord sends the bot's own member in GUILD_CREATE
and GUILD_MEMBER_UPDATE, the latter even without the members intent.
"""

from __future__ import annotations

import datetime as dt

import discord
import structlog

from bot.conversation.clock import Clock
from bot.conversation.errors import DiscordNotNow

log = structlog.get_logger()

RECHECK_S = 60.0
"""A moderator may remove a timeout early, so it is checked again this soon, which costs no call."""


class Timeouts:
    """Tells whether the bot may write in a channel that is in discord.py's cache."""

    def __init__(self, client: discord.Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._logged: dict[int, dt.datetime] = {}

    def check(self, channel: int, guild: int | None = None) -> None:
        """Raise DiscordNotNow if the bot is timed out in the server of the channel; `guild` if it is known."""
        server = self._client.get_guild(guild) if guild is not None else None
        if server is None:
            server = getattr(self._client.get_channel(channel), "guild", None)
        me = server.me if server is not None else None
        if server is None or me is None or me.timed_out_until is None:
            return
        until = me.timed_out_until
        # By Discord's clock: `Member.is_timed_out` uses the host's.
        left_s = until.timestamp() - self._clock.now_s()
        if left_s <= 0 or me.guild_permissions.administrator:
            return
        if self._logged.get(server.id) != until:
            self._logged[server.id] = until
            log.warning(
                "bot_timed_out",
                server=server.id,
                until=until.isoformat(timespec="seconds"),
                hint="a moderator has timed out the bot in this server: what is written there is answered "
                "when the timeout ends or is removed",
            )
        raise DiscordNotNow(min(max(left_s, 1.0), RECHECK_S))
