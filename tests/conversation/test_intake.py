"""Whether a message is answered."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Literal

import pytest

from bot.conversation.answer_mode import AnswerMode, ModeInForce
from bot.conversation.intake import Answer, Facts, Ignore, Policy, Reason, Where, decide
from bot.conversation.scope import Origin, Scope, Setting

HERE = Facts(where=Where.OWN_THREAD, text="hello")


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({}, Answer()),
        ({"by_a_person": False}, Ignore(Reason.NOT_A_PERSON)),
        ({"is_ordinary": False}, Ignore(Reason.NOT_A_MESSAGE)),
        ({"text": "// between us"}, Ignore(Reason.PREFIXED)),
        ({"text": "  // between us", "mentions_bot": True}, Ignore(Reason.PREFIXED)),
        ({"text": "  \n"}, Ignore(Reason.EMPTY)),
        ({"text": "", "has_other_content": True}, Answer()),
        ({"for_somebody_else": True}, Ignore(Reason.FOR_SOMEBODY_ELSE)),
        ({"for_somebody_else": True, "mentions_bot": True}, Answer()),
        ({"where": Where.JOINED_THREAD}, Answer()),
        ({"where": Where.OTHER_THREAD}, Ignore(Reason.NOT_MENTIONED)),
        ({"where": Where.OTHER_THREAD, "mentions_bot": True}, Answer()),
        ({"where": Where.CHANNEL}, Ignore(Reason.NOT_MENTIONED)),
        ({"where": Where.CHANNEL, "mentions_bot": True}, Answer(opens_thread=True)),
        ({"where": Where.DIRECT}, Answer()),
        ({"where": Where.DIRECT, "for_somebody_else": True}, Answer()),
    ],
)
def test_by_default_whatever_is_not_for_somebody_else_is_answered(
    changes: dict[str, object], decision: Answer | Ignore
) -> None:
    assert decide(replace(HERE, **changes), Policy()) == decision  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({}, Ignore(Reason.NOT_MENTIONED)),
        ({"mentions_bot": True}, Answer()),
        ({"where": Where.DIRECT}, Answer()),
    ],
)
def test_where_only_mentions_count_the_rest_is_ignored(
    changes: dict[str, object], decision: Answer | Ignore
) -> None:
    assert decide(replace(HERE, **changes), Policy(when="mentioned")) == decision  # type: ignore[arg-type]


def test_where_everything_is_answered_so_is_what_is_for_somebody_else() -> None:
    assert decide(replace(HERE, for_somebody_else=True), Policy(when="always")) == Answer()


def test_direct_messages_can_be_switched_off() -> None:
    policy = Policy(direct_messages=False)
    assert decide(replace(HERE, where=Where.DIRECT), policy) == Ignore(Reason.DIRECT_MESSAGES_OFF)


def test_without_a_prefix_nothing_is_held_back() -> None:
    assert decide(replace(HERE, text="// hello"), Policy(ignore_prefix="")) == Answer()


# The modes of /answer. What is answered there, by the kind of channel: everything, what is not for somebody else,
# what mentions the bot, or nothing. The table of docs/access.md.

SET_MS = 1000
HOW = Literal["all", "auto", "mentioned", "none"]
TABLE: list[tuple[AnswerMode | None, Scope, dict[str, HOW]]] = [
    (
        None,
        Scope.CHANNEL,
        {"channel": "mentioned", "ours": "auto", "other": "mentioned", "post": "mentioned"},
    ),
    (
        AnswerMode.MENTION,
        Scope.CHANNEL,
        {"channel": "mentioned", "ours": "auto", "other": "mentioned", "post": "mentioned"},
    ),
    (
        AnswerMode.ALWAYS,
        Scope.CHANNEL,
        {"channel": "all", "ours": "auto", "other": "mentioned", "post": "all"},
    ),
    (AnswerMode.ALWAYS, Scope.THREAD, {"ours": "all", "other": "all", "post": "all"}),
    (
        AnswerMode.QUIET,
        Scope.CHANNEL,
        {"channel": "mentioned", "ours": "mentioned", "other": "mentioned", "post": "mentioned"},
    ),
    (AnswerMode.NEVER, Scope.CHANNEL, {"channel": "none", "ours": "none", "other": "none", "post": "none"}),
]
PLACES: dict[str, list[Facts]] = {
    "channel": [Facts(Where.CHANNEL, "hello", SET_MS)],
    "ours": [Facts(Where.OWN_THREAD, "hello", SET_MS), Facts(Where.JOINED_THREAD, "hello", SET_MS)],
    "other": [Facts(Where.OTHER_THREAD, "hello", SET_MS)],
    "post": [Facts(Where.OTHER_THREAD, "hello", SET_MS, begins_post=True)],
}
CASES = [
    (mode, scope, facts, how)
    for mode, scope, row in TABLE
    for place, how in row.items()
    for facts in PLACES[place]
]


def set_to(mode: AnswerMode | None, scope: Scope = Scope.CHANNEL) -> ModeInForce | None:
    """The mode, as it was set for a scope."""
    return None if mode is None else ModeInForce(mode, Origin(scope, Setting(mode.value, 7, SET_MS)))


@pytest.mark.parametrize(("mode", "scope", "facts", "how"), CASES)
def test_the_mode_says_what_is_answered_in_each_kind_of_channel(
    mode: AnswerMode | None, scope: Scope, facts: Facts, how: HOW
) -> None:
    for mentions, for_others in itertools.product((False, True), repeat=2):
        seen = replace(facts, mentions_bot=mentions, for_somebody_else=for_others)
        found = decide(seen, Policy(), set_to(mode, scope))
        answered = {
            "all": True,
            "auto": mentions or not for_others,
            "mentioned": mentions,
            "none": False,
        }[how]
        assert isinstance(found, Answer) is answered, seen
        if answered:
            assert found == Answer(opens_thread=facts.where is Where.CHANNEL)


@pytest.mark.parametrize(
    ("when", "mode", "scope", "answered"),
    [
        ("mentioned", None, Scope.CHANNEL, False),
        ("mentioned", AnswerMode.MENTION, Scope.CHANNEL, False),
        ("mentioned", AnswerMode.ALWAYS, Scope.CHANNEL, False),
        ("mentioned", AnswerMode.ALWAYS, Scope.THREAD, True),
        ("auto", AnswerMode.QUIET, Scope.SERVER, False),
        ("always", AnswerMode.QUIET, Scope.THREAD, False),
        ("always", AnswerMode.NEVER, Scope.SERVER, False),
        ("always", AnswerMode.MENTION, Scope.SERVER, True),
    ],
)
def test_in_a_thread_of_the_bot_the_operators_setting_counts_unless_the_mode_says_more(
    when: Literal["always", "mentioned", "auto"], mode: AnswerMode | None, scope: Scope, answered: bool
) -> None:
    found = decide(replace(HERE, written_ms=SET_MS), Policy(when=when), set_to(mode, scope))
    assert isinstance(found, Answer) is answered


@pytest.mark.parametrize("place", ["channel", "post"])
def test_what_was_written_before_always_was_set_needs_a_mention(place: str) -> None:
    (facts,) = PLACES[place]
    before, mode = replace(facts, written_ms=SET_MS - 1), set_to(AnswerMode.ALWAYS)
    assert mode is not None
    assert decide(before, Policy(), mode) == Ignore(Reason.BEFORE_SETTING, mode.origin)
    assert isinstance(decide(replace(before, mentions_bot=True), Policy(), mode), Answer)


@pytest.mark.parametrize(
    ("mode", "reason"), [(AnswerMode.NEVER, Reason.ANSWERS_OFF), (AnswerMode.QUIET, Reason.NOT_MENTIONED)]
)
def test_what_a_mode_keeps_from_being_answered_names_where_the_mode_was_set(
    mode: AnswerMode, reason: Reason
) -> None:
    in_force = set_to(mode, Scope.SERVER)
    assert in_force is not None
    assert decide(HERE, Policy(), in_force) == Ignore(reason, in_force.origin)


@pytest.mark.parametrize("mode", AnswerMode)
def test_no_mode_has_anything_answered_that_is_never_meant_for_the_bot(mode: AnswerMode) -> None:
    channel = replace(PLACES["channel"][0], mentions_bot=True)
    for changes in ({"by_a_person": False}, {"is_ordinary": False}, {"text": "// no"}, {"text": " "}):
        assert isinstance(decide(replace(channel, **changes), Policy(), set_to(mode)), Ignore)


def test_no_mode_changes_direct_messages() -> None:
    direct = replace(HERE, where=Where.DIRECT)
    assert decide(direct, Policy(), set_to(AnswerMode.NEVER)) == Answer()
