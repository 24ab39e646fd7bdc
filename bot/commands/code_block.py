"""Text of people's, shown in an answer as a code block, or attached where it is too long."""

from __future__ import annotations

import io

import discord

from bot.render.ticks import Ticks

ANSWER_CHARS = 2000
"""The most that a message holds (Discord, "Create Message")."""


def shown(
    heading: str, text: str, file_name: str, *, most_chars: int = ANSWER_CHARS
) -> tuple[str, list[discord.File]]:
    """Show a text in a code block below `heading`; attach a text of more than `most_chars`, or without room."""
    inside = fenced(text)
    block = f"{heading}:\n```text\n{inside}\n```"
    if len(inside) <= most_chars and len(block) <= ANSWER_CHARS:
        return block, []
    return f"{heading} is attached.", [discord.File(io.BytesIO(text.encode()), file_name)]


def fenced(text: str) -> str:
    """Return a text that looks the same, and that cannot end the code block it is shown in."""
    return Ticks().separated(text)
