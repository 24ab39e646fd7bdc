"""What /why answers, by what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.commands import why_blocked, why_view
from bot.conversation.decision import Cause, Decision
from bot.conversation.intake import Reason
from bot.conversation.request import Usage
from bot.conversation.scope import Origin, Scope, Setting
from bot.conversation.settings_table import OperatorValue
from bot.conversation.turn import MadeWith
from bot.store.message_states import Waiting
from tests.conversation.builders import turn

WHERE = "https://discord.com/channels/1/2/3"
ORIGIN = Origin(Scope.CHANNEL, Setting("mention", 70, 1_800_000_000_000))
ENTRY = replace(
    turn(50),
    model="claude-test",
    usage=Usage(input=100, cache_read=300, output=50, thinking=20),
    cost=1234,
    made_with=MadeWith("high", "adaptive", Scope.SERVER, turns=3, files=2, summary=True),
)


def test_the_scope_that_set_a_rule_goes_before_the_operator_and_names_are_for_admins() -> None:
    operator = {"reply.when": OperatorValue("auto", is_set=False)}
    decision = Decision(Reason.FOR_SOMEBODY_ELSE, 1_800_000_000_000)
    text = why_view.unanswered(WHERE, decision, operator)
    assert "The rule: `reply.when`, which is `auto` by default." in text
    assert "Decided <t:1800000000:R>." in text
    ruled = replace(decision, origin=ORIGIN)
    text = why_view.unanswered(WHERE, ruled, operator)
    assert "The rule: set for the channel to `mention` <t:1800000000:R>." in text
    assert "<@70>" not in text
    assert "by <@70>." in why_view.unanswered(WHERE, ruled, operator, names=True)


def test_a_setting_of_the_operator_that_had_no_part_in_it_is_not_named() -> None:
    operator = {"reply.when": OperatorValue("auto", is_set=False)}
    decision = Decision(Reason.NOT_MENTIONED, 5)
    assert "`reply.when`" in why_view.unanswered(WHERE, decision, operator)
    assert "reply.when" not in why_view.unanswered(WHERE, decision, operator, by_operator=False)


def test_in_direct_messages_no_thread_and_no_server_is_named() -> None:
    made = MadeWith("high", "adaptive", Scope.THREAD, turns=3, files=2, summary=True)
    text = why_view.made_of(replace(ENTRY, made_with=made), [WHERE], is_direct=True)
    assert "with the prompt for these direct messages." in text
    decision = Decision(Cause.LIMIT, 5, "You have used up your answers.")
    assert "server" not in why_view.unanswered(WHERE, decision, {}, is_direct=True)
    blocked = why_blocked.to_author(WHERE, Decision(Reason.BLOCKED, 5), server=None, is_here=True, names=True)
    assert blocked == f"[This message]({WHERE}) was not answered: {why_blocked.DECIDED}."


def test_a_remark_takes_the_place_of_the_time() -> None:
    text = why_view.unanswered(WHERE, Decision(Cause.GONE, 5), {}, remark="As of now.")
    assert text.endswith("-# As of now.")
    assert "Decided" not in text


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Waiting(), "about to answer"),
        (Waiting(turn=5, began_ms=7000), "written here since <t:7:R>"),
        (Waiting(turn=5, began_ms=7000, is_member=True, is_held=True), "is being answered since <t:7:R>"),
        (Waiting(turn=5, is_member=True, is_held=True), "is being answered."),
        (Waiting(turn=5, began_ms=7000, is_member=True), "<t:7:R> was interrupted"),
        (Waiting(turn=5, is_member=True, due_ms=9000), "waits until <t:9:R>"),
        (Waiting(turn=5, is_member=True, hold_ms=9000), "edited several times, so I wait until <t:9:R>"),
    ],
)
def test_what_a_message_waits_for(found: Waiting, words: str) -> None:
    assert words in why_view.waiting(WHERE, found, None)


def test_a_postponed_answer_says_why_if_that_is_known() -> None:
    text = why_view.waiting(WHERE, Waiting(due_ms=9000), Decision(Cause.DECLINED, 1, "The limit is reached."))
    assert "\nThat is because of a limit or a rule. I said: “The limit is reached.”" in text


def test_a_reply_says_what_it_was_made_with() -> None:
    text = why_view.made_of(ENTRY, [WHERE])
    assert f"It answers [this message]({WHERE})." in text
    assert "Model: `claude-test`, effort high, thinking on, with the prompt for the server." in text
    assert "Before it Claude saw 3 earlier turns with 2 files, and a summary of those before." in text
    assert "Tokens: 400 read, 300 of them (75%) from the cache; 50 written (20 of them for thinking)." in text
    assert "Cost: $0.0012." in text


@pytest.mark.parametrize(
    ("links", "more", "words"),
    [
        (1, 0, "It answers [this message](L1)."),
        (2, 0, "It answers 2 messages: [the first](L1) and [the second](L2)."),
        (3, 0, "It answers 3 messages: [the first](L1), [the second](L2) and [the third](L3)."),
        (1, 1, "It answers 2 messages: [the first](L1) and 1 more."),
        (2, 2, "It answers 4 messages: [the first](L1), [the second](L2) and 2 more."),
    ],
)
def test_a_reply_to_several_messages_names_each_link_in_words(links: int, more: int, words: str) -> None:
    text = why_view.made_of(ENTRY, [f"L{number}" for number in range(1, links + 1)], forgotten=more)
    assert text.splitlines()[0] == words


def test_there_is_a_word_for_each_message_that_is_linked() -> None:
    links = [WHERE] * why_view.LINKS_MAX
    assert why_view.made_of(ENTRY, links).startswith(f"It answers {len(links)} messages: ")


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (WHERE, f"was not answered because [another message]({WHERE}) was posted in its place."),
        ("", "was not answered because another message was posted in its place."),
    ],
)
def test_the_message_in_the_place_of_another_one_is_a_link_in_the_sentence(detail: str, words: str) -> None:
    assert words in why_view.unanswered(WHERE, Decision(Cause.PROXIED, 5, detail), {})


def test_what_is_not_known_of_a_reply_is_not_guessed() -> None:
    text = why_view.made_of(replace(ENTRY, usage=Usage(), cost=None, made_with=None), [WHERE])
    assert "Which model, effort and prompt it was made with is not known" in text
    assert "claude-test" not in text
    assert "How many tokens it took is not known" in text
    assert "What it cost is not known." in text


def test_a_reply_whose_tokens_are_known_and_whose_cost_is_not_says_why() -> None:
    text = why_view.made_of(replace(ENTRY, cost=None), [WHERE])
    assert "Tokens: 400 read" in text
    assert f"What it cost is not known. {why_view.COST_OPEN}" in text
    without_tokens = why_view.made_of(replace(ENTRY, usage=Usage(), cost=None), [WHERE])
    assert why_view.COST_OPEN not in without_tokens


def test_of_a_reply_by_a_version_that_stored_less_the_model_is_told() -> None:
    text = why_view.made_of(replace(ENTRY, made_with=None), [WHERE])
    assert "Model: `claude-test`. Which effort and prompt it was made with is not known." in text
