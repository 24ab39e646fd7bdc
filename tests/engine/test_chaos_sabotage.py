"""Chaos, too, misses safeguards: with one removed, a run fails that passes with all of them.

Those that are not here are missed by the systematic points alone (tests/engine/test_sabotage.py). What goes wrong
without them takes several things in one order, within moments, which a draw from all that can happen hardly ever
brings, and in most draws another safeguard makes good for the one that is removed.

`make test` plays the fastest two; `make points` all of them, and each with nothing removed.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.engine.conftest import ALL
from tests.engine.outcome import Outcome
from tests.engine.table import explained, in_a_process

SLOW = ("still to be settled", "still on the list of work")
"""What a run on a busy machine may end with, and so no sign of a safeguard that is missing."""

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


@pytest.mark.parametrize("name", [name for name in MISSED_BY if ALL or name in FASTEST])
async def test_chaos_misses_a_safeguard_that_is_removed(name: str) -> None:
    for _ in range(TRIES):
        outcome = await MISSED_BY[name].made(name)
        if any(not any(slow in failure for slow in SLOW) for failure in outcome.failures):
            break
    else:
        raise AssertionError(f"without {name}, {TRIES} runs held: {outcome.options}")
    if ALL:
        kept = await MISSED_BY[name].made()
        assert not kept.failures, f"with every safeguard: {explained(kept)}"
