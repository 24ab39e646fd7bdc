"""What becomes of a turn when its stream has ended."""

from __future__ import annotations

import pytest

from bot.conversation import wording
from bot.conversation.errors import (
    BobbinError,
    ClaudeBusy,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
)
from bot.conversation.request import Finished, Usage
from bot.turns.conclusion import Conclusion, conclude


def end(reason: str) -> Finished:
    return Finished(stop_reason=reason, usage=Usage(), model="claude-test", message_id="msg")


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence", "tool_use", "something_new"])
def test_a_reply_that_ended_is_kept_as_it_is(reason: str) -> None:
    assert conclude(" Hello. \n", end(reason)) == Conclusion("answered", "Hello.")


def test_a_reply_cut_by_its_limit_says_how_to_go_on() -> None:
    assert conclude("Half", end("max_tokens")) == Conclusion("answered", "Half", (wording.CUT_AT_MAX_TOKENS,))
    full = conclude("Half", end("model_context_window_exceeded"))
    assert full == Conclusion("answered", "Half", (wording.CONTEXT_FULL,))


def test_a_refusal_discards_what_was_written_and_leaves_the_history() -> None:
    assert conclude("Well, first", end("refusal")) == Conclusion("refused", "", (wording.REFUSED,))


@pytest.mark.parametrize("reason", ["end_turn", "max_tokens", "model_context_window_exceeded", "unheard_of"])
def test_an_empty_reply_is_never_stored_as_one(reason: str) -> None:
    conclusion = conclude("  \n", end(reason))
    assert (conclusion.outcome, conclusion.reply) == ("failed", "")
    assert len(conclusion.notices) == 1


FAILURES = [
    ClaudeBusy(),
    ClaudeUnreachable(),
    ClaudeSpendLimit(),
    ClaudeKeyRefused(),
    ClaudeModelUnknown(),
    ClaudeTooLong(),
    ClaudeRefusedRequest(),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_failure_says_something_of_its_own(error: BobbinError) -> None:
    conclusion = conclude("", error)
    assert conclusion.outcome == "failed"
    others = {wording.explain(other) for other in FAILURES if type(other) is not type(error)}
    assert conclusion.notices[0] not in others


def test_a_failure_in_mid_reply_keeps_what_was_written() -> None:
    assert conclude("So far", ClaudeUnreachable()) == Conclusion("answered", "So far", (wording.INTERRUPTED,))
