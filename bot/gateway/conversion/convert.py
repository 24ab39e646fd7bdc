"""From discord.py's objects to our values."""

from __future__ import annotations

from collections.abc import Container

import discord

from bot.conversation.intake import Facts, Where
from bot.conversation.message import Attachment, Author, Message
from bot.conversation.visible import plain
from bot.gateway.conversion.names import name_of, with_names

ORDINARY = (discord.MessageType.default, discord.MessageType.reply)
"""Everything else is the platform speaking: joins, pins, renamed threads, a thread's starter."""


TYPED_CHARS = 60
"""What is longer, or goes on in another line, is something to be answered that begins with a slash."""


def facts(
    message: discord.Message, where: Where, me: discord.ClientUser, commands: Container[str] = ()
) -> Facts:
    """Collect what the intake decides on."""
    answered = _answered_author(message)
    mentioned = {user.id for user in message.mentions}
    role = message.guild.self_role if message.guild else None
    to_bot = me.id in mentioned or answered == me.id or (role is not None and role in message.role_mentions)
    others = {user for user in (*mentioned, answered) if user not in (None, me.id, message.author.id)}
    return Facts(
        where=where,
        text=message.content,
        has_attachments=bool(message.attachments),
        by_a_person=not message.author.bot and message.webhook_id is None,
        is_ordinary=message.type in ORDINARY,
        mentions_bot=to_bot,
        for_somebody_else=bool(others or message.role_mentions),
        types_command=_types_command(message, me, commands),
    )


def _types_command(message: discord.Message, me: discord.ClientUser, commands: Container[str]) -> bool:
    said = title(message, me.id).strip()
    if not said.startswith("/") or len(said) > TYPED_CHARS or "\n" in said or message.attachments:
        return False
    name, *_ = said[1:].split(maxsplit=1) or [""]
    return name in commands


def to_message(message: discord.Message, *, opens: str | None = None) -> Message:
    """Convert a message that is to be answered."""
    return Message(
        id=message.id,
        author=to_author(message.author),
        text=readable(message),
        attachments=tuple(
            Attachment(found.id, plain(found.filename), found.content_type or "", found.size)
            for found in message.attachments
        ),
        opens=opens,
    )


def to_author(user: discord.User | discord.Member) -> Author:
    """Convert a person, by the name that is the same in every server.

    A nickname is told by events alone: a listed message holds no member (Discord, "Message", "member").
    """
    return Author(id=user.id, username=user.name, name=name_of(user))


def readable(message: discord.Message) -> str:
    """Return the text with names in place of ids, as people see it."""
    return with_names(message, message.content)


def title(message: discord.Message, me: int) -> str:
    """Return the text a thread is named from: without the summons, which is no part of what is said."""
    summons = [f"<@{me}>", f"<@!{me}>"]
    if message.guild is not None and message.guild.self_role is not None:
        summons.append(f"<@&{message.guild.self_role.id}>")
    content = message.content
    for summon in summons:
        content = content.replace(summon, "")
    return with_names(message, content)


def _answered_author(message: discord.Message) -> int | None:
    reference = message.reference
    resolved = reference.resolved if reference else None
    return resolved.author.id if isinstance(resolved, discord.Message) else None
