"""When cycles of objects are collected."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from bot import garbage
from tests.patience import idle_timeout


class Cycle:
    """An object that only a collection frees."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector as the bot configures it."""
    before = gc.get_threshold()
    garbage.configure()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def old_cycle() -> weakref.ref[Cycle]:
    """A cycle that only a collection of all objects frees."""
    cycle = Cycle()
    gc.collect()
    return weakref.ref(cycle)


async def freed(cycle: weakref.ref[Cycle]) -> None:
    async with idle_timeout(10):
        while cycle() is not None:  # noqa: ASYNC110 - nothing tells of a collection
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(("turns", "longest_s"), [(0, 1e9), (500, 0.02)])
async def test_cycles_are_freed_at_a_quiet_moment_and_after_a_while_in_any_case(
    turns: int, longest_s: float
) -> None:
    cycle = old_cycle()
    watching = asyncio.create_task(
        garbage.collect_when_quiet(lambda: turns, look_s=0.005, longest_s=longest_s)
    )
    await freed(cycle)
    watching.cancel()


async def test_cycles_are_not_looked_for_while_many_turns_are_under_way() -> None:
    cycle, looks = old_cycle(), 0
    enough = asyncio.Event()

    def turns() -> int:
        nonlocal looks
        looks += 1
        if looks > 5:
            enough.set()
        return 500

    watching = asyncio.create_task(garbage.collect_when_quiet(turns, look_s=0.001))
    await enough.wait()
    watching.cancel()
    assert cycle() is not None


def test_some_hundred_thousand_new_objects_cause_no_collection() -> None:
    collections = gc.get_stats()[0]["collections"]
    kept = [[number] for number in range(500_000)]
    assert kept and gc.get_stats()[0]["collections"] == collections
