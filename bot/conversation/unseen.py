"""What Claude is not shown of the messages of a turn, as notices for people; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.message import Message

LOTTIE = "application/lottie+json"
"""The content type of a sticker that is a drawing in Lottie, of which no picture exists."""

STICKER_DRAWING = "I see the name of that sticker, not its drawing."
EMBED_PICTURE = "I read the text of an embed, not its picture. Attach the picture if it matters."


def notices(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return one sentence for each kind of content that Claude is not shown."""
    return tuple(dict.fromkeys(sentence for message in messages for sentence in _of(message)))


def _of(message: Message) -> Iterator[str]:
    if any(attachment.content_type == LOTTIE for attachment in message.all_attachments):
        yield STICKER_DRAWING
    embeds = (*message.embeds, *(e for q in message.quotes for said in q.messages for e in said.embeds))
    if any(embed.has_picture for embed in embeds):
        yield EMBED_PICTURE
