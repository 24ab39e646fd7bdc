"""Which message a reply answers, told from Discord alone."""

from __future__ import annotations

import discord

from bot.gateway.conversion import reading

REPLY_MESSAGES = 50
"""How many messages before a part of a reply are searched for the first part."""


async def question_of(
    client: discord.Client, channel: discord.abc.MessageableChannel, part: discord.Message
) -> int | None:
    """Return the message that a reply answers, from any part of the reply; None if it cannot be found.

    A part directly behind the first one has no reference, the others refer to the first (see
    bot/turns/reply_search.py). The reply to the message that a thread was started from has no reference either;
    that message has the id of the thread.
    """
    if part.reference is None:
        earlier = await reading.messages(client, channel, limit=REPLY_MESSAGES, before=part.id)
        for before in earlier:
            if _is_own(client, before) and not before.flags.silent and before.reference is not None:
                part = before
                break
        else:
            return channel.id if len(earlier) < REPLY_MESSAGES else None
    reference = part.reference
    first = reference.resolved if reference is not None else None
    if isinstance(first, discord.Message) and _is_own(client, first):
        reference = first.reference
        return channel.id if reference is None else reference.message_id
    return None if reference is None else reference.message_id


def _is_own(client: discord.Client, message: discord.Message) -> bool:
    return client.user is not None and message.author.id == client.user.id
