"""Many callbacks, run in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from bot.in_turn import TOGETHER, InTurn


class Iterations:
    """Notes in which iteration of the loop each callback runs."""

    def __init__(self) -> None:
        self.ran: list[tuple[int, int]] = []
        self._number = 0
        self._count()

    def act(self, number: int) -> Callable[[], None]:
        """A callback that notes its number."""
        return lambda: self.ran.append((self._number, number))

    def _count(self) -> None:
        self._number += 1
        asyncio.get_running_loop().call_soon(self._count)


@pytest.mark.parametrize("at_a_time", [1, 7, 10 * TOGETHER])
async def test_many_callbacks_run_in_order_and_in_several_iterations(at_a_time: int) -> None:
    count, iterations, in_turn = 10 * TOGETHER, Iterations(), InTurn()
    acts = [iterations.act(number) for number in range(count)]
    for start in range(0, count, at_a_time):
        in_turn.add(acts[start : start + at_a_time])
    assert [number for _, number in iterations.ran] == list(range(TOGETHER))  # the first ones at once
    while len(iterations.ran) < count:  # noqa: ASYNC110 - iterations are what counts
        await asyncio.sleep(0)
    assert [number for _, number in iterations.ran] == list(range(count))
    # The first ones ran before an iteration began.
    assert max(Counter(each for each, _ in iterations.ran[TOGETHER:]).values()) <= TOGETHER


async def test_what_is_added_by_a_callback_comes_after_those_that_wait() -> None:
    iterations, in_turn = Iterations(), InTurn()
    acts = [iterations.act(number) for number in range(2 * TOGETHER)]
    in_turn.add([partial(in_turn.add, [iterations.act(-1)]), *acts])
    while len(iterations.ran) <= 2 * TOGETHER:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    assert iterations.ran[-1][1] == -1
