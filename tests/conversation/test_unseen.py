"""What Claude is not shown is said to people, each kind once."""

from __future__ import annotations

from dataclasses import replace

from bot.conversation.message import Attachment, Embed, Quote, Quoted, QuoteKind
from bot.conversation.unseen import EMBED_PICTURE, EMPTY_FORWARD, LOTTIE, STICKER_DRAWING, notices
from tests.conversation.builders import message, snowflake

DRAWING = Attachment(1, "wave.json", LOTTIE, 0)
CHART = Embed("Chart", has_picture=True)


def test_where_everything_is_shown_nothing_is_said() -> None:
    whole = replace(message("hello"), embeds=(Embed("Build 7"),), stickers=("wave",))
    assert notices([whole]) == ()


def test_each_kind_is_said_once() -> None:
    drawn = message("hello", attachments=(DRAWING, DRAWING))
    charted = replace(message("hello"), embeds=(CHART,))
    assert notices([drawn, charted, drawn]) == (STICKER_DRAWING, EMBED_PICTURE)


def test_a_forward_counts_like_the_message_and_the_room_does_not() -> None:
    def quoting(kind: QuoteKind) -> Quote:
        return Quote(kind, 7, (Quoted(snowflake(1), attachments=(DRAWING,), embeds=(CHART,)),))

    assert notices([replace(message(""), quotes=(quoting("forward"),))]) == (STICKER_DRAWING, EMBED_PICTURE)
    assert notices([replace(message(""), quotes=(quoting("room"),))]) == ()


def test_an_empty_forward_is_said() -> None:
    assert notices([replace(message(""), quotes=(Quote("forward", 7),))]) == (EMPTY_FORWARD,)
