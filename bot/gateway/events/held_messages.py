"""The messages that have waited for the consent of their author, once it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import discord
import structlog

from bot.conversation.errors import DiscordUnavailable
from bot.gateway.conversion import reading
from bot.gateway.events.intake import Intake
from bot.store.consents import Consents
from bot.store.conversations import Conversations

log = structlog.get_logger()

RETRY_AFTER_S = (10.0, 60.0, 300.0)
"""discord.py has repeated a failed call for some seconds already. A listing finds most of what is left."""


class HeldMessages:
    """Accepts the messages that have waited for the consent of their author: they are read from Discord again.

    discord.py does not know the roles of a server whose shard another process connects. Messages there are left to a
    listing by that process.
    """

    def __init__(
        self,
        client: discord.Client,
        consents: Consents,
        conversations: Conversations,
        intake: Intake,
        *,
        retry_after_s: Sequence[float] = RETRY_AFTER_S,
    ) -> None:
        self._client = client
        self._consents = consents
        self._conversations = conversations
        self._intake = intake
        self._retry_after_s = retry_after_s

    async def agree(self, person: int, at_ms: int) -> None:
        """Store that a person agrees; what waits for that is listed again if a crash keeps it from being accepted."""
        for channel, message in await self._consents.waiting(person):
            await self._conversations.list_again(channel, message)
        await self._consents.agree(person, at_ms)

    async def accept(self, person: int) -> None:
        """Accept them, the oldest first; those that cannot be read any more are left out.

        Those that Discord fails to show are read again later, because no sweep lists a direct message channel in
        which nobody was answered yet.
        """
        for wait_s in self._retry_after_s:
            if await self._accept_readable(person):
                return
            await asyncio.sleep(wait_s)
        await self._accept_readable(person)

    async def _accept_readable(self, person: int) -> bool:
        """Accept those that Discord shows; False if it failed to show some."""
        me = self._client.user
        if me is None:
            return False
        are_all = True
        for channel, message in await self._consents.waiting(person):
            try:
                found = await self._read(channel, message)
            except DiscordUnavailable:
                await self._conversations.list_again(channel, message)
                are_all = False
                continue
            if found is not None and self._is_elsewhere(found):
                await self._conversations.list_again(channel, message)
            elif found is not None:
                await self._intake.accept(found, me)
            await self._consents.answered(person, channel, message)
        return are_all

    def _is_elsewhere(self, message: discord.Message) -> bool:
        """Whether a message is in a server that no shard of this process tells of."""
        return message.guild is not None and self._client.get_guild(message.guild.id) is None

    async def _read(self, channel: int, message: int) -> discord.Message | None:
        """Return a message, None if there is none to read; raises DiscordUnavailable."""
        try:
            where = self._client.get_channel(channel) or await self._client.fetch_channel(channel)
            if not isinstance(where, discord.abc.Messageable):
                return None
            return await where.fetch_message(message)
        except (discord.NotFound, discord.Forbidden, *reading.UNREADABLE) as error:
            log.info("held_message_not_read", message=message, kind=type(error).__name__)
            return None
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.info("held_message_not_read", message=message, kind=type(error).__name__)
            raise DiscordUnavailable("read") from error
