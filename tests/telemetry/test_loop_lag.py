"""The lag of the event loop."""

from __future__ import annotations

import asyncio
import time

from bot.telemetry.loop_lag import EVERY_S, LoopLag


async def test_a_step_that_takes_long_is_measured_as_lag() -> None:
    seen: list[float] = []
    measured = asyncio.Event()

    def observe(seconds: float) -> None:
        seen.append(seconds)
        measured.set()

    lag = LoopLag(observe)
    watching = asyncio.create_task(lag.watch(every_s=0.001))
    await measured.wait()
    await asyncio.sleep(0)  # the next timer is set
    time.sleep(0.1)  # noqa: ASYNC251 - the loop is blocked
    measured.clear()
    await measured.wait()
    watching.cancel()
    await asyncio.wait([watching])
    assert max(seen) >= 0.09


def test_a_loop_that_was_not_watched_yet_is_not_behind() -> None:
    lag = LoopLag(lambda _: None, clock=lambda: 100.0)
    assert (lag.behind_s, lag.is_blocked) == (0.0, False)


def test_it_is_behind_by_what_it_is_late() -> None:
    now = [10.0]
    lag = LoopLag(lambda _: None, clock=lambda: now[0])
    lag.measured(10.0)
    now[0] = 10.0 + EVERY_S
    assert lag.behind_s == 0.0
    now[0] += 2.0
    assert lag.behind_s == 2.0
