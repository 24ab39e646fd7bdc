"""The message by which the bot posts the question of a person who uses /chat; a thread is started from it."""

from __future__ import annotations

import discord

MARK = "**"
"""Begins such a message, with the name of the person; the bot's other silent messages are notices."""


def posted_question(name: str, text: str) -> str:
    """Return the content of the message."""
    return f"{MARK}{discord.utils.escape_markdown(name)}:** {text}"


def is_posted_question(message: discord.Message, me: int) -> bool:
    """Whether the bot, whose id is `me`, has posted a message for a person; replies of the bot are never silent."""
    return message.author.id == me and message.flags.silent and message.content.startswith(MARK)


def begins_thread(message: discord.Message, me: int) -> bool:
    """Whether a message may be the question in a private thread, which is loud; a reply points to its question."""
    return message.author.id == me and message.reference is None and message.content.startswith(MARK)
