"""Converts discord.py's messages to our values."""

from __future__ import annotations

from collections.abc import Container

import discord

from bot.conversation.intake import Facts, Where
from bot.conversation.message import Message, created_ms
from bot.conversation.visible import is_blank
from bot.gateway.conversion.names import Naming, replace_ids
from bot.gateway.conversion.parts import sticker_name, to_attachments, to_author, to_embeds, to_poll, to_roles
from bot.gateway.conversion.posted_question import is_posted_question
from bot.gateway.conversion.quoted import to_forward

WRITTEN_TYPES = (discord.MessageType.default, discord.MessageType.reply)
"""The types of messages that somebody has written; the others are system messages (Discord, "Message Types")."""

TYPED_COMMAND_MAX_CHARS = 60
"""A longer text, or one of several lines, is a question that begins with a slash."""


def facts(
    message: discord.Message,
    where: Where,
    me: discord.ClientUser,
    commands: Container[str] = (),
    proxies: Container[int] = (),
) -> Facts:
    """Collect the facts on which the intake decides."""
    answered = _replied_to(message)
    replied_to = None if answered is None else answered.author.id
    mentioned = {user.id for user in message.mentions}
    if answered is not None and is_posted_question(answered, me.id):
        # The reply is for the person who has asked. It pings the bot, which has posted the question.
        replied_to = None
        mentioned -= set() if _names(message.content, me.id) else {me.id}
    role = message.guild.self_role if message.guild else None
    to_bot = me.id in mentioned or replied_to == me.id or (role is not None and role in message.role_mentions)
    others = {user for user in (*mentioned, replied_to) if user not in (None, me.id, message.author.id)}
    return Facts(
        where=where,
        text=message.content,
        has_other_content=_has_other_content(message),
        by_a_person=is_by_a_person(message, proxies),
        is_ordinary=message.type in WRITTEN_TYPES,
        mentions_bot=to_bot,
        for_somebody_else=bool(others or message.role_mentions),
        types_command=_types_command(message, me, commands),
        written_ms=created_ms(message.id),
    )


def is_by_a_person(message: discord.Message, proxies: Container[int]) -> bool:
    """Whether a person has written a message, by themselves or through one of the applications `proxies`."""
    return (not message.author.bot and message.webhook_id is None) or is_proxied(message, proxies)


def is_proxied(message: discord.Message, proxies: Container[int]) -> bool:
    """Whether one of the applications `proxies` has posted a message for somebody, through a webhook of its own.

    Discord sets `application_id` for webhooks that an application has created. Answers to the application's own
    commands have both ids as well; their author is the application's bot.
    """
    return (
        message.webhook_id is not None
        and message.author.id == message.webhook_id
        and message.application_id in proxies
    )


def _types_command(message: discord.Message, me: discord.ClientUser, commands: Container[str]) -> bool:
    text = title(message, me.id).strip()
    if not text.startswith("/") or len(text) > TYPED_COMMAND_MAX_CHARS or "\n" in text or message.attachments:
        return False
    name, *_ = text[1:].split(maxsplit=1) or [""]
    return name in commands


def to_message(message: discord.Message, *, opens: str | None = None) -> Message:
    """Convert a message; `opens` is the name of the thread to start from the message.

    The embeds of a person's message are previews of links, which Discord adds: they count only if there is nothing
    else. An application that proxies shows by an embed what the original replies to.
    """
    forward = to_forward(message)
    has_more = (
        not is_blank(message.content) or message.attachments or message.stickers or message.poll or forward
    )
    shows_embeds = not has_more or message.webhook_id is not None
    naming = Naming(message)
    return Message(
        id=message.id,
        author=to_author(message.author),
        text=naming.replace_ids(message.content),
        attachments=to_attachments(message.attachments, message.stickers),
        opens=opens,
        stickers=tuple(map(sticker_name, message.stickers)),
        poll=to_poll(message.poll),
        embeds=to_embeds(message, naming.replace_ids) if shows_embeds else (),
        quotes=(forward,) if forward is not None else (),
        roles=to_roles(message.author),
        mentions=naming.mentions,  # behind the texts, which add to them
    )


def _has_other_content(message: discord.Message) -> bool:
    return bool(
        message.attachments or message.stickers or message.poll or message.embeds or to_forward(message)
    )


def title(message: discord.Message, me: int) -> str:
    """Return the text for a thread's name: the content without the mention of the bot."""
    mentions = [*_mentions(me)]
    if message.guild is not None and message.guild.self_role is not None:
        mentions.append(f"<@&{message.guild.self_role.id}>")
    content = message.content
    for mention in mentions:
        content = content.replace(mention, "")
    return replace_ids(message, content)


def _replied_to(message: discord.Message) -> discord.Message | None:
    reference = message.reference
    resolved = reference.resolved if reference else None
    return resolved if isinstance(resolved, discord.Message) else None


def _mentions(user: int) -> tuple[str, str]:
    return f"<@{user}>", f"<@!{user}>"


def _names(content: str, user: int) -> bool:
    return any(mention in content for mention in _mentions(user))
