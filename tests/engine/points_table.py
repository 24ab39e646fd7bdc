"""The points of each scenario, listed in points.json, so that each hit is a test of its own.

`python -m tests.engine.points_table` lists them anew, after a step has been added, removed or renamed: it plays each
scenario a few times without a hit and keeps the points that every time has.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.engine.arena import Arena
    from tests.engine.scenarios import Scenario

PATH = Path(__file__).with_name("points.json")

TIMES = 3

TIMED = {"pulse": 1, "renew": 2, "remove_work": 1, "mark": 3, "claim": 4, "share_calls": 1}
"""How many calls of a step are hit that recur with the time."""

MOST_CALLS = 100


@cache
def _table() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = json.loads(PATH.read_text("ascii"))
    return table


def listed_points(scenario: Scenario) -> list[str]:
    """The points of a scenario, `<step>:<before|after>:<number of the call>`, by step."""
    calls = _table()[scenario.name]
    return [f"{step}:{number}" for step, numbers in calls.items() for number in _numbers(numbers)]


def _numbers(text: str) -> Iterator[int]:
    """The numbers of a text like `1-3 5`."""
    for part in text.split():
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _ranges(numbers: Iterable[int]) -> str:
    """The text of numbers."""
    ranges: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = ranges[-1][0], number
        else:
            ranges.append((number, number))
    return " ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in ranges)


def steps(points: Iterable[str]) -> set[str]:
    """The steps of points, without the number of the call."""
    return {point.rpartition(":")[0] for point in points}


def timeless(points: Iterable[str]) -> set[str]:
    """The steps of points that are taken whatever the time."""
    return {step for step in steps(points) if step.partition(":")[0] not in TIMED}


async def record(arena: Arena, scenario: Scenario) -> tuple[list[str], list[str]]:
    """Play a scenario without a hit; returns the points, in order, and what did not hold at the end."""
    async with arena.stage(**dict(scenario.settings)) as stage:
        if scenario.before is not None:
            await scenario.before(stage)
        bot = await stage.start()
        await bot.ready()
        await scenario.play(stage)
        breaches = await stage.rest()
        return [point for point in bot.points if _counts(point)], breaches


async def check_points(arena: Arena, scenario: Scenario) -> None:
    """Check that a scenario without a hit breaks nothing and takes the listed steps."""
    points, breaches = await record(arena, scenario)
    assert breaches == []
    assert timeless(listed_points(scenario)) <= timeless(points), "run `python -m tests.engine.points_table`"


def _counts(point: str) -> bool:
    step, _, number = point.split(":")
    return int(number) <= TIMED.get(step, MOST_CALLS)


async def _list_anew() -> None:
    from tests.engine.arena import arena
    from tests.engine.revisions import AGAIN
    from tests.engine.scenarios import SCENARIOS

    table: dict[str, dict[str, str]] = {}
    async with arena() as found:
        for scenario in (*SCENARIOS, *AGAIN):
            plays = await asyncio.gather(*(record(found, scenario) for _ in range(TIMES)))
            every = set.intersection(*(set(points) for points, _ in plays))
            numbers: dict[str, list[int]] = {}
            for point in plays[0][0]:
                if point in every:
                    step, _, number = point.rpartition(":")
                    numbers.setdefault(step, []).append(int(number))
            table[scenario.name] = {step: _ranges(calls) for step, calls in numbers.items()}
    PATH.write_text(json.dumps(table, indent=1) + "\n", "ascii")


if __name__ == "__main__":
    asyncio.run(_list_anew())
