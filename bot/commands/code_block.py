"""Shows a text that people wrote as a code block, or as an attached file where it is too long."""

from __future__ import annotations

import io

import discord

from bot.render.ticks import Ticks

ANSWER_CHARS = 2000
"""The limit of a message (Discord, "Create Message")."""


def shown(
    heading: str, text: str, file_name: str, *, most_chars: int = ANSWER_CHARS
) -> tuple[str, list[discord.File]]:
    """Show a text in a code block below `heading`; attach it if it exceeds `most_chars` or the message."""
    inside = fenced(text)
    block = f"{heading}:\n```text\n{inside}\n```"
    if len(inside) <= most_chars and len(block) <= ANSWER_CHARS:
        return block, []
    return f"{heading} is attached.", [discord.File(io.BytesIO(text.encode()), file_name)]


def fenced(text: str) -> str:
    """Return a text that looks the same but cannot end the code block around it."""
    return Ticks().separated(text)
