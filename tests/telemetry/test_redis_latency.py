"""The latency of Redis is measured, and a Redis that does not answer in time is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.telemetry.redis_latency import RedisLatency


async def never() -> bool:
    await asyncio.Event().wait()
    return True


async def away() -> bool:
    return False


async def answered() -> bool:
    return True


async def serves() -> str | None:
    return None


async def full() -> str | None:
    return "OOM"


async def hangs() -> str | None:
    await asyncio.Event().wait()
    return None


@pytest.mark.parametrize(
    ("ping", "trial", "expected"),
    [
        (never, serves, ["failed", "failed"]),
        (away, serves, ["failed", "failed"]),
        (answered, serves, ["measured", "measured"]),
        (answered, full, ["measured", "failed"]),
        (answered, hangs, ["measured", "failed"]),
    ],
)
async def test_each_ping_is_measured_and_a_redis_that_does_not_serve_is_reported(
    ping: Callable[[], Awaitable[bool]], trial: Callable[[], Awaitable[str | None]], expected: list[str]
) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    latency = RedisLatency(
        ping, trial, lambda _: seen.put_nowait("measured"), lambda: seen.put_nowait("failed"), answer_s=0.01
    )
    watching = asyncio.create_task(latency.watch(every_s=0.0))
    assert [await seen.get(), await seen.get()] == expected
    watching.cancel()
    await asyncio.wait({watching})
