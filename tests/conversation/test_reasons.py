"""What people are told of each reason."""

from __future__ import annotations

import re
from itertools import chain

import pytest

from bot.conversation.decision import TOLD_BY_THE_MESSAGE, Cause, is_stored
from bot.conversation.intake import Ignore, Reason
from bot.conversation.reasons import BECAUSE, because


def test_each_reason_and_each_cause_has_a_row() -> None:
    assert set(BECAUSE) >= set(chain(Reason, Cause))


@pytest.mark.parametrize("reason", BECAUSE)
def test_each_row_makes_whole_sentences(reason: str) -> None:
    row = BECAUSE[reason]
    for told in (row.told("5"), row.told("")):
        assert told.startswith("because ")
        assert told.endswith((".", "”"))
        assert "{" not in told
    for switch in (row.switch_in(is_direct=False), row.switch_in(is_direct=True)):
        assert not switch or switch.endswith(".")


IN_SERVERS_ALONE = (
    Reason.ANSWERS_OFF,
    Reason.TOO_MANY_THREADS,
    Cause.MAY_NOT_OPEN,
    Cause.NO_THREADS_HERE,
)
"""The reasons that no message in direct messages can have."""


@pytest.mark.parametrize("reason", [each for each in BECAUSE if each not in IN_SERVERS_ALONE])
def test_in_direct_messages_nobody_is_sent_to_those_who_manage_a_server(reason: str) -> None:
    switch = BECAUSE[reason].switch_in(is_direct=True)
    assert not re.search("server can|Manage Server|a thread", switch)


def test_a_reason_of_another_version_is_told_by_its_name() -> None:
    assert because("moon").told("") == "because of a rule that is called `moon`."


def test_only_what_neither_the_message_nor_the_rules_tell_is_stored() -> None:
    assert not is_stored(Ignore(Reason.NOT_MENTIONED))
    assert is_stored(Ignore(Reason.FOR_SOMEBODY_ELSE))
    assert {reason for reason in Reason if not is_stored(Ignore(reason))} <= TOLD_BY_THE_MESSAGE
