"""A bot that is hit anywhere while it answers anew leaves the old answer or the new one, and remembers just that.

As in test_points.py, `make test` plays a fixed choice, and `BOBBIN_POINTS=all` plays all of it.
"""

from __future__ import annotations

import pytest

from tests.engine.arena import Arena
from tests.engine.cases import Case, Outcome, cases, check, selection
from tests.engine.conftest import ALL, Ahead
from tests.engine.points_table import check_points
from tests.engine.revisions import AGAIN
from tests.engine.scenarios import Scenario

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVERY = 3
"""Of the choice in `make test`: what it shares with a first answer is hit there."""

EVERY_CASE = [case for scenario in AGAIN for case in cases(scenario)]


@pytest.mark.parametrize("scenario", AGAIN, ids=lambda scenario: scenario.name)
async def test_without_a_hit_everything_holds_and_the_listed_steps_are_taken(
    found: Arena, scenario: Scenario
) -> None:
    await check_points(found, scenario)


async def test_every_step_of_an_answer_anew_is_hit() -> None:
    hit = {case.point.split(":")[0] for case in EVERY_CASE}
    assert {"regenerate", "revise", "status", "adopt", "commit"} <= hit


@pytest.mark.parametrize("case", EVERY_CASE if ALL else selection(EVERY_CASE, EVERY), ids=str)
async def test_a_bot_that_is_hit_while_it_answers_anew_leaves_one_answer_and_remembers_it(
    ahead: Ahead[Case, Outcome], case: Case
) -> None:
    check(await ahead.result(case))
