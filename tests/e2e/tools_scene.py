"""A thread in which Claude calls tools."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.local.simulator.claude import ToolUse
from bot.store.keys import Keys
from tests.e2e.controls import sent
from tests.e2e.stored import redis_of
from tests.e2e.world import World
from tests.engine import tools

POINTS_BOT = "tests.engine.points_bot"
ON = {"BOT_TOOLS__ON": '["knock", "ring", "permit", "time_in"]'}
QUICK = {"BOT_TURNS__LEASE_S": "2", "BOT_TURNS__HEARTBEAT_S": "0.5", "BOT_TURNS__POLL_S": "0.2"}
RING = ToolUse("ring", {"bell": "south"})

SLOW_S = 2.0
"""How long an effect takes that something comes in the middle of; the limit of the tools is longer."""

LIMIT_S = "20"


class Scene:
    """A world with a channel for the effects."""

    def __init__(self, world: World, points: Path) -> None:
        self.world = world
        self.effects = world.channel()
        self.points = points

    async def start(self, **settings: str) -> Any:
        told = {tools.CHANNEL: str(self.effects), tools.LIMIT: LIMIT_S, "POINTS_LOG": str(self.points)}
        return await self.world.start_bot(module=POINTS_BOT, **{**ON, **QUICK, **told, **settings})

    async def rings(self) -> None:
        """Wait until the effect is under way."""
        await self.world.until(
            lambda: self.points.exists() and "ring:before" in self.points.read_text("ascii")
        )

    def made(self) -> list[str]:
        """The names of the tools whose effects everybody sees, each as often as it took effect."""
        found = tools.effects(self.world.discord, self.effects)
        return sorted(name.split()[0] for name in found.elements())

    def slow(self) -> None:
        """Let the next effect take its time."""
        self.world.discord.faults.add(
            action="delay", method="POST", route=f"channels/{self.effects}/messages", delay_s=SLOW_S
        )

    async def asked(self, text: str = "please") -> tuple[int, dict[str, Any]]:
        """Ask in a new thread."""
        message = await self.world.ann.post(self.world.channel(), f"{self.world.mention} {text}")
        return await self.world.thread_of(message), message

    async def shows(self, thread: int, text: str) -> None:
        await self.world.until(lambda: text in str([each["content"] for each in self.world.said(thread)]))

    async def steps_are_gone(self, thread: int) -> bool:
        async with redis_of(self.world) as redis:
            return not await redis.exists(Keys(self.world.prefix).tool_steps(thread))


@pytest.fixture
async def scene(alone: World, tmp_path: Path) -> AsyncIterator[Scene]:
    yield Scene(alone, tmp_path / "points.log")
    alone.discord.faults.clear()


def consulted(world: World) -> str:
    """What the latest request is told of earlier tools."""
    return sent(world).partition("<consulted>")[2].partition("</consulted>")[0].replace("\\n", " ").strip()
