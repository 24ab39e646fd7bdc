"""Whether a message is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.intake import Answer, Facts, Ignore, Policy, Reason, Where, decide

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
