"""Text that its author has hidden until a reader clicks on it (Discord, "Spoiler Tags"); pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.conversation.message import Embed, Message, Quoted

_SPOILER = re.compile(r"\|\|.*?\|\|", re.DOTALL)
_HIDDEN_FILE = "SPOILER_"
"""How the name of a hidden attachment begins."""


def without_spoilers(text: str) -> str:
    """Return the text with a blank in place of each spoiler."""
    return _SPOILER.sub(" ", text)


def hold_spoilers(messages: Sequence[Message]) -> bool:
    """Whether the messages, or what they quote, hold a spoiler."""
    return any(_SPOILER.search(text) for message in messages for text in _texts(message)) or any(
        attachment.filename.startswith(_HIDDEN_FILE)
        for message in messages
        for attachment in message.all_attachments
    )


def _texts(message: Message) -> Iterator[str]:
    written: list[Message | Quoted] = [message]
    for quote in message.quotes:
        written += quote.messages
    for each in written:
        yield each.text
        for embed in each.embeds:
            yield from _embed_texts(embed)


def _embed_texts(embed: Embed) -> Iterator[str]:
    yield embed.description
    for name, value in embed.fields:
        yield name
        yield value
