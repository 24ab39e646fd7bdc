"""When cycles of objects are collected."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from bot import garbage


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


class Watched:
    """A bot with so many turns under way, whose collector has looked some times; each look comes `step_s` later."""

    def __init__(self, turns: int, step_s: float) -> None:
        self._turns, self._step_s, self._now_s = turns, step_s, 0.0

    async def looks(self, count: int) -> None:
        """Let the collector look."""
        left, done = count, asyncio.Event()

        def turns() -> int:
            nonlocal left
            left -= 1
            if left < 0:
                done.set()
            return self._turns

        def clock() -> float:
            self._now_s += self._step_s
            return self._now_s

        watching = asyncio.create_task(garbage.collect_when_quiet(turns, look_s=0.0, clock=clock))
        await done.wait()
        watching.cancel()


def new_cycle() -> weakref.ref[Cycle]:
    """A cycle that no collection has met."""
    return weakref.ref(Cycle())


def old_cycle() -> weakref.ref[Cycle]:
    """A cycle that only a collection of all objects frees."""
    cycle = Cycle()
    gc.collect()
    return weakref.ref(cycle)


@pytest.mark.parametrize(("turns", "step_s"), [(0, 1.0), (500, garbage.NEW_S)])
async def test_new_cycles_are_freed_at_a_quiet_moment_and_after_a_minute_in_any_case(
    turns: int, step_s: float
) -> None:
    old, new = old_cycle(), new_cycle()
    await Watched(turns, step_s).looks(2)
    assert new() is None
    assert old() is not None


@pytest.mark.parametrize(("turns", "step_s"), [(0, garbage.ALL_S), (500, garbage.ALL_LATEST_S)])
async def test_old_cycles_are_freed_now_and_then(turns: int, step_s: float) -> None:
    old = old_cycle()
    await Watched(turns, step_s).looks(2)
    assert old() is None


async def test_nothing_is_collected_while_many_turns_are_under_way() -> None:
    new = new_cycle()
    await Watched(500, 1.0).looks(5)
    assert new() is not None


def test_some_hundred_thousand_new_objects_cause_no_collection() -> None:
    collections = gc.get_stats()[0]["collections"]
    kept = [[number] for number in range(500_000)]
    assert kept and gc.get_stats()[0]["collections"] == collections
