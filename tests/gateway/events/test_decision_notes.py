"""What is noted of messages that get no answer."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from bot.conversation.clock import Clock
from bot.conversation.decision import Cause, Decision
from bot.conversation.intake import Ignore, Reason
from bot.conversation.scope import Origin, Scope, Setting
from bot.gateway.events.decision_notes import DecisionNotes

MESSAGE = cast("Any", SimpleNamespace(id=5, channel=SimpleNamespace(id=7)))
CLOCK = Clock(lambda: 17.0, lambda: 0.0)


async def test_only_what_the_message_does_not_tell_is_noted_with_where_the_rule_was_set() -> None:
    noted: list[tuple[int, tuple[int, ...], Decision]] = []

    async def note(channel: int, messages: Sequence[int], decision: Decision) -> None:
        noted.append((channel, tuple(messages), decision))

    notes = DecisionNotes(CLOCK, note)
    origin = Origin(Scope.SERVER, Setting("block", 70, 3))
    await notes.ignored(MESSAGE, Ignore(Reason.NOT_MENTIONED, origin))
    await notes.ignored(MESSAGE, Ignore(Reason.FOR_SOMEBODY_ELSE, origin))
    await notes.unanswered(MESSAGE, Cause.MAY_NOT_OPEN, "Send Messages")
    await notes.missed(7, [], Cause.TOO_OLD)
    await notes.missed(7, [5, 6], Cause.TOO_OLD)
    assert noted == [
        (7, (5,), Decision("for_somebody_else", 17000, origin=origin)),
        (7, (5,), Decision("may_not_open", 17000, "Send Messages")),
        (7, (5, 6), Decision("too_old", 17000)),
    ]
