"""Converts messages that somebody refers to: replies, links and forwards."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.conversation.bounds import FORWARDED_CHARS, QUOTED_CHARS, shortened
from bot.conversation.message import Quote, Quoted
from bot.gateway.conversion.names import Naming
from bot.gateway.conversion.parts import (
    sticker_name,
    text_of_components,
    to_attachments,
    to_author,
    to_embeds,
    to_poll,
)

NOTHING_FORWARDED = "the forwarded message holds nothing that can be shown to you"


def to_quoted(message: discord.Message) -> Quoted:
    """Convert a message that another message replies to or links to, with each of its parts bounded.

    A forward has no content but that of its copy of the original.
    """
    if (forward := to_forward(message)) is not None:
        copy = forward.messages[0] if forward.messages else Quoted(message.id, mentions=())
        return replace(
            copy,
            id=message.id,
            text=shortened(copy.text, QUOTED_CHARS),
            author=to_author(message.author),
            by_app=message.author.bot or message.webhook_id is not None,
            forwards=True,
        )
    content = message.content or text_of_components(message.components)
    naming = Naming(message)
    return Quoted(
        id=message.id,
        text=shortened(naming.replace_ids(content), QUOTED_CHARS),
        author=to_author(message.author),
        attachments=to_attachments(message.attachments, message.stickers),
        stickers=tuple(map(sticker_name, message.stickers)),
        poll=to_poll(message.poll),
        embeds=to_embeds(message, naming.replace_ids),
        by_app=message.author.bot or message.webhook_id is not None,
        mentions=naming.mentions,  # behind the texts, which add to them
    )


def to_forward(message: discord.Message) -> Quote | None:
    """Return what a message forwards, None if the message is no forward.

    Discord does not name the author of the original.
    """
    reference = message.reference
    if reference is None or reference.type is not discord.MessageReferenceType.forward:
        return None
    said = tuple(
        _to_forwarded(message, snapshot, reference.message_id or message.id)
        for snapshot in message.message_snapshots
    )
    shown = tuple(each for each in said if each != Quoted(each.id, mentions=()))
    return Quote("forward", reference.channel_id, shown, remark="" if shown else NOTHING_FORWARDED)


def _to_forwarded(message: discord.Message, snapshot: discord.MessageSnapshot, original: int) -> Quoted:
    content = snapshot.content or text_of_components(snapshot.components)
    naming = Naming(message)
    return Quoted(
        id=original,
        text=shortened(naming.replace_ids(content), FORWARDED_CHARS),
        attachments=to_attachments(snapshot.attachments, snapshot.stickers),
        stickers=tuple(map(sticker_name, snapshot.stickers)),
        embeds=to_embeds(snapshot, naming.replace_ids),
        mentions=naming.mentions,  # behind the texts, which add to them
    )
