"""Converts what a message replies to."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import replace

import discord

from bot.conversation.message import Quoted, Reference
from bot.gateway.conversion.convert import is_proxied
from bot.gateway.conversion.posted_question import is_posted_question
from bot.gateway.conversion.quoted import to_quoted


def to_reference(
    message: discord.Message, me: int, *, now_ms: int, proxies: Container[int] = ()
) -> Reference | None:
    """Return what a message replies to, None if it is no reply; `me` is the bot's id."""
    reference = message.reference
    if (
        reference is None
        or reference.type is not discord.MessageReferenceType.reply
        or reference.message_id is None
        or reference.channel_id != message.channel.id  # a reply stays in its channel
    ):
        return None
    resolved = reference.resolved
    if isinstance(resolved, discord.DeletedReferencedMessage):
        return Reference(reference.channel_id, reference.message_id, is_deleted=True)
    said = said_by(resolved, me, proxies) if isinstance(resolved, discord.Message) else None
    return Reference(reference.channel_id, reference.message_id, said, read_ms=now_ms)


def said_by(message: discord.Message, me: int, proxies: Container[int] = ()) -> Quoted:
    """Convert a message to quote, and mark those of the bot itself; proxied messages are those of people.

    A question that the bot has posted for somebody is not the bot's own: Claude must not take the words of a person
    for its own.
    """
    quoted = to_quoted(message)
    by_app = quoted.by_app and not is_proxied(message, proxies)
    own = message.author.id == me and not is_posted_question(message, me)
    return replace(quoted, own=own, by_app=by_app)
