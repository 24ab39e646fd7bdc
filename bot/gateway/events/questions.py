"""Questions that the bot has posted for people, and that a crash has kept from the inbox."""

from __future__ import annotations

import discord
import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError
from bot.gateway.conversion.posted_question import begins_thread, is_posted_question
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
        notice = Outgoing(
            wording.small(wording.QUESTION_LOST),
            nonce=f"{message.id}-s",
            reply_to=message.id,
            silent=True,
        )
        try:
            if not await self._is_lost(message, me):
                return
            # Before the tombstone, so that a crash in between loses no notice.
            sent = await self._outbox.send(channel.id, notice)
            if await self._revisions.tombstone(message.id, channel.id):
                log.info("question_lost", channel=channel.id, message=message.id)
            else:  # another instance was about to receive it
                await self._outbox.delete(channel.id, sent.id)
        except DiscordError as error:
            log.warning("notice_failed", message=message.id, kind=type(error).__name__)

    async def _is_lost(self, message: discord.Message, me: int) -> bool:
        channel = message.channel
        if isinstance(channel, discord.TextChannel):
            # A question with a thread was answered, whatever the store has forgotten.
            return (
                is_posted_question(message, me)
                and not message.flags.has_thread
                and not await self._conversations.recorded([(message.id, message.id)])
            )
        # The question of `/chat private:true` begins the conversation of the thread that was started for it. Behind a
        # question that was received, or whose author was told, the bot has written, whatever the store has forgotten.
        return (
            isinstance(channel, discord.Thread)
            and channel.is_private()
            and channel.owner_id == me
            and begins_thread(message, me)
            and await self._conversations.meta(channel.id) is None
            and not await self._conversations.recorded([(channel.id, message.id)])
            and [each.id for each in await self._outbox.own_messages(channel.id, channel.id)] == [message.id]
        )
