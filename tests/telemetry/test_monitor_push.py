"""A monitor that cannot reach the bot hears of it every minute, while the bot is well."""

from __future__ import annotations

import asyncio

import pytest
import structlog

from bot.telemetry.monitor_push import MonitorPush
from bot.telemetry.push import Pushed


class Monitor:
    """Takes pushes, or refuses them."""

    def __init__(self) -> None:
        self.result = Pushed(200)
        self.pushes = 0
        self.pushed = asyncio.Event()

    async def push(self) -> Pushed:
        self.pushes += 1
        self.pushed.set()
        return self.result


async def test_it_is_told_while_the_bot_is_well_and_not_otherwise() -> None:
    monitor, well, looked = Monitor(), [False], asyncio.Event()

    def is_well() -> bool:
        looked.set()
        return well[0]

    watching = asyncio.create_task(MonitorPush(monitor.push, is_well).watch(every_s=0.001, look_s=0.001))
    for _ in range(3):
        looked.clear()
        await looked.wait()
    assert monitor.pushes == 0
    well[0] = True
    for _ in range(3):
        monitor.pushed.clear()
        await monitor.pushed.wait()
    watching.cancel()
    await asyncio.wait([watching])
    assert monitor.pushes >= 3


async def test_an_outage_of_the_monitor_is_one_line_and_its_end_another() -> None:
    monitor = Monitor()
    pushes = MonitorPush(monitor.push, lambda: True)
    with structlog.testing.capture_logs() as lines:
        monitor.result = Pushed(404)
        for _ in range(5):
            await pushes.push()
        monitor.result = Pushed(200)
        for _ in range(5):
            await pushes.push()
    assert [(line["event"], line["log_level"]) for line in lines] == [
        ("heartbeat_push_failed", "warning"),
        ("heartbeat_push_restored", "info"),
    ]
    assert lines[0]["problem"] == "status 404"


@pytest.mark.parametrize("result", [Pushed(200), Pushed(204)])
async def test_a_monitor_that_takes_what_it_is_told_is_not_mentioned(result: Pushed) -> None:
    monitor = Monitor()
    monitor.result = result
    with structlog.testing.capture_logs() as lines:
        await MonitorPush(monitor.push, lambda: True).push()
    assert lines == []
