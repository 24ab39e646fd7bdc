"""Waits that end when the awaited processes are idle, and only then."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.patience import LOOK_S, idle_timeout

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(),
    reason="only Linux tells how long a process waits for a processor",
)


async def test_a_wait_ends_when_nothing_runs() -> None:
    with pytest.raises(TimeoutError):
        async with idle_timeout(0.1):
            await asyncio.Event().wait()


async def test_a_wait_goes_on_while_the_awaited_process_computes_and_ends_when_it_stops() -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", "while True: pass")
    try:
        with pytest.raises(TimeoutError):
            async with idle_timeout(0.5 * LOOK_S, process.pid):
                await asyncio.sleep(3 * LOOK_S)
                process.kill()
                await process.wait()
                await asyncio.Event().wait()
        assert process.returncode is not None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
