"""Who may read a channel now, by Discord."""

from __future__ import annotations

import discord

from bot.conversation.link_access import is_public
from bot.gateway.conversion.access import channel_access


class Visibility:
    """Asks discord.py's cache, which follows every change of permissions."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client

    def is_public(self, server: int, channel: int, conversation: int) -> bool:
        """Whether every member may read a channel, and the conversation in it; False where that is not known."""
        guild = self._client.get_guild(server)
        if guild is None:
            return False
        # A thread that is not started yet has the readers of its parent.
        here = channel_access(guild.get_channel_or_thread(conversation)) or channel_access(
            guild.get_channel(channel)
        )
        return here is not None and is_public(here)
