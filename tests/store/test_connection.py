"""What redis-py raises, and what it should have raised."""

from __future__ import annotations

import asyncio

import pytest

from bot.conversation.errors import StoreUnavailable
from bot.store.connection import connect, translated
from bot.store.coordination import Coordination
from bot.store.keys import Keys


async def swallowing() -> None:
    """Return when cancelled, as `asyncio.wait_for` does before Python 3.12 at the wrong moment."""
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        return


async def failing() -> None:
    try:
        await asyncio.sleep(10)
    except asyncio.CancelledError:
        raise ConnectionError("closed") from None


@pytest.mark.parametrize("call", [swallowing, failing])
async def test_a_cancellation_that_the_library_swallows_still_ends_whoever_called(call: object) -> None:
    async def calling() -> None:
        while True:
            with translated():
                await (swallowing() if call is swallowing else failing())

    task = asyncio.create_task(calling())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=30)
    assert task.cancelled()


async def test_what_is_called_on_the_way_out_of_a_cancelled_task_is_not_cancelled_again() -> None:
    left: list[str] = []

    async def leaving() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            with translated():
                await asyncio.sleep(0)
            left.append("released")

    task = asyncio.create_task(leaving())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=30)
    assert left == ["released"]


async def test_a_failure_is_told_by_its_kind_only() -> None:
    with pytest.raises(StoreUnavailable, match=r"^ConnectionError$"), translated():
        raise ConnectionError("redis://user:secret@host")


STEPS = 12
"""A command takes fewer turns of the loop than this."""


async def test_a_cancelled_command_ends_cancelled_whenever_that_happens(redis_url: str) -> None:
    redis = connect(redis_url, timeout_s=30.0)
    coordination = Coordination(redis, Keys("test"), instance="me")
    await coordination.ping()

    async def ping_twice() -> None:
        await coordination.ping()
        await asyncio.Event().wait()  # where whoever was cancelled in vain would stay for ever

    for steps in range(1, STEPS):
        task = asyncio.create_task(ping_twice())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task], timeout=30)
        assert task.cancelled(), f"cancelled after {steps} steps"
    await redis.aclose()


async def test_a_connection_that_uvloop_finds_closed_is_a_store_that_is_away() -> None:
    with pytest.raises(StoreUnavailable), translated():
        raise RuntimeError(
            "unable to perform operation on <UnixTransport closed=True>; the handler is closed"
        )
