"""Tells a monitor that cannot reach the bot that the bot is well (Healthchecks.io, Uptime Kuma): once a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from bot.telemetry.push import Pushed

log = structlog.get_logger()

EVERY_S = 60.0

LOOK_S = 1.0
"""Between two looks whether the bot is well again."""


class MonitorPush:
    """Calls `push` every minute while `is_well`; failures in a row are one line of the log."""

    def __init__(self, push: Callable[[], Awaitable[Pushed]], is_well: Callable[[], bool]) -> None:
        self._push = push
        self._is_well = is_well
        self._has_failed = False

    async def watch(self, every_s: float = EVERY_S, look_s: float = LOOK_S) -> None:
        """Push until cancelled."""
        while True:
            is_well = self._is_well()
            if is_well:
                await self.push()
            await asyncio.sleep(every_s if is_well else look_s)

    async def push(self) -> None:
        """Push once, and log a change."""
        result = await self._push()
        if not result.is_done and not self._has_failed:
            log.warning(
                "heartbeat_push_failed",
                problem=result.problem,
                hint="telemetry.heartbeat_url: is the address right? it is tried again every minute",
            )
        elif result.is_done and self._has_failed:
            log.info("heartbeat_push_restored")
        self._has_failed = not result.is_done
