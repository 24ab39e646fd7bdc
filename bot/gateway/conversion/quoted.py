"""Converts a message that somebody refers to."""

from __future__ import annotations

import discord

from bot.conversation.bounds import FORWARDED_CHARS, QUOTED_CHARS, shortened
from bot.conversation.message import Quoted
from bot.conversation.visible import is_blank
from bot.gateway.conversion.names import replace_ids
from bot.gateway.conversion.parts import (
    sticker_name,
    text_of_components,
    to_attachments,
    to_author,
    to_embeds,
    to_poll,
)


def to_quoted(message: discord.Message) -> Quoted:
    """Convert a message that another message replies to or links to, with each of its parts bounded."""
    content = message.content or text_of_components(message.components)
    return Quoted(
        id=message.id,
        text=shortened(replace_ids(message, content), QUOTED_CHARS),
        author=to_author(message.author),
        attachments=to_attachments(message.attachments, message.stickers),
        stickers=tuple(map(sticker_name, message.stickers)),
        poll=to_poll(message.poll),
        embeds=to_embeds(message.embeds, content, previews=is_blank(content)),
        by_app=message.author.bot or message.webhook_id is not None,
    )


def to_forwarded(message: discord.Message, snapshot: discord.MessageSnapshot) -> Quoted:
    """Convert the copy of a message that a forward holds; Discord does not name its author.

    The id is that of the original where Discord tells it, since it holds when the original was written.
    """
    content = snapshot.content or text_of_components(snapshot.components)
    reference = message.reference
    return Quoted(
        id=(reference.message_id if reference else None) or message.id,
        text=shortened(replace_ids(message, content), FORWARDED_CHARS),
        attachments=to_attachments(snapshot.attachments, snapshot.stickers),
        stickers=tuple(map(sticker_name, snapshot.stickers)),
        embeds=to_embeds(snapshot.embeds, content, previews=is_blank(content)),
    )
