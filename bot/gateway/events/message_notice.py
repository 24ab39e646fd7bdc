"""A short notice under a message that is not answered, or late."""

from __future__ import annotations

import discord
import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError
from bot.render.outbox import Outbox, Outgoing

log = structlog.get_logger()


class MessageNotices:
    """Posts notices as replies to messages."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def post(self, message: discord.Message, sentence: str) -> None:
        """Reply to a message with a sentence; a failure is logged."""
        try:
            await self._outbox.send(
                message.channel.id,
                Outgoing(wording.small(sentence), nonce=f"{message.id}-s", reply_to=message.id, silent=True),
            )
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)
