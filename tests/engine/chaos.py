"""Everything goes wrong at once, by a seed: two bots, a store, a Discord and a Claude, then the invariants.

`python -m tests.engine.chaos --seed 7` repeats one run; `--seeds 50 --minutes 30` makes many and prints a table.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.local.simulator.claude import Claude, Reply
from bot.local.simulator.discord import Discord
from bot.store.keys import Keys
from tests.engine.answers import answer
from tests.engine.chaos_settings import (
    AGAIN_S,
    CALM_S,
    KEY,
    MIXED,
    PREFIX,
    QUICK,
    QUICK_PACE,
    QUICK_REST_S,
    REST_S,
    SETTINGS,
    START_S,
    WARM_S,
)
from tests.engine.commands import Commands
from tests.engine.crowd import Crowd
from tests.engine.deeds import Deeds
from tests.engine.host import Host
from tests.engine.invariants import LOOK_S, Scene
from tests.engine.last_release import LastRelease
from tests.engine.outcome import Outcome
from tests.engine.schedule import BOTS, PEOPLE, Command, Fault, Post, Schedule
from tests.engine.store_process import StoreProcess
from tests.engine.striker import Striker
from tests.engine.timeline import Timeline
from tests.engine.tools import CHANNEL, repeated
from tests.engine.uploads import UploadLog, Workspace
from tests.patience import Patience


@dataclass
class Chaos:
    """One run in a world of its own."""

    plan: Schedule
    # A safeguard to do without, see tests/engine/sabotage.py.
    sabotage: str = ""
    quick: bool = False
    # The release that every other start of a bot runs, so that both run side by side, and go back and forth.
    last_release: LastRelease | None = None
    discord: Discord = field(default_factory=Discord)
    claude: Claude = field(default_factory=lambda: Claude(first_token_s=0.1, tokens_per_s=300.0))
    timeline: Timeline = field(default_factory=Timeline)
    calls: int = 0
    # The channel in which tools do what everybody sees.
    effects: int = 0

    async def run(self) -> Outcome:
        """Do what was planned, wait for rest, and look twice."""
        with tempfile.TemporaryDirectory(prefix="bobbin-chaos-") as directory:
            self.store = StoreProcess(Path(directory))
            self.striker = Striker(self.discord, self.claude, self.store, self.timeline)
            await self.store.start()
            await self.discord.start()
            await self.claude.start()
            if self.quick:
                self.discord.rest.buckets.pace = QUICK_PACE
            self._people()
            self.claude.default = self._answer
            self.host = Host(self._environment(), self.striker, self.timeline, self.last_release)
            redis = Redis.from_url(self.store.url, decode_responses=True, protocol=2)
            uploads = UploadLog()
            self.claude.files.files = uploads
            self.scene = Scene(
                self.discord,
                self.app.user_id,
                redis,
                PREFIX,
                in_order=False,
                workspace=Workspace(uploads, KEY),
                forgotten=True,
                delivered=False,
            )
            self.keepers = [asyncio.create_task(self.host.keep(slot), name=f"bot-{slot}") for slot in BOTS]
            try:
                return await self._outcome()
            finally:
                for keeper in self.keepers:
                    keeper.cancel()
                await asyncio.gather(*self.keepers, return_exceptions=True)
                await self.host.kill()
                await redis.aclose()
                await self.discord.stop()
                await self.claude.stop()
                await self.store.close()

    async def _outcome(self) -> Outcome:
        failures = await self._warm_up()
        began_s = time.monotonic()
        if not failures:
            await asyncio.sleep(CALM_S)
            await self._everything()
            began_s = time.monotonic()
            failures = await self.scene.come_to_rest(
                self.claude.requests, self._patience(QUICK_REST_S if self.quick else REST_S), still_s=AGAIN_S
            )
        rest_s = time.monotonic() - began_s
        if not failures:
            failures = await self._deeds_at_rest()
        if not failures:
            failures = await self.commands.breaches(self.crowd.people[0])
        # A store that goes back forgets that an effect has begun: only what repeats safely is made once then.
        failures += [each for each in repeated(self.discord, self.effects) if " knock " in each]
        failures += self.host.bugs()
        text = ""
        if failures:
            text = self.timeline.written(self.plan.seed, self.host.bots, self.discord, self.claude, failures)
        return Outcome(
            self.plan.seed,
            len(self.scene.said),
            self.striker.struck,
            tuple(failures),
            len(self.claude.requests),
            await self._turns(),
            rest_s,
            len(self.commands.used),
            self.commands.answered,
            text,
            self.plan.options,
            self.host.of_last_release,
            await self.deeds.done(),
        )

    async def _deeds_at_rest(self) -> list[str]:
        """Wait until what was begun is done, and return what does not hold then."""
        patience = self._patience(REST_S)
        while not await self.deeds.at_rest() and not patience.is_over:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(LOOK_S)
        return await self.deeds.breaches(
            forgetful=any(fault.kind.startswith("store_") for fault in self.plan.faults)
        )

    def _patience(self, idle_s: float) -> Patience:
        return Patience(idle_s, lambda: [bot.pid for bot in self.striker.bots.values()])

    async def _turns(self) -> int:
        keys, redis = Keys(PREFIX), self.scene.redis
        return sum(
            [await redis.llen(keys.history(place)) for place in {one.place for one in self.scene.said}]
        )

    def _people(self) -> None:
        self.app = self.discord.add_application("Bobbin", token="chaos-token")
        guild = self.discord.add_guild("Weavers", bot=self.app)
        people = [self.discord.add_user(name, display_name=name.title(), guild=guild) for name in PEOPLE]
        self.effects = int(self.discord.add_channel(guild, "effects").id)
        channels = [int(self.discord.add_channel(guild, f"room-{n}").id) for n in range(3)]
        self.crowd = Crowd(self.discord, self.timeline, self.app.user_id, guild, people, channels)

    async def _warm_up(self) -> list[str]:
        await self.crowd.open_direct()
        await self._patience(START_S).until(lambda: len(self.discord.connections) == len(BOTS))
        await self.crowd.chat()
        for number, kind in enumerate(("mention", "direct", "direct", "foreign")):
            await self._post(Post(0.0, kind, number % 2, number, 20))
        channel = self.crowd.channels[0]
        mention = await self.crowd.people[0].post(channel, f"<@{self.app.user_id}> to be forgotten")
        self.commands = Commands(self.discord, self.timeline, int(mention["id"]))
        self.deeds = Deeds(
            self.discord,
            self.scene.redis,
            PREFIX,
            self.crowd.people,
            self.effects,
            self.app.user_id,
            self.timeline,
        )
        failures = await self.scene.come_to_rest(self.claude.requests, self._patience(WARM_S), still_s=0.5)
        return [f"before anything went wrong: {failure}" for failure in failures]

    async def _everything(self) -> None:
        self.keepers.append(asyncio.create_task(self.deeds.decide(), name="decide"))
        began_s = time.monotonic()
        events: list[Fault | Post | Command] = sorted(
            [*self.plan.faults, *self.plan.posts, *self.plan.commands], key=lambda event: event.at
        )
        async with asyncio.TaskGroup() as group:
            for event in events:
                await asyncio.sleep(max(0.0, began_s + event.at - time.monotonic()))
                if isinstance(event, Post):
                    await self._post(event)
                elif isinstance(event, Command) and event.name == "branch":
                    if self.last_release is None:
                        branching = self.deeds.branch(self.crowd.people[event.person], self.commands.thread)
                        group.create_task(branching, name=event.name)
                elif isinstance(event, Command):
                    group.create_task(
                        self.commands.use(self.crowd.people[event.person], event), name=event.name
                    )
                else:
                    group.create_task(self.striker.strike(event), name=event.kind)
        self.discord.faults.clear()
        self.claude.faults.clear()
        # Direct messages are looked through after a gap only; where one of their events was swallowed, this is it.
        for connection in list(self.discord.connections):
            connection.reconnect()
        self.timeline.note("fault", "all faults are over")

    async def _post(self, post: Post) -> None:
        said = self.scene.said
        said.append(await self.crowd.post(post, len(said) + 1))

    def _answer(self, body: Any) -> str | Reply:
        self.calls += 1
        return answer(body, seed=self.plan.seed, number=self.calls, deeds=self.last_release is None)

    def _environment(self) -> dict[str, str]:
        return {
            "DISCORD_TOKEN": self.app.token,
            "BOT_DISCORD__API_URL": self.discord.api_url,
            "BOT_DISCORD__GATEWAY_URL": self.discord.gateway_url,
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_BASE_URL": self.claude.base_url,
            "REDIS_URL": self.store.url,
            CHANNEL: str(self.effects),
            **SETTINGS,
            **(MIXED if self.last_release else {}),
            **(QUICK if self.quick else {}),
            **({"SABOTAGE": self.sabotage} if self.sabotage else {}),
        }


if __name__ == "__main__":
    from tests.engine.table import main

    main()
