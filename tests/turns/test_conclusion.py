"""What becomes of a turn when its stream has ended."""

from __future__ import annotations

import pytest

from bot.conversation import budget_wording, error_wording, reply_wording
from bot.conversation.amount import amount_of
from bot.conversation.budget import Limit, Rule, Subject
from bot.conversation.errors import (
    BobbinError,
    BudgetReached,
    ClaudeBlocked,
    ClaudeBusy,
    ClaudeEndless,
    ClaudeKeyRefused,
    ClaudeModelUnknown,
    ClaudeRefusedRequest,
    ClaudeSpendLimit,
    ClaudeTooLong,
    ClaudeUnreachable,
    ClaudeWrongAddress,
    Stopped,
)
from bot.conversation.request import Finished, Usage
from bot.turns.conclusion import Conclusion, conclude


def end(reason: str) -> Finished:
    return Finished(stop_reason=reason, usage=Usage(), model="claude-test", message_id="msg")


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence", "something_new"])
def test_a_reply_that_ended_is_kept_as_it_is(reason: str) -> None:
    assert conclude(" Hello. \n", end(reason)) == Conclusion("answered", "Hello.")


def test_a_reply_that_wants_more_tools_than_it_may_call_says_so() -> None:
    told = (reply_wording.TOO_MANY_STEPS,)
    assert conclude("So far.", end("tool_use")) == Conclusion("answered", "So far.", told)
    assert conclude("", end("tool_use")) == Conclusion("failed", "", told)


def test_a_reply_cut_by_its_limit_says_how_to_go_on() -> None:
    assert conclude("Half", end("max_tokens")) == Conclusion(
        "answered", "Half", (reply_wording.CUT_AT_MAX_TOKENS,), open_end=True
    )
    full = conclude("Half", end("model_context_window_exceeded"))
    assert full == Conclusion("answered", "Half", (reply_wording.CONTEXT_FULL,))


def test_a_reply_that_paused_too_often_can_be_continued() -> None:
    paused = conclude("I look. ", end("pause_turn"))
    assert paused == Conclusion("answered", "I look. ", (reply_wording.PAUSED,), open_end=True)
    assert conclude("more.\n", end("end_turn"), before=paused.reply).reply == "I look. more."
    assert conclude(" ", end("pause_turn")) == Conclusion("failed", "", (reply_wording.EMPTY_REPLY,))


def test_a_reply_that_a_limit_ends_can_be_continued() -> None:
    limit = Limit(Rule(Subject.SERVER, amount_of("5 USD per day")), "server-1-USD-day-20261129", 99, 9)
    reached = BudgetReached(limit, tell=False)
    assert conclude(" I look. ", reached) == Conclusion(
        "answered", "I look. ", (budget_wording.cut(reached),), open_end=True
    )
    continued = conclude("", reached, before="Half")
    assert (continued.outcome, continued.reply, continued.open_end) == ("answered", "Half", True)


def test_a_refusal_discards_what_was_written_and_leaves_the_history() -> None:
    assert conclude("Well, first", end("refusal")) == Conclusion(
        "refused", "", (reply_wording.REFUSED,), declined=True
    )


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
    ClaudeWrongAddress(),
    ClaudeEndless(),
]

REFUSALS = [ClaudeBlocked(), ClaudeRefusedRequest()]
"""What would be refused again, in front of whatever is written later."""


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_every_failure_says_something_of_its_own(error: BobbinError) -> None:
    conclusion = conclude("", error)
    assert conclusion.outcome == "failed"
    others = {error_wording.explain(other) for other in FAILURES + REFUSALS if type(other) is not type(error)}
    assert conclusion.notices[0] not in others


@pytest.mark.parametrize("error", REFUSALS, ids=lambda error: type(error).__name__)
def test_what_is_refused_for_its_content_leaves_the_history(error: BobbinError) -> None:
    declined = isinstance(error, ClaudeBlocked)  # an unreadable request is nobody's abuse
    assert conclude("", error) == Conclusion(
        "refused", "", (error_wording.explain(error),), declined=declined
    )


def test_what_the_filter_blocks_in_mid_reply_is_discarded() -> None:
    assert conclude("Well, first", ClaudeBlocked()) == Conclusion(
        "refused", "", (error_wording.BLOCKED,), declined=True
    )


def test_a_failure_in_mid_reply_keeps_what_was_written() -> None:
    assert conclude("So far", ClaudeUnreachable()) == Conclusion(
        "answered", "So far", (reply_wording.INTERRUPTED,)
    )


def test_a_stream_without_an_end_keeps_what_was_written_and_says_who_ended_it() -> None:
    assert conclude("So far", ClaudeEndless()) == Conclusion("answered", "So far", (reply_wording.ENDLESS,))


def test_what_is_stopped_keeps_its_text_and_says_so() -> None:
    assert conclude("Half a rep", Stopped()) == Conclusion("answered", "Half a rep", (reply_wording.STOPPED,))
    assert conclude(" ", Stopped()) == Conclusion("failed", "", (reply_wording.STOPPED_EARLY,))


def test_what_continues_a_reply_joins_where_it_was_cut() -> None:
    assert conclude("One, two, ", end("max_tokens")).reply == "One, two, "
    whole = conclude("three.\n", end("end_turn"), before="One, two, ")
    assert whole == Conclusion("answered", "One, two, three.")
    assert conclude("lo,\n", end("max_tokens"), before="Hel") == Conclusion(
        "answered", "Hello,\n", (reply_wording.CUT_AT_MAX_TOKENS,), open_end=True
    )
    assert conclude("\n\nTwo.", end("end_turn"), before="One.").reply == "One.\n\nTwo."


def test_a_reply_that_nothing_continues_stays_as_it_was_and_can_be_continued_still() -> None:
    for ending in (
        Stopped(),
        ClaudeBusy(),
        ClaudeBlocked(),
        ClaudeRefusedRequest(),
        end("end_turn"),
        end("refusal"),
        end("max_tokens"),
    ):
        conclusion = conclude(" ", ending, before="One, two, ")
        assert (conclusion.reply, conclusion.outcome, conclusion.open_end) == ("One, two, ", "answered", True)
        assert conclusion.notices
