"""What Claude is not shown of the messages of a turn, as notices for people; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.conversation.message import Message

LOTTIE = "application/lottie+json"
"""The content type of a sticker that is a drawing in Lottie, of which no picture exists."""

STICKER_DRAWING = "I see the name of that sticker, not its drawing."
EMPTY_FORWARD = "That forward holds nothing that I can read. Copy its text, or attach its file."
EMBED_PICTURE = "I read the text of an embed, not its picture. Attach the picture if it matters."


def notices(messages: Sequence[Message]) -> tuple[str, ...]:
    """Return one sentence for each kind of content that Claude is not shown.

    What was said in the room before is left out: its quote says what was not read.
    """
    return tuple(dict.fromkeys(sentence for message in messages for sentence in _of(message)))


def _of(message: Message) -> Iterator[str]:
    quoted = [said for quote in message.quotes if quote.kind != "room" for said in quote.messages]
    attachments = (*message.attachments, *(each for said in quoted for each in said.attachments))
    embeds = (*message.embeds, *(each for said in quoted for each in said.embeds))
    if any(attachment.content_type == LOTTIE for attachment in attachments):
        yield STICKER_DRAWING
    if any(quote.kind == "forward" and not quote.messages for quote in message.quotes):
        yield EMPTY_FORWARD
    if any(embed.has_picture for embed in embeds):
        yield EMBED_PICTURE
