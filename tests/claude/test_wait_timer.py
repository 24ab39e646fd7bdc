from __future__ import annotations

import asyncio

import pytest

from bot.claude.wait_timer import WaitTimer


async def test_a_wait_that_takes_too_long_ends_with_a_time_out_and_is_cancelled() -> None:
    timer, step = WaitTimer(), asyncio.get_running_loop().create_future()
    with pytest.raises(TimeoutError):
        await timer.wait(step, 0.01)
    assert step.cancelled()
    await asyncio.sleep(0)  # nothing of the cancellation is left for what comes next
    timer.close()


async def test_each_wait_has_its_own_limit_although_there_is_one_timer() -> None:
    timer = WaitTimer()
    for _ in range(10):
        assert await timer.wait(asyncio.sleep(0.005, "done"), 0.03) == "done"
    with pytest.raises(TimeoutError):
        await timer.wait(asyncio.Event().wait(), 0.01)
    assert await timer.wait(asyncio.sleep(0, "again"), 60.0) == "again"
    with pytest.raises(TimeoutError):
        await timer.wait(asyncio.Event().wait(), 0.01)
    timer.close()


async def test_time_between_two_waits_does_not_count() -> None:
    timer = WaitTimer()
    await timer.wait(asyncio.sleep(0), 0.01)
    await asyncio.sleep(0.03)
    assert await timer.wait(asyncio.sleep(0.005, "done"), 60.0) == "done"
    timer.close()


async def test_a_cancellation_from_outside_stays_one() -> None:
    timer = WaitTimer()
    task = asyncio.ensure_future(timer.wait(asyncio.Event().wait(), 60.0))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    timer.close()


async def test_a_cancellation_that_meets_the_limit_stays_one() -> None:
    timer = WaitTimer()

    async def waits() -> None:
        try:
            await timer.wait(asyncio.Event().wait(), 0.0)
        finally:
            timer.close()

    task = asyncio.ensure_future(waits())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_at(0.0, task.cancel)
    with pytest.raises((asyncio.CancelledError, TimeoutError)) as caught:
        await task
    assert task.cancelled() == (caught.type is asyncio.CancelledError)


async def test_a_limit_that_has_passed_stops_only_what_waits() -> None:
    timer = WaitTimer()
    assert await timer.wait(asyncio.sleep(0, "there"), 60.0) == "there"

    async def there() -> str:
        return "at once"

    assert await timer.wait(there(), -1.0) == "at once"
    timer.close()
