"""The suite misses each safeguard: with one removed, a case fails that passes with all of them.

Each case is also played with nothing removed, so that it is the safeguard that makes the difference. `make test`
plays one case for each; `make points` all of them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engine.arena import Arena, arena
from tests.engine.cases import Case
from tests.engine.scenarios import KEPT_APART, LASTING, SCENARIOS
from tests.engine.test_points import ALL, play, told

ROOT = Path(__file__).resolve().parents[2]
PLAYS = {scenario.name: scenario for scenario in (*SCENARIOS, LASTING, *KEPT_APART)}


def case(scenario: str, point: str, do: str, *, beside: bool = False) -> Case:
    """A case by the name of its scenario."""
    return Case(PLAYS[scenario], point, do, beside=beside)


AS_IT_IS = "pulse:before:1", "double"
"""Nothing happens besides what the scenario holds."""

NOTICED_BY = {
    "fencing": [case("two-writers", *AS_IT_IS)],
    "settling": [
        case("two-replies", "edit:before:2", "late"),
        case("two-replies", "edit:before:1", "late"),
        case("two-replies", "edit:before:2", "late", beside=True),
    ],
    "nonce": [
        case("two-replies", "send:before:2", "double"),
        case("two-replies", "send:before:1", "late"),
    ],
    "listing": [case("restart-posted", *AS_IT_IS), case("restart-committed", *AS_IT_IS)],
    "state": [case("two-replies", "commit:before:1", "double")],
    "adoption": [case("forgotten", *AS_IT_IS)],
    "mark": [case("marked-over", *AS_IT_IS)],
    "listed": [case("listed-in-vain", *AS_IT_IS)],
    "may_write": [case("cut-off", *AS_IT_IS)],
    "heartbeat": [case("lasting", "event:before:3", "double", beside=True)],
}

TRIES = 3
"""On a busy machine things may come in an order in which nothing is missed; to be missed once is enough."""

NOTICED_BY_PROTOCOL = {
    "mark": "test_conversations.py::test_a_mark_moves_only_from_where_it_was_and_over_messages_that_are_known",
    "listed": "test_conversations.py::test_a_mark_moves_only_from_where_it_was_and_over_messages_that_are_known",
    "fencing": "test_journal.py::test_who_has_lost_the_lease_can_do_nothing_more",
    "state": "test_journal.py::test_nothing_is_acknowledged_that_was_not_committed",
}
"""Tests of the scripts alone, in tests/store."""


@pytest.mark.timeout(3600 if ALL else 1200)
async def test_each_safeguard_is_missed_when_it_is_removed() -> None:
    chosen = {name: cases if ALL else cases[:1] for name, cases in NOTICED_BY.items()}
    async with arena() as found:
        # One after the other: some cases need somebody else to have finished by the time that a late call lands.
        removed = await asyncio.gather(*(unnoticed(found, name, cases) for name, cases in chosen.items()))
        kept = await play(found, [case for cases in chosen.values() for case in cases])
    failed = [outcome for outcome in kept if outcome.breaches]
    assert not failed, "with every safeguard:\n" + "\n\n".join(map(told, failed))
    assert dict(zip(chosen, removed, strict=True)) == {name: [] for name in chosen}


async def unnoticed(found: Arena, safeguard: str, cases: Sequence[Case]) -> list[str]:
    """Play cases without a safeguard; the names of those that show nothing, however often they are played."""
    left = list(cases)
    for _ in range(TRIES):
        left = [
            outcome.case for outcome in await play(found, left, SABOTAGE=safeguard) if not outcome.breaches
        ]
    return [str(each) for each in left]


@pytest.mark.parametrize("name", NOTICED_BY_PROTOCOL)
async def test_the_protocols_own_tests_miss_what_is_removed_from_the_scripts(name: str) -> None:
    passed = await _passes(NOTICED_BY_PROTOCOL[name], name)
    assert not passed
    if ALL:
        assert await _passes(NOTICED_BY_PROTOCOL[name], "")


async def _passes(test: str, sabotage: str) -> bool:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "tests.engine.sabotaged",
        f"tests/store/{test}",
        cwd=ROOT,
        env={**os.environ, "SABOTAGE": sabotage},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode in (0, 1), output.decode()
    return process.returncode == 0
