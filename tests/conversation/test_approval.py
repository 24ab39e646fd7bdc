"""The states of a call that waits for a permission, and the steps between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.conversation.approval import (
    ENDED,
    INTERRUPTED_AFTER_S,
    NOBODY,
    WAITS_S,
    Approval,
    State,
    Withdrawal,
    ended_since,
)

T0 = 1_700_000_000_000
WAITING = Approval(
    id=5,
    tool="knock",
    arguments='{"door": "north"}',
    conversation=1,
    channel=2,
    server=3,
    is_private=False,
    asker=7,
    roles=(8,),
    turn=9,
    key="k",
    created_ms=T0,
    since_ms=T0,
)
LATER = T0 + 1000
EXPIRED = T0 + WAITS_S * 1000
INTERRUPTED = T0 + round((20 + INTERRUPTED_AFTER_S) * 1000)
STATES: tuple[State, ...] = ("waiting", "running", "done", "failed", "refused", "expired", "withdrawn")

Step = Callable[[Approval], Approval | None]

STEPS: dict[str, Step] = {
    "allowed": lambda each: each.allowed(7, LATER),
    "refused": lambda each: each.refused(7, "no", LATER),
    "done": lambda each: each.ended("done", "out", LATER),
    "failed": lambda each: each.ended("failed", "out", LATER),
    "expired": lambda each: each.expired(EXPIRED),
    "again": lambda each: each.interrupted(20, repeats=True, now_ms=INTERRUPTED),
    "begun": lambda each: each.begun(LATER),
    "withdrawn": lambda each: each.withdrawn("off", LATER),
    "taken back": lambda each: each.taken_back(LATER),
    "interrupted": lambda each: each.interrupted(20, repeats=False, now_ms=INTERRUPTED),
}
TABLE: dict[tuple[State, str], State] = {
    ("waiting", "allowed"): "running",
    ("waiting", "refused"): "refused",
    ("waiting", "expired"): "expired",
    ("waiting", "withdrawn"): "withdrawn",
    ("waiting", "taken back"): "expired",
    ("running", "begun"): "running",
    ("running", "withdrawn"): "withdrawn",
    ("running", "done"): "done",
    ("running", "failed"): "failed",
    ("running", "again"): "running",
    ("running", "interrupted"): "waiting",
}
"""Every step that is allowed; no other changes anything."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", STATES)
def test_only_the_steps_of_the_table_are_taken(state: State, step: str) -> None:
    after = STEPS[step](replace(WAITING, state=state))
    assert (None if after is None else after.state) == TABLE.get((state, step))


def test_the_states_without_a_step_are_those_that_have_ended() -> None:
    assert set(STATES) - {state for state, _ in TABLE} == set(ENDED)
    assert [replace(WAITING, state=state).has_ended for state in STATES] == [
        state in ENDED for state in STATES
    ]


def test_who_decided_and_why_stands_in_the_call() -> None:
    allowed = WAITING.allowed(11, LATER)
    assert allowed == replace(WAITING, state="running", by=11, since_ms=LATER)
    assert WAITING.refused(11, "too loud", LATER) == replace(
        WAITING, state="refused", by=11, reason="too loud", since_ms=LATER
    )


@pytest.mark.parametrize("now_ms", [EXPIRED - 1, EXPIRED, EXPIRED + 1])
def test_a_call_is_decided_before_its_end_or_expires_and_never_both(now_ms: int) -> None:
    decided = WAITING.allowed(7, now_ms) is not None
    assert decided == (WAITING.refused(7, "", now_ms) is not None)
    assert decided != (WAITING.expired(now_ms) is not None)
    assert decided == (now_ms < WAITING.ends_ms)


def test_a_call_that_runs_is_not_taken_for_interrupted_within_its_time() -> None:
    running = replace(WAITING, state="running", by=7)
    assert running.interrupted(20, repeats=False, now_ms=INTERRUPTED - 1) is None
    assert running.interrupted(21, repeats=True, now_ms=INTERRUPTED) is None


def test_an_interrupted_call_waits_again_with_a_new_end_unless_it_repeats_safely() -> None:
    running = replace(WAITING, state="running", by=7)
    waits = running.interrupted(20, repeats=False, now_ms=INTERRUPTED)
    assert waits == replace(WAITING, is_repeated=True, since_ms=INTERRUPTED)
    assert waits.ends_ms == INTERRUPTED + WAITS_S * 1000
    assert running.interrupted(20, repeats=True, now_ms=INTERRUPTED) == replace(running, since_ms=INTERRUPTED)


@pytest.mark.parametrize("state", STATES)
def test_of_a_call_that_is_erased_its_card_alone_is_known_until_it_says_so(state: State) -> None:
    call = replace(WAITING, state=state, card=12, shown="running again", outcome="it rang north")
    left = call.erased()
    assert left is not None
    assert (left.state, left.card) == ("withdrawn" if state in ("waiting", "running") else state, 12)
    assert (left.asker, left.roles, left.turn, left.key) == (NOBODY, (), 0, "")
    assert "north" not in str(left)
    assert replace(left, shown=left.face).erased() is None
    assert replace(call, card=None).erased() is None


def test_a_call_that_runs_while_its_person_is_forgotten_may_have_been_made() -> None:
    running = replace(WAITING, state="running", by=7)
    reasons: tuple[Withdrawal, ...] = ("forgotten", "off")
    assert [each.withdrawn(why, LATER) for each in (running, WAITING) for why in reasons] == [
        replace(running, state="withdrawn", reason="forgotten", since_ms=LATER, is_repeated=True),
        replace(running, state="withdrawn", reason="off", since_ms=LATER),
        replace(WAITING, state="withdrawn", reason="forgotten", since_ms=LATER),
        replace(WAITING, state="withdrawn", reason="off", since_ms=LATER),
    ]


def test_the_outcomes_since_a_time_are_those_that_ended_later_in_their_order() -> None:
    ends = [replace(WAITING, id=n, state="done", since_ms=T0 + n) for n in (3, 1, 2)]
    found = ended_since([*ends, WAITING, replace(WAITING, state="running", since_ms=LATER)], T0 + 1)
    assert [each.id for each in found] == [2, 3]
