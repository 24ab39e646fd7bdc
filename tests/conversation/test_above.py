"""Whether a message that is referred to stands in the request anyway."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation import elements
from bot.conversation.above import LASTING_SHARE, lasting, stands_above
from bot.conversation.content import Text
from bot.conversation.message import Attachment, Quote, Quoted
from bot.conversation.quoting import UNOPENED
from bot.conversation.trimming import Edge, TrimPolicy, trim
from bot.conversation.turn import Outcome
from tests.conversation.builders import BEN, message, snowflake, turn

EARLIER = message("one", number=50)
WINDOW = (turn(10), replace(turn(20), members=(snowflake(20), snowflake(21))))


def above(
    referred: int, said: Quoted | None = None, *, here: bool = True, outcome: Outcome = "answered"
) -> bool:
    history = tuple(replace(each, outcome=outcome) for each in WINDOW)
    return stands_above(referred, said, earlier=(EARLIER,), history=history, here=here)


def own(number: int, text: str = "an answer") -> Quoted:
    return Quoted(snowflake(number), text, own=True)


def test_a_message_of_the_batch_or_of_a_turn_of_the_window_stands_above() -> None:
    assert above(EARLIER.id)
    assert above(snowflake(10))
    assert above(snowflake(21))
    assert not above(snowflake(9))
    assert not above(snowflake(30))


def test_a_message_of_a_pinned_turn_stands_above() -> None:
    assert stands_above(snowflake(3), None, earlier=(), history=WINDOW, pinned=(turn(3),), here=True)
    assert not stands_above(own(4).id, own(4), earlier=(), history=WINDOW, pinned=(turn(3),), here=True)


@pytest.mark.parametrize("outcome", ["refused", "removed"])
def test_a_message_of_a_turn_that_is_not_sent_does_not(outcome: Outcome) -> None:
    assert not above(snowflake(21), outcome=outcome)


def test_a_reply_of_the_bot_stands_above_if_its_turn_is_in_the_window() -> None:
    assert above(snowflake(12), own(12))
    assert not above(snowflake(9), own(9))
    assert not above(snowflake(12), replace(own(12), own=False))
    assert not above(snowflake(12), own(12), here=False)
    assert not above(snowflake(12), own(12, "-# I could not read that file."))
    assert not stands_above(snowflake(12), own(12), earlier=(), history=(), here=True)


def test_a_message_that_an_earlier_turn_quotes_stands_above_if_it_is_quoted_with_its_files() -> None:
    def is_above(said: Quoted, quoted: Quoted) -> bool:
        asked = replace(message("sum up", number=10), quotes=(Quote("room", 1, (quoted,)),))
        history = (turn(10).asked(elements.question([asked])),)
        return stands_above(said.id, said, earlier=(), history=history, here=True)

    said = Quoted(snowflake(3), "blue looms", BEN)
    assert is_above(said, said)
    assert not is_above(replace(said, text="red looms"), said)
    assert not is_above(replace(said, text="blue"), said)
    file = Attachment(7, "loom.png", "image/png", 4)
    with_file = replace(said, attachments=(file,))
    assert not is_above(with_file, replace(said, attachments=(replace(file, remark=UNOPENED),)))
    assert is_above(with_file, replace(said, attachments=(replace(file, blocks=(Text("read"),)),)))


def test_all_turns_last_while_no_trim_can_be_due_and_then_the_newest_that_every_trim_keeps() -> None:
    turns = tuple(replace(turn(number), user_tokens=60, reply_tokens=40) for number in range(1, 21))
    size = turns[0].tokens
    wide = TrimPolicy(high_tokens=40 * size, low_tokens=20 * size)
    assert lasting(turns, wide) == turns
    narrow = TrimPolicy(high_tokens=39 * size, low_tokens=20 * size)
    kept = lasting(turns, narrow)
    assert kept == turns[-(20 // LASTING_SHARE) :]
    # A turn of as many files as may be, beside a system prompt and words that take the rest of the mark.
    added = narrow.low_tokens * 7 // 8
    full = tuple(replace(turn(number), user_tokens=60, reply_tokens=40) for number in range(-30, 0))
    window = trim((*full, *turns), narrow, Edge(), newest_tokens=added)
    assert window.dropped
    assert set(kept) <= set(window.turns)
