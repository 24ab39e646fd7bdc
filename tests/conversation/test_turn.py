"""What of the entries of the history is sent again."""

from __future__ import annotations

import itertools
from typing import get_args

from bot.conversation.turn import Outcome, without_refused
from tests.conversation.builders import turn


def outcomes(*given: Outcome) -> list[Outcome]:
    history = [turn(number, outcome=outcome) for number, outcome in enumerate(given, 1)]
    return [entry.outcome for entry in without_refused(history)]


def test_what_failed_and_was_then_refused_with_a_later_message_is_not_sent_again() -> None:
    assert outcomes("answered", "failed", "failed", "refused") == [
        "answered",
        "removed",
        "removed",
        "refused",
    ]
    assert outcomes("failed", "removed", "refused", "failed") == ["removed", "removed", "refused", "failed"]


def test_what_failed_stays_where_the_request_that_held_it_was_answered() -> None:
    assert outcomes("failed", "answered", "refused") == ["failed", "answered", "refused"]
    assert outcomes("failed", "failed") == ["failed", "failed"]


def test_what_is_left_out_changes_what_was_counted_until_the_refusal() -> None:
    failed, refused = turn(1, outcome="failed"), turn(2, outcome="refused")
    assert without_refused((failed, refused))[0].amended == refused.id


def test_no_failed_turn_is_ever_followed_by_a_refusal_of_the_same_request() -> None:
    for given in itertools.product(get_args(Outcome), repeat=5):
        left = outcomes(*given)
        assert [a == b or (a, b) == ("failed", "removed") for a, b in zip(given, left, strict=True)] == [
            True
        ] * 5
        for at, outcome in enumerate(left):
            if outcome == "refused":
                before = list(itertools.takewhile(lambda o: o != "answered", reversed(left[:at])))
                assert "failed" not in before
