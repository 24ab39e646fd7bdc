"""An hour of mixed traffic with faults, in rounds, with two bots, of which one is never killed and must not grow.

`python -m tests.engine.soak --minutes 60 --seed 1`. Each round has new people and channels in the same server, in
place of those of the round before, and must come to rest as a run of chaos does. The exit code is 1 if a round fails,
if a key has no contract, or if the memory of the bot that lives on has grown by more than 5 percent since the tenth
minute.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bot.local.simulator.discord import guilds
from bot.store.contracts import contract_of
from tests.engine.chaos import Chaos
from tests.engine.chaos_settings import AGAIN_S, REST_S
from tests.engine.comparison import Said
from tests.engine.crowd import Crowd
from tests.engine.invariants import Scene
from tests.engine.outcome import Outcome
from tests.engine.schedule import PEOPLE, Fault, Schedule, schedule
from tests.resident import resident_mb

ROUND_S = 40.0
INTENSITY = 0.3
ROUND_MAX_S = 400.0
WARM_MINUTES = 10.0
GROWTH = 0.05
LASTING, MORTAL = 0, 1
"""The bots, by slot."""

FATAL = ("kill", "stop")
"""The faults that end a bot; they befall the mortal one."""


@dataclass
class Soak(Chaos):
    """One bot, one store, one Discord and one Claude for all rounds."""

    minutes: float = 60.0
    # Minutes since the beginning, and the memory of the bot that lives on.
    memory_mb: list[tuple[float, float]] = field(default_factory=list)
    messages: int = 0
    rounds: int = 0
    # The requests to Claude in the rounds before.
    asked: int = 0

    async def _outcome(self) -> Outcome:
        began_s = time.monotonic()
        everything = self.scene
        said: list[Said] = []
        failures: list[str] = []
        seed = self.plan.seed
        lasting = ""
        while not failures and (time.monotonic() - began_s) / 60 < self.minutes:
            self.rounds += 1
            self.plan = survivable(schedule(1000 * seed + self.rounds, ROUND_S, INTENSITY))
            self.asked += len(self.claude.requests)
            self.claude.requests.clear()
            await self._newcomers()
            self.scene = Scene(
                self.discord,
                self.app.user_id,
                everything.redis,
                everything.prefix,
                in_order=False,
                forgotten=True,
                delivered=False,
            )
            try:
                async with asyncio.timeout(ROUND_MAX_S):
                    failures = await self._round()
            except TimeoutError:
                failures = [
                    f"no end within {ROUND_MAX_S:g} s",
                    *await self.scene.breaches(self.claude.requests),
                ]
            lasting = lasting or self._lasting()
            failures = [f"round {self.rounds}: {each}" for each in failures + await self._strangers()]
            said += self.scene.said
            minute = (time.monotonic() - began_s) / 60
            self.memory_mb.append((minute, resident_mb(self.striker.bots[LASTING].pid)))
            if self._lasting() != lasting:
                failures.append(f"{lasting} has ended, which nothing was to end")
            _say(
                f"round {self.rounds}, minute {minute:.1f}: {len(self.scene.said)} messages, "
                f"{sum(self.striker.struck.values())} faults so far, {self.memory_mb[-1][1]:.0f} MB; "
                f"{'; '.join(failures) or 'ok'}"
            )
        failures += self.host.bugs()
        failures += grown(self.memory_mb)
        self.messages = len(said)
        text = ""
        if failures:
            text = self.timeline.written(seed, self.host.bots, self.discord, self.claude, failures)
        return Outcome(
            seed,
            len(said),
            self.striker.struck,
            tuple(failures),
            self.asked + len(self.claude.requests),
            0,
            0.0,
            timeline=text,
        )

    async def _round(self) -> list[str]:
        """Have everything happen, and come to rest; returns what does not hold then."""
        failures = await self._warm_up()
        if not failures:
            await self._everything()
            self.keepers.pop().cancel()  # it decides on the cards of this round
            failures = await self.scene.come_to_rest(
                self.claude.requests, self._patience(REST_S), still_s=AGAIN_S
            )
        return failures

    async def _newcomers(self) -> None:
        """Have other people talk in other places; those of the round before go, so that the server does not grow."""
        crowd, guild = self.crowd, self.crowd.guild
        for channel in crowd.channels:
            await crowd.people[0].delete_channel(channel)
        for person in crowd.people:
            guilds.leave(self.discord.world, guild, person.user)
        people = [self.discord.add_user(f"{name}{self.rounds}", "Ann", guild=guild) for name in PEOPLE]
        channels = [
            int(self.discord.add_channel(guild, f"room-{self.rounds}-{number}").id)
            for number in range(len(crowd.channels))
        ]
        self.crowd = Crowd(self.discord, self.timeline, self.app.user_id, guild, people, channels)

    def _lasting(self) -> str:
        """The name of the bot in the slot of the one that lives on."""
        running = self.striker.bots[LASTING]
        return next(name for name, bot in self.host.bots if bot is running)

    async def _strangers(self) -> list[str]:
        """Keys that no contract describes."""
        beginning = f"{self.scene.prefix}:"
        redis = self.scene.redis
        names = [str(key) async for key in redis.scan_iter(match=f"{beginning}*", count=5000)]
        return [
            f"no contract for {name}" for name in names if contract_of(name.removeprefix(beginning)) is None
        ]


def survivable(plan: Schedule) -> Schedule:
    """Let the faults that end a bot befall the mortal one only."""

    def moved(fault: Fault) -> Fault:
        return replace(fault, which=MORTAL) if fault.kind in FATAL else fault

    return replace(plan, faults=tuple(moved(fault) for fault in plan.faults))


def grown(memory_mb: Sequence[tuple[float, float]], warm_minutes: float = WARM_MINUTES) -> list[str]:
    """Compare the memory at the end with that of the first round that ended after the tenth minute."""
    warm = [mb for minute, mb in memory_mb if minute >= warm_minutes]
    if len(warm) < 2 or warm[-1] <= warm[0] * (1 + GROWTH):
        return []
    return [f"the memory has grown from {warm[0]:.0f} to {warm[-1]:.0f} MB since minute {warm_minutes:g}"]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no round after so many")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    soak = Soak(schedule(chosen.seed, 0.0), minutes=chosen.minutes)
    outcome = asyncio.run(soak.run())
    first = next((mb for minute, mb in soak.memory_mb if minute >= WARM_MINUTES), soak.memory_mb[0][1])
    _say(
        f"{soak.rounds} rounds in {soak.memory_mb[-1][0]:.0f} minutes, {outcome.messages} messages, "
        f"{sum(outcome.faults.values())} faults, {outcome.claude_calls} requests to Claude; memory {first:.0f} MB "
        f"after {WARM_MINUTES:g} minutes, {soak.memory_mb[-1][1]:.0f} MB at the end (goal: within {GROWTH:.0%}); "
        f"failures: {'; '.join(outcome.failures) or 'none'}"
    )
    sys.exit(bool(outcome.failures))


if __name__ == "__main__":
    main()
