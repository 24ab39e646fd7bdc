"""Chaos, too, misses safeguards: with one removed, a run fails that passes with all of them.

Those that are not here are missed by the systematic points alone (tests/engine/test_sabotage.py). What goes wrong
without them takes several things in one order, within moments, which a draw from all that can happen hardly ever
brings, and in most draws another safeguard makes good for the one that is removed.

`make test` plays the fastest two; `make points` all of them, and each with nothing removed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.engine.outcome import Outcome
from tests.engine.table import explained, in_a_process
from tests.engine.test_points import ALL

SLOW = ("still to be settled", "still on the list of work")
"""What a run on a busy machine may end with, and so no sign of a safeguard that is missing."""

AT_ONCE = 3

TRIES = 3
"""On a busy machine things may come in an order in which nothing is missed; to be missed once is enough."""


@dataclass(frozen=True, slots=True)
class Run:
    """One short run: the faults are drawn from `only`, all kinds if it is empty."""

    seed: int
    seconds: float
    intensity: float
    only: str = ""

    async def made(self, sabotage: str = "") -> Outcome:
        """Make it, with a safeguard removed or with all of them."""
        options = ["--quick", "--seconds", str(self.seconds), "--intensity", str(self.intensity)]
        options += ["--only", self.only] if self.only else []
        options += ["--sabotage", sabotage] if sabotage else []
        return await in_a_process(self.seed, *options)


MISSED_BY = {
    "once": Run(3, 4.0, 0.1),
    "nonce": Run(1, 8.0, 1.5, "rest_lost_answer"),
    "listing": Run(1, 8.0, 1.5, "events_swallowed"),
    "heartbeat": Run(1, 8.0, 0.3, "claude_stall"),
}
FASTEST = ("once", "listing")


@pytest.mark.timeout(3600 if ALL else 1200)
async def test_chaos_misses_a_safeguard_that_is_removed() -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def one(run: Run, sabotage: str) -> Outcome:
        async with room:
            return await run.made(sabotage)

    async def unnoticed(name: str) -> bool:
        for _ in range(TRIES):
            outcome = await one(MISSED_BY[name], name)
            if any(not any(slow in failure for slow in SLOW) for failure in outcome.failures):
                return False
        return True

    chosen = [name for name in MISSED_BY if ALL or name in FASTEST]
    removed, kept = await asyncio.gather(
        asyncio.gather(*(unnoticed(name) for name in chosen)),
        asyncio.gather(*(one(MISSED_BY[name], "") for name in chosen if ALL)),
    )
    failed = [explained(outcome) for outcome in kept if outcome.failures]
    assert not failed, "with every safeguard:\n" + "\n".join(failed)
    assert not [name for name, unseen in zip(chosen, removed, strict=True) if unseen]
