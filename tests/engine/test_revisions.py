"""A bot that is hit anywhere while it answers anew leaves the old answer or the new one, and remembers just that.

As in test_points.py, `make test` plays a fixed choice, and `BOBBIN_POINTS=all` plays all of it.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.engine.arena import arena
from tests.engine.cases import cases, record, selection
from tests.engine.revisions import AGAIN
from tests.engine.test_points import ALL, play, report, told

EVERY = 3
"""Of the choice in `make test`: what it shares with a first answer is hit there."""


@pytest.mark.timeout(7200 if ALL else 1200)
async def test_a_bot_that_is_hit_while_it_answers_anew_leaves_one_answer_and_remembers_it() -> None:
    async with arena() as found:
        recorded = await asyncio.gather(*(record(found, scenario) for scenario in AGAIN))
        assert not any(breaches for _, breaches in recorded), recorded
        steps = {point.split(":")[0] for points, _ in recorded for point in points}
        assert {"regenerate", "revise", "status", "adopt", "commit"} <= steps
        every = [
            case
            for scenario, (points, _) in zip(AGAIN, recorded, strict=True)
            for case in cases(scenario, points)
        ]
        chosen = every if ALL else selection(every, EVERY)
        started_s = time.monotonic()
        outcomes = await play(found, chosen)
    report(outcomes, time.monotonic() - started_s)
    failed = [outcome for outcome in outcomes if outcome.breaches]
    assert not failed, "\n\n".join(map(told, failed[:3]))
