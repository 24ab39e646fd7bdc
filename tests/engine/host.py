"""The host of the bots in a run of chaos: a bot that has ended is started anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.e2e.bot_process import BotProcess
from tests.engine.chaos_settings import RESTART_S
from tests.engine.last_release import LastRelease
from tests.engine.striker import Striker
from tests.engine.timeline import Timeline

MODULE = "tests.engine.points_bot"

LAST = " of the last release"
"""How the names of its bots end."""

BUGS = frozenset(
    {
        "turn_failed",
        "conversation_failed",
        "catchup_failed",
        "channels_unreadable",
        "event_failed",
        "unhandled_exception",
    }
)
"""What the bots log when something has happened that nobody thought of."""


@dataclass
class Host:
    """`bots` are all that have been started, by name; every other start of a slot runs the `last_release`, if any."""

    environment: Mapping[str, str]
    striker: Striker
    timeline: Timeline
    last_release: LastRelease | None = None
    bots: list[tuple[str, BotProcess]] = field(default_factory=list)

    async def keep(self, slot: int) -> None:
        """Keep a bot running in a slot, until cancelled."""
        for number in range(1, 1000):
            environment, release = self.environment, self.last_release if (slot + number) % 2 else None
            if release is None:
                bot = await BotProcess.start(environment, "--strict", module=MODULE)
            else:
                environment = release.environment(environment)
                bot = await BotProcess.start(environment, "--strict", module=MODULE, root=release.root)
            name = f"bot {slot}.{number}{LAST if release else ''}"
            self.striker.bots[slot] = bot
            self.bots.append((name, bot))
            self.timeline.note("host", f"{name} starts")
            code = await bot.ended(timeout_s=float("inf"))
            self.timeline.note("host", f"{name} has ended with {code}")
            await asyncio.sleep(self.striker.pauses.pop(slot, RESTART_S))

    async def kill(self) -> None:
        """Kill every bot that runs."""
        for _, bot in self.bots:
            await bot.kill()

    @property
    def of_last_release(self) -> int:
        """How many bots of the last release have listened."""
        return sum("discord_ready" in bot.output for name, bot in self.bots if LAST in name)

    def bugs(self) -> list[str]:
        """What the bots have logged of BUGS."""
        logged = [(name, str(entry.get("event"))) for name, bot in self.bots for entry in bot.entries]
        return [f"{name} logged {event}" for name, event in logged if event in BUGS]
