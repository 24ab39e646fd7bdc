"""The latency of Redis is measured, and a Redis that does not answer in time is reported."""

from __future__ import annotations

import asyncio

import pytest

from bot.telemetry.redis_latency import RedisLatency


async def never() -> bool:
    await asyncio.Event().wait()
    return True


async def refused() -> bool:
    return False


async def answered() -> bool:
    return True


@pytest.mark.parametrize("ping", [never, refused, answered])
async def test_each_ping_is_measured_or_reported_as_failed(ping: object) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    latency = RedisLatency(
        ping,  # type: ignore[arg-type]
        lambda _: seen.put_nowait("measured"),
        lambda: seen.put_nowait("failed"),
        answer_s=0.01,
    )
    watching = asyncio.create_task(latency.watch(every_s=0.0))
    assert await seen.get() == ("measured" if ping is answered else "failed")
    watching.cancel()
    await asyncio.wait({watching})
