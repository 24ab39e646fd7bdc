"""What people are called on Discord."""

from __future__ import annotations

import discord

from bot.conversation.message import Author
from bot.gateway.connection.calls import Calls
from bot.gateway.conversion.names import display_name


class People:
    """Looks people up by their ids."""

    def __init__(self, client: discord.Client, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    async def author(self, person: int) -> Author:
        """Return the names of a person; raises a DiscordError."""
        user = self._client.get_user(person)
        if user is None:
            user = await self._calls.read("user", 0, (), lambda: self._client.fetch_user(person))
        return Author(user.id, user.name, display_name(user))
