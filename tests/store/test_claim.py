"""What follows from the values of a claim."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.store.claim import EarlierAnswer, Meta
from tests.conversation.builders import turn
from tests.store.claims import a_claim

ANSWERED = turn(7)


@pytest.mark.parametrize(
    ("conversation", "members", "message"),
    [
        (5, (7, 8), 8),
        (5, (), 7),  # all of its messages are deleted
        (7, (7,), None),  # the message that began the thread is outside the thread
        (7, (7, 8), 8),
    ],
)
def test_a_reply_points_to_the_last_message_that_its_thread_holds(
    conversation: int, members: tuple[int, ...], message: int | None
) -> None:
    assert a_claim(7, members=members, conversation=conversation).reply_to == message


def test_only_an_answer_with_text_can_be_continued() -> None:
    assert EarlierAnswer(ANSWERED, continuing=True).continued == ANSWERED
    assert EarlierAnswer(ANSWERED).continued is None
    assert EarlierAnswer(turn(7, outcome="failed"), continuing=True).continued is None


def test_the_past_of_a_claim_is_without_messages_that_were_part_of_a_refused_request() -> None:
    failed, refused = turn(7, outcome="failed"), turn(8, outcome="refused")
    claim = a_claim(9, history=(turn(6), failed, refused), meta=Meta(window_start=2, pins=frozenset({1})))
    assert [each.outcome for each in claim.past.history] == ["answered", "removed", "refused"]
    assert (claim.past.window_start, claim.past.pins) == (2, frozenset({1}))


def test_the_past_of_a_regeneration_knows_the_earlier_answer() -> None:
    claim = a_claim(7, entry=ANSWERED, recalled=(replace(turn(1), members=(1,)),))
    assert (claim.past.earlier, claim.past.recalled) == (ANSWERED, claim.recalled)
    assert claim.past.history == ()
