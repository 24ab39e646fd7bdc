"""Who reads an answer: everybody who reads the channel of its place, and the person who asks; see `link_access`."""

from __future__ import annotations

import discord
import structlog

from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordGone
from bot.conversation.link_access import READ, ChannelAccess, refusal
from bot.conversation.quoting import Missing
from bot.gateway import permissions
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion import reading
from bot.gateway.conversion.access import channel_access

log = structlog.get_logger()

Asker = discord.Role | discord.Member | Missing


class Audience:
    """The readers of an answer in one place of a server.

    `parent` is the channel of a thread. An asker whom nobody knows may read what everybody may. The asker is asked
    for once, and only where the others may read a channel.
    """

    def __init__(
        self,
        calls: Calls,
        guild: discord.Guild,
        *,
        conversation: int,
        parent: int | None,
        asker: int | None,
    ) -> None:
        self._calls = calls
        self._guild = guild
        self._conversation = conversation
        self._parent = parent
        self._asker = asker
        self._who: Asker | None = guild.default_role if asker is None else None

    @property
    def here(self) -> ChannelAccess | None:
        """Who reads the place; a thread that is not started yet has the readers of its parent."""
        found = channel_access(self._guild.get_channel_or_thread(self._conversation))
        return found or channel_access(self._guild.get_channel(self._parent or self._conversation))

    async def refusal(self, channel: object) -> Missing | None:
        """Return why what stands in a channel or a thread may not be shown here, None if it may."""
        linked, here = channel_access(channel), self.here
        if linked is None or here is None:
            return Missing.NOT_FOR_ALL
        if (refused := refusal(linked, here, asker_reads=True)) is not None:
            return refused
        who = await self._asking(linked.channel)
        if isinstance(who, Missing):  # whoever has left the server reads nothing there
            return Missing.NOT_FOR_ALL if who is Missing.DELETED else Missing.UNAVAILABLE
        held = getattr(self._guild.get_channel(linked.parent), "permissions_for", _nothing)(who)
        return refusal(linked, here, asker_reads=all(getattr(held, name) for name in READ))

    async def _asking(self, channel: int) -> Asker:
        if self._who is not None:
            return self._who
        try:
            self._who = await self._calls.read(
                "quote", channel, permissions.TO_READ, lambda: self._guild.fetch_member(self._asker or 0)
            )
        except DiscordGone:
            self._who = Missing.DELETED
        except DiscordForbidden:
            self._who = Missing.FORBIDDEN
        except (DiscordError, *reading.UNREADABLE) as error:
            log.warning("quote_not_fetched", channel=channel, kind=type(error).__name__)
            self._who = Missing.UNAVAILABLE
        return self._who


def _nothing(_who: object) -> discord.Permissions:
    return discord.Permissions.none()
