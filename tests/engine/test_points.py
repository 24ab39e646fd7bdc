"""Nothing is lost and nothing is answered twice, wherever a bot is hit: at every step, in every way.

`make test` plays a fixed choice, one case for each step and each thing that can happen there; with
`BOBBIN_POINTS=all`, as `make points` sets it, all of them are played.
"""

from __future__ import annotations

import pytest

from tests.engine.arena import Arena
from tests.engine.cases import Case, Outcome, cases, check, selection
from tests.engine.conftest import ALL, Ahead
from tests.engine.points_bot import METHODS
from tests.engine.points_table import check_points
from tests.engine.scenarios import APPROVAL, FILES, SCENARIOS, TOOLS, Scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY = [case for scenario in SCENARIOS for case in cases(scenario)]


APART = (FILES, TOOLS, APPROVAL)
"""The scenarios that take longer: only the steps that are taken nowhere else are hit in the choice of `make test`."""

TOOL_STEPS = ("note_tool", "knock", "ring", "permit", "replace_field")


def choice() -> list[Case]:
    """The choice of `make test`; a bot is killed at every point of a tool's step."""
    elsewhere = {case.step for case in EVERY if case.scenario not in APART}
    chosen = selection([case for case in EVERY if case.scenario not in APART or case.step not in elsewhere])
    killed = [case for case in EVERY if case.step in TOOL_STEPS and case.do == "kill"]
    return [*chosen, *(case for case in killed if case not in chosen)]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
async def test_without_a_hit_everything_holds_and_the_listed_steps_are_taken(
    found: Arena, scenario: Scenario
) -> None:
    await check_points(found, scenario)


async def test_every_step_of_files_is_hit() -> None:
    hit = {(case.step, case.do) for case in choice() if case.scenario is FILES}
    steps = (*METHODS, "begin_upload", "record_upload", "discard_files")
    assert {(step, do) for step in steps for do in ("kill", "stop", "term", "double")} <= hit


async def test_every_step_of_tools_is_hit() -> None:
    hit = {(case.step, case.do) for case in choice()}
    assert {(step, do) for step in TOOL_STEPS for do in ("kill", "stop", "term")} <= hit
    assert {(step, "double") for step in ("note_tool", "knock", "replace_field")} <= hit


@pytest.mark.parametrize("case", EVERY if ALL else choice(), ids=str)
async def test_a_bot_that_is_hit_anywhere_leaves_exactly_one_answer_to_everything(
    ahead: Ahead[Case, Outcome], case: Case
) -> None:
    check(await ahead.result(case))
