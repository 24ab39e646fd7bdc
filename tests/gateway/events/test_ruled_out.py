"""Which messages a listing finds that a rule has left unanswered."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.conversation.intake import Ignore, Reason
from bot.conversation.scope import Origin, Scope, Setting
from bot.gateway.events import ruled_out
from bot.gateway.events.ruled_out import RuledOut

ORIGIN = Origin(Scope.CHANNEL, Setting("never", 1, 5), "answer")


def message(number: int, *, edited: bool = False) -> Any:
    return cast("Any", SimpleNamespace(id=number, edited_at=1 if edited else None))


@pytest.mark.parametrize(
    "ignored",
    [
        Ignore(Reason.ANSWERS_OFF, ORIGIN),
        Ignore(Reason.NOT_MENTIONED, ORIGIN),
        Ignore(Reason.BLOCKED, ORIGIN),
        Ignore(Reason.BLOCKED),  # by the operator
    ],
)
def test_what_a_rule_or_a_setting_has_decided_is_ruled_out_unless_it_was_edited_since(
    ignored: Ignore,
) -> None:
    held = RuledOut()
    held.note(message(1), ignored)
    assert held.holds(message(1))
    assert not held.holds(message(1, edited=True))
    assert not held.holds(message(2))


@pytest.mark.parametrize("reason", [Reason.NOT_MENTIONED, Reason.NO_CONSENT, Reason.UNKNOWN_AUTHOR])
def test_what_nobody_has_set_is_decided_anew(reason: Reason) -> None:
    held = RuledOut()
    held.note(message(1), Ignore(reason))
    assert not held.holds(message(1))


def test_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ruled_out, "MOST", 2)
    held = RuledOut()
    for number in (1, 2, 3):
        held.note(message(number), Ignore(Reason.BLOCKED))
    assert [held.holds(message(number)) for number in (1, 2, 3)] == [False, True, True]
