"""Nothing is lost and nothing is answered twice, wherever a bot is hit: at every step, in every way.

`make test` plays a fixed choice, one case for each step and each thing that can happen there; with
`BOBBIN_POINTS=all`, as `make points` sets it, all of them are played.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Sequence

import pytest

from tests.engine.arena import Arena, arena
from tests.engine.cases import Case, Outcome, cases, record, run, selection
from tests.engine.scenarios import SCENARIOS

ALL = os.environ.get("BOBBIN_POINTS") == "all"

AT_ONCE = 14
"""Each case mostly waits; two cores are busy with so many."""


@pytest.mark.timeout(7200 if ALL else 1200)
async def test_a_bot_that_is_hit_anywhere_leaves_exactly_one_answer_to_everything() -> None:
    async with arena() as found:
        recorded = await asyncio.gather(*(record(found, scenario) for scenario in SCENARIOS))
        assert not any(breaches for _, breaches in recorded), "without a hit, too, everything must hold"
        every = [
            case
            for scenario, (points, _) in zip(SCENARIOS, recorded, strict=True)
            for case in cases(scenario, points)
        ]
        chosen = every if ALL else selection(every)
        started_s = time.monotonic()
        outcomes = await play(found, chosen)
    report(outcomes, time.monotonic() - started_s)
    failed = [outcome for outcome in outcomes if outcome.breaches]
    assert not failed, "\n\n".join(map(told, failed[:3]))
    assert sum(outcome.reached for outcome in outcomes) > 0.9 * len(outcomes), "too few points are reached"


async def play(found: Arena, chosen: Sequence[Case], **settings: str) -> list[Outcome]:
    """Play cases, some at a time."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> Outcome:
        async with room:
            return await run(found, case, **settings)

    return await asyncio.gather(*(one(case) for case in chosen))


def report(outcomes: Sequence[Outcome], seconds: float) -> None:
    """Print what was done, for whoever runs with `-s` or wants figures."""
    ways = Counter(outcome.case.do for outcome in outcomes)
    failed = [str(outcome.case) for outcome in outcomes if outcome.breaches]
    missed = [str(outcome.case) for outcome in outcomes if not outcome.reached]
    print(  # noqa: T201
        f"\n{len(outcomes)} runs in {seconds:.0f} s ({dict(ways)}), {len(failed)} failed, "
        f"{len(missed)} ended before their point was reached\nfailed: {failed}\nnot reached: {missed}"
    )


def told(outcome: Outcome) -> str:
    """A failure with all that is known of it."""
    return f"{outcome.case}\n" + "\n".join(outcome.breaches) + f"\n{outcome.log}"
