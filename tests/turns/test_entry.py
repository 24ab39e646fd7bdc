"""The history entry of a reply that Claude has written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.compose import Terms, compose
from bot.conversation.request import Parameters, PromptMessage, Usage
from bot.conversation.scope import Scope
from bot.conversation.trimming import marks
from bot.conversation.turn import MadeWith, Preface, Turn
from bot.store.claim import Claim
from bot.turns.conclusion import Conclusion
from bot.turns.entry import Asked, entry
from bot.turns.prepare import Prepared
from tests.conversation.builders import message, turn
from tests.store.claims import a_claim, changed

TERMS = Terms(Parameters("claude-test", 100), ("Be kind.",), marks(10_000, 0.5))
QUESTION = message("and now?", number=50)
CLAIM = a_claim(QUESTION.id, members=(QUESTION.id,), messages=(QUESTION,))
USAGE = Usage(input=40, output=30, thinking=12)
SAID = Conclusion("answered", "Weave.")
OLD = replace(turn(50), cost=7, side_usage=(Usage(input=1),), preface=Preface("Of looms."))


def made(
    conclusion: Conclusion = SAID,
    claim: Claim = CLAIM,
    so_far: tuple[PromptMessage, ...] = (),
    **asked: object,
) -> Turn:
    prepared = Prepared((QUESTION,), so_far)
    plan = compose(TERMS, claim.past, (QUESTION,), now_ms=0, so_far=so_far)
    facts = replace(Asked(USAGE, 123, (), 5), **asked)  # type: ignore[arg-type]
    return entry(claim, prepared, plan, conclusion, facts)


def test_an_answer_is_stored_with_its_question_as_both_were_sent() -> None:
    stored = made()
    assert [message.role for message in stored.sent] == ["user", "assistant"]
    assert (stored.reply, stored.members, stored.model) == ("Weave.", (QUESTION.id,), "claude-test")
    assert (stored.usage, stored.asked_ms, stored.cost) == (USAGE, 123, 5)


def test_the_tokens_of_a_reply_are_its_output_without_thinking_and_without_its_title() -> None:
    assert made().reply_tokens == 18
    title = "A loom for beginners\n"
    assert 0 < made(title_line=title).reply_tokens < 18


def test_a_reply_whose_output_was_not_counted_is_estimated() -> None:
    assert made(usage=Usage(input=40)).reply_tokens > 0


def test_a_failed_turn_is_stored_without_a_reply() -> None:
    stored = made(Conclusion("failed", "", ("Claude is away.",)))
    assert [message.role for message in stored.sent] == ["user"]
    assert (stored.outcome, stored.reply_tokens) == ("failed", 0)


@pytest.mark.parametrize(("before", "now", "total"), [(7, 5, 12), (None, 5, None), (7, None, None)])
def test_a_regeneration_adds_its_cost_and_its_side_usage_to_those_of_the_earlier_answer(
    before: int | None, now: int | None, total: int | None
) -> None:
    again = changed(CLAIM, entry=replace(OLD, cost=before), regeneration=1)
    stored = made(claim=again, cost=now, side_usage=(Usage(input=2),))
    assert stored.cost == total
    assert stored.side_usage == (Usage(input=1), Usage(input=2))
    assert stored.preface == OLD.preface


def test_a_continuation_adds_a_pair_of_messages_and_keeps_what_the_first_request_has_counted() -> None:
    more = PromptMessage.of("user", "Go on.")
    again = changed(CLAIM, entry=OLD, regeneration=1, continuing=True)
    stored = made(Conclusion("answered", "answer, and more"), again, (*OLD.sent, more))
    assert stored.sent == (*OLD.sent, more, PromptMessage.of("assistant", ", and more"))
    assert stored.user_tokens == OLD.user_tokens
    assert stored.reply == "answer, and more"


def test_a_continuation_without_any_text_leaves_the_messages_as_they_were() -> None:
    more = PromptMessage.of("user", "Go on.")
    again = changed(CLAIM, entry=OLD, regeneration=1, continuing=True)
    stored = made(Conclusion("answered", "answer"), again, (*OLD.sent, more))
    assert (stored.sent, stored.reply_tokens, stored.usage) == (OLD.sent, OLD.reply_tokens, OLD.usage)


def test_an_answer_says_what_it_was_made_with() -> None:
    assert made(prompt_scope=Scope.CHANNEL).made_with == MadeWith(prompt=Scope.CHANNEL)
    history = (replace(turn(40), preface=Preface("Of looms.")), turn(41))
    assert made(claim=replace(CLAIM, history=history)).made_with == MadeWith(turns=2, summary=True)
    assert made(Conclusion("failed", "", ("Claude is away.",))).made_with == MadeWith()
