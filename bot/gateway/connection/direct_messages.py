"""Direct messages to people who wait for something."""

from __future__ import annotations

import discord
import structlog

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordRejected
from bot.gateway.connection.calls import Calls

log = structlog.get_logger()


class DirectMessages:
    """Sends direct messages."""

    def __init__(self, client: discord.Client, calls: Calls) -> None:
        self._client = client
        self._calls = calls

    async def send(self, person: int, text: str) -> bool:
        """Send a direct message; False if the person does not take any."""

        async def send() -> None:
            # Not `create_dm`, which keeps the channel in the cache of a user.
            data = await self._client.http.start_private_message(person)
            channel = self._client.get_partial_messageable(int(data["id"]))
            await channel.send(text, allowed_mentions=discord.AllowedMentions.none())

        try:
            await self._calls.read("direct_message", 0, (), send)
        except (DiscordForbidden, DiscordRejected, DiscordGone) as error:
            log.info("direct_message_refused", kind=type(error).__name__)
            return False
        return True
