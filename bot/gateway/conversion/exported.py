"""Converts messages for a file of the thread: what people see, without bounds."""

from __future__ import annotations

from collections.abc import Container

import discord

from bot.conversation.export import ExportedMessage
from bot.conversation.message import Attachment
from bot.gateway.conversion.convert import WRITTEN_TYPES
from bot.gateway.conversion.names import replace_ids
from bot.gateway.conversion.parts import sticker_name, text_of_components, to_author, to_embeds, to_poll
from bot.gateway.conversion.quoted import to_forward

SAID_TYPES: Container[discord.MessageType] = (
    *WRITTEN_TYPES,
    discord.MessageType.chat_input_command,
    discord.MessageType.context_menu_command,
)
"""The types of messages that say something; the others are system messages."""


def to_exported(message: discord.Message) -> ExportedMessage | None:
    """Convert a message, None for a system message."""
    if message.type not in SAID_TYPES:
        return None
    forward = to_forward(message)
    content = message.content or text_of_components(message.components)
    is_reply = message.reference is not None and forward is None
    edited = message.edited_at
    return ExportedMessage(
        id=message.id,
        author=to_author(message.author),
        text=replace_ids(message, content),
        by_app=message.author.bot or message.webhook_id is not None,
        reply_to=message.reference.message_id if is_reply and message.reference else None,
        edited_ms=None if edited is None or message.author.bot else round(edited.timestamp() * 1000),
        attachments=tuple(
            Attachment(each.id, each.filename, each.content_type or "", each.size)
            for each in message.attachments
        ),
        stickers=tuple(map(sticker_name, message.stickers)),
        poll=to_poll(message.poll),
        embeds=to_embeds(message, lambda text: replace_ids(message, text)),
        forwarded="\n".join(said.text for said in forward.messages) if forward is not None else "",
    )
