"""Many callbacks, run in turn."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from bot.in_turn import CROWD, OF_A_CROWD, TOGETHER, InTurn
from tests.iterations import Iterations


class Noted:
    """Notes in which iteration of the loop each callback runs."""

    def __init__(self) -> None:
        self.ran: list[tuple[int, int]] = []
        self._iterations = Iterations()

    def act(self, number: int) -> Callable[[], None]:
        """A callback that notes its number."""
        return lambda: self.ran.append((self._iterations.number, number))


@pytest.mark.parametrize("at_a_time", [1, 7, 10 * TOGETHER])
async def test_many_callbacks_run_in_order_and_in_several_iterations(at_a_time: int) -> None:
    count, noted, in_turn = 10 * TOGETHER, Noted(), InTurn()
    acts = [noted.act(number) for number in range(count)]
    for start in range(0, count, at_a_time):
        in_turn.add(acts[start : start + at_a_time])
    assert [number for _, number in noted.ran] == list(range(TOGETHER))  # the first ones at once
    while len(noted.ran) < count:  # noqa: ASYNC110 - iterations are what counts
        await asyncio.sleep(0)
    assert [number for _, number in noted.ran] == list(range(count))
    # The first ones ran before an iteration began.
    assert max(Counter(each for each, _ in noted.ran[TOGETHER:]).values()) <= TOGETHER


async def test_of_a_crowd_fewer_go_on_in_an_iteration() -> None:
    count, noted, in_turn = 3 * CROWD, Noted(), InTurn()
    in_turn.add([noted.act(number) for number in range(count)])
    while len(noted.ran) < count:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    ran = Counter(iteration for iteration, number in noted.ran if TOGETHER <= number < count - CROWD)
    assert max(ran.values()) == OF_A_CROWD


async def test_what_is_added_by_a_callback_comes_after_those_that_wait() -> None:
    noted, in_turn = Noted(), InTurn()
    acts = [noted.act(number) for number in range(2 * TOGETHER)]
    in_turn.add([partial(in_turn.add, [noted.act(-1)]), *acts])
    while len(noted.ran) <= 2 * TOGETHER:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    assert noted.ran[-1][1] == -1
