"""What its author has hidden."""

from __future__ import annotations

import pytest

from bot.conversation.message import Attachment, Embed, Message, Quote, Quoted
from bot.conversation.spoilers import hold_spoilers, without_spoilers
from tests.conversation.builders import ANN, message

HIDDEN = Attachment(1, "SPOILER_end.png", "image/png", 4)


def test_a_text_without_its_spoilers() -> None:
    assert without_spoilers("who is ||the\nkiller||? a || b") == "who is  ? a || b"


@pytest.mark.parametrize(
    "spoiling",
    [
        message("who is ||the killer||?"),
        message("look", attachments=(HIDDEN,)),
        Message(1, ANN, "", embeds=(Embed(fields=(("end", "||all die||"),)),)),
        Message(1, ANN, "why?", quotes=(Quote("reply", 2, (Quoted(3, "||he|| did"),)),)),
        Message(1, ANN, "why?", quotes=(Quote("reply", 2, (Quoted(3, attachments=(HIDDEN,)),)),)),
        Message(
            1, ANN, "why?", quotes=(Quote("link", 2, (Quoted(3, embeds=(Embed(description="||x||"),)),)),)
        ),
    ],
)
def test_a_spoiler_is_found_wherever_a_message_holds_it(spoiling: Message) -> None:
    assert hold_spoilers([message("hello"), spoiling])


def test_what_hides_nothing_holds_no_spoiler() -> None:
    assert not hold_spoilers([message("if (a || b)")])
    assert not hold_spoilers([])
