"""The table of a turn's steps: what the scripts and the documentation say agrees with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.store.keys import Key
from bot.store.scripts.turn import TurnStep, Writes
from bot.store.states import ANY, STEPS, State, table

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "bot" / "store" / "scripts"


def step(name: str, writes: Writes) -> TurnStep:
    key = Key("key")
    return TurnStep.of(name, lease=key, record=key, unreconciled=key, turn="1", writes=writes)


def test_the_documentation_shows_the_table() -> None:
    assert table() in (ROOT / "docs" / "architecture.md").read_text("utf-8")


def test_a_turn_goes_from_the_inbox_to_its_end_by_the_steps_of_the_table() -> None:
    state = "absent"
    for name in ("receive", "claim", "intend", "posted", "commit", "acknowledge", "regenerate"):
        assert state in STEPS[name].before, name
        state = STEPS[name].after
    assert state == State.POSTED


def test_a_repeated_step_is_allowed_in_the_state_that_it_leaves() -> None:
    for name, each in STEPS.items():
        if each.lease and each.after:
            assert {each.after, ANY} & {*each.before, *each.unchanged}, name


def test_only_a_committed_turn_is_acknowledged() -> None:
    assert STEPS["acknowledge"].before == (State.COMMITTED,)


def test_a_step_writes_no_field_that_the_table_does_not_list() -> None:
    step("posted", Writes(assign={"reply:0": 5}))
    for writes in (Writes(assign={"state": "done"}), Writes(delete=("reply",)), Writes(init={"intent:0": 1})):
        with pytest.raises(ValueError, match="may not write"):
            step("posted", writes)


def test_every_script_leaves_states_and_the_lease_to_the_table() -> None:
    for path in SCRIPTS.glob("*.lua"):
        text = path.read_text("utf-8")
        if path.stem != "common":
            assert "'HGET', lease, 'token') ~=" not in text, path.name
        written = set(re.findall(r"'HSET'.*'state', '(\w+)'", text))
        # Messages that leave a turn, or wait again, are not the turn of the step.
        assert written <= {"reopen": {"cancelled"}, "regenerate": {"received"}}.get(path.stem, set()), (
            path.name
        )


def test_every_step_that_needs_the_lease_checks_it() -> None:
    for name in {each.script for each in STEPS.values() if each.lease}:
        assert "holds_lease()" in (SCRIPTS / f"{name}.lua").read_text("utf-8"), name
