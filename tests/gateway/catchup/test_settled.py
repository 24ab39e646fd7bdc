"""Which listed messages need no second decision."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.conversation.decision import Cause, Decision
from bot.conversation.intake import Reason
from bot.gateway.catchup.settled import KnownMessages, Settled
from bot.store.message_states import MessageState
from bot.store.states import State

CHANNEL = 7


class Held:
    """States, or decisions, by message."""

    def __init__(self, held: dict[int, Any]) -> None:
        self.held = held

    async def of(self, channel: int, messages: list[int]) -> dict[int, Any]:
        assert channel == CHANNEL
        return {each: self.held[each] for each in messages if each in self.held}


def settled(states: dict[int, MessageState], decisions: dict[int, Decision]) -> Settled:
    return Settled(cast("Any", Held(states)), cast("Any", Held(decisions)))


async def test_what_is_answered_is_settled_and_what_waits_or_runs_is_only_known() -> None:
    states = {n: MessageState(CHANNEL, state) for n, state in enumerate(State)}
    known = await settled(states, {}).of(CHANNEL, [*states, 99])
    done = next(n for n, found in states.items() if found.state is State.DONE)
    assert known == KnownMessages(dict.fromkeys(states, CHANNEL), frozenset({done}), frozenset())


@pytest.mark.parametrize(
    "reason",
    [
        Cause.NO_THREADS_HERE,
        Cause.MAY_NOT_OPEN,
        Cause.BOT_LACKS_PERMISSION,
        Reason.PAUSED,
        Reason.TOO_MANY_THREADS,
    ],
)
async def test_what_a_notice_has_refused_is_settled(reason: str) -> None:
    known = await settled({}, {1: Decision(reason, 0)}).of(CHANNEL, [1, 2])
    assert known.notified == {1}


@pytest.mark.parametrize("reason", [Reason.NO_CONSENT, Reason.BLOCKED, Cause.NOT_NOW, Cause.TOO_OLD])
async def test_other_decisions_are_taken_again(reason: str) -> None:
    assert (await settled({}, {1: Decision(reason, 0)}).of(CHANNEL, [1])).notified == frozenset()


async def test_a_message_with_a_record_is_not_settled_by_what_was_noted_of_its_turn() -> None:
    state = MessageState(CHANNEL, State.CLAIMED)
    known = await settled({1: state}, {1: Decision(Cause.BOT_LACKS_PERMISSION, 0)}).of(CHANNEL, [1])
    assert known == KnownMessages({1: CHANNEL}, frozenset(), frozenset())
