"""Converts a message that is to be answered, with what it refers to."""

from __future__ import annotations

from dataclasses import replace

import discord

from bot.conversation.intake import OTHERS_THREADS, Where
from bot.conversation.message import Message, Reference, Room
from bot.gateway.conversion import convert


def to_inbox(
    message: discord.Message,
    where: Where,
    reference: Reference | None,
    *,
    opens: str | None,
    asks_title: bool,
    is_proxied: bool,
    original: Message | None,
    roles: tuple[int, ...],
) -> Message:
    """Convert a message for the inbox; `original` is the one that a proxied message is the copy of, if it is known.

    `roles` are those of the person who wrote the message, or its original.

    A copy refers to nothing by itself: it has the reference of its original, or else shows by an embed what its
    original replies to. Where the original is known, the embeds add nothing that its author has said.
    """
    converted = convert.to_message(message, opens=opens)
    if is_proxied:
        converted = replace(
            converted,
            proxied_for=0 if original is None else original.author.id,
        )
    if original is not None:
        converted = replace(converted, embeds=())
        reference = original.reference
    return replace(
        converted,
        reference=reference,
        roles=roles,
        # Also in a joined thread: the message that mentioned the bot there first may be deleted by now.
        room=Room(message.channel.id, message.id) if where in OTHERS_THREADS else None,
        asks_title=asks_title,
    )
