"""Questions that the bot has posted for people, and that a crash has kept from the inbox."""

from __future__ import annotations

import discord
import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError
from bot.gateway.conversion.posted_question import is_posted_question
from bot.render.outbox import Outbox, Outgoing
from bot.store.conversations import Conversations
from bot.store.revisions import Revisions

log = structlog.get_logger()


class Questions:
    """Finds such questions among the messages of a listing, and has their authors ask again.

    The message does not say who has asked, so the question cannot be answered.
    """

    def __init__(self, conversations: Conversations, revisions: Revisions, outbox: Outbox) -> None:
        self._conversations = conversations
        self._revisions = revisions
        self._outbox = outbox

    async def check(self, message: discord.Message, me: int) -> None:
        """Post a notice if a message is a question that was not received, and have it never received."""
        channel = message.channel
        if not isinstance(channel, discord.TextChannel) or not is_posted_question(message, me):
            return
        # A question with a thread was answered, whatever the store has forgotten.
        if message.flags.has_thread or await self._conversations.recorded([(message.id, message.id)]):
            return
        notice = Outgoing(
            wording.small(wording.QUESTION_LOST),
            nonce=f"{message.id}-s",
            reply_to=message.id,
            silent=True,
        )
        try:
            # Before the tombstone, so that a crash in between loses no notice.
            sent = await self._outbox.send(channel.id, notice)
            if await self._revisions.tombstone(message.id, channel.id):
                log.info("question_lost", channel=channel.id, message=message.id)
            else:  # another instance was about to receive it
                await self._outbox.delete(channel.id, sent.id)
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)
