"""Everything goes wrong at once, by a seed: two bots, a store, a Discord and a Claude, then the invariants.

`python -m tests.engine.chaos --seed 7` repeats one run; `--seeds 50 --minutes 30` makes many and prints a table.
"""

from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.local.simulator.claude import Claude, Reply, ToolUse
from bot.local.simulator.discord import Discord
from bot.store.keys import Keys
from tests.e2e.bot_process import BotProcess
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
    RESTART_S,
    SETTINGS,
    START_S,
    WARM_S,
)
from tests.engine.commands import Commands
from tests.engine.comparison import Said
from tests.engine.deeds import Deeds, calls
from tests.engine.invariants import LOOK_S, Scene
from tests.engine.last_release import LastRelease
from tests.engine.outcome import Outcome
from tests.engine.schedule import BOTS, PEOPLE, Command, Fault, Post, Schedule
from tests.engine.store_process import StoreProcess
from tests.engine.striker import Striker
from tests.engine.timeline import Timeline
from tests.engine.tools import CHANNEL, is_result, repeated
from tests.engine.uploads import UploadLog, Workspace
from tests.files import samples
from tests.patience import Patience

MODULE = "tests.engine.points_bot"

LAST = " of the last release"
"""How the names of its bots end."""

WORDS = re.compile(r"\[m\d+\]")
"""What makes a person's message recognisable wherever it is quoted."""

KNOCK, RING = ToolUse("knock", {"door": "north"}), ToolUse("ring", {"bell": "south"})
CLOCK, NONE_SUCH = ToolUse("time_in", {"zone": "Asia/Tokyo"}), ToolUse("no_such_tool")
CALLS: tuple[tuple[tuple[ToolUse, ...], ...], ...] = (
    ((KNOCK,),),
    ((CLOCK, KNOCK), (KNOCK,)),
    ((RING,), (CLOCK, NONE_SUCH)),
)
"""The calls of a reply, by step."""

CALL_WEIGHTS = (12, 2, 1, 1, 2, 2, 2, 1)
"""Of no call, those above, and those of `deeds.calls`."""

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
    bots: list[tuple[str, BotProcess]] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    # A message of each channel that replies and links refer to.
    chatter: dict[int, int] = field(default_factory=dict)
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
            self.keepers = [asyncio.create_task(self._keep(slot), name=f"bot-{slot}") for slot in BOTS]
            try:
                return await self._outcome()
            finally:
                for keeper in self.keepers:
                    keeper.cancel()
                await asyncio.gather(*self.keepers, return_exceptions=True)
                for _, bot in self.bots:
                    await bot.kill()
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
            failures = await self.commands.breaches(self.people[0])
        # A store that goes back forgets that an effect has begun: only what repeats safely is made once then.
        failures += [each for each in repeated(self.discord, self.effects) if " knock " in each]
        failures += [f"{name} logged {event}" for name, event in self._bugs()]
        text = ""
        if failures:
            text = self.timeline.written(self.plan.seed, self.bots, self.discord, self.claude, failures)
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
            sum("discord_ready" in bot.output for name, bot in self.bots if LAST in name),
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
        self.guild = self.discord.add_guild("Weavers", bot=self.app)
        self.people = [
            self.discord.add_user(name, display_name=name.title(), guild=self.guild) for name in PEOPLE
        ]
        self.effects = int(self.discord.add_channel(self.guild, "effects").id)
        self.channels = [int(self.discord.add_channel(self.guild, f"room-{n}").id) for n in range(3)]

    async def _warm_up(self) -> list[str]:
        for person in self.people[:2]:
            self.direct.append(int((await person.open_dm(self.app.user_id))["id"]))
        await self._patience(START_S).until(lambda: len(self.discord.connections) == len(BOTS))
        for channel in self.channels:
            posted = await self.people[1].post(channel, "look at my loom", None, [_file(0, "txt")])
            self.chatter[channel] = int(posted["id"])
        for number, kind in enumerate(("mention", "direct", "direct", "foreign")):
            await self._post(Post(0.0, kind, number % 2, number, 20))
        mention = await self.people[0].post(self.channels[0], f"<@{self.app.user_id}> to be forgotten")
        self.commands = Commands(self.discord, self.timeline, int(mention["id"]))
        self.deeds = Deeds(
            self.discord,
            self.scene.redis,
            PREFIX,
            self.people,
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
                        branching = self.deeds.branch(self.people[event.person], self.commands.thread)
                        group.create_task(branching, name=event.name)
                elif isinstance(event, Command):
                    group.create_task(self.commands.use(self.people[event.person], event), name=event.name)
                else:
                    group.create_task(self.striker.strike(event), name=event.kind)
        self.discord.faults.clear()
        self.claude.faults.clear()
        # Direct messages are looked through after a gap only; where one of their events was swallowed, this is it.
        for connection in list(self.discord.connections):
            connection.reconnect()
        self.timeline.note("fault", "all faults are over")

    def _bugs(self) -> list[tuple[str, str]]:
        logged = [(name, str(entry.get("event"))) for name, bot in self.bots for entry in bot.entries]
        return [(name, event) for name, event in logged if event in BUGS]

    # People.

    async def _post(self, post: Post) -> None:
        number = len(self.scene.said) + 1
        person = self.people[post.person]
        text = f"[m{number}] {'weft and warp ' * 40}"[: post.length + 8]
        mention, refers, reply_to = f"<@{self.app.user_id}> ", post.refers, None
        files = [_file(number, post.file)] if post.file else []
        if post.kind in ("thread", "burst"):
            open_threads = [thread for thread in self.threads if thread in self.discord.world.channels]
            place = open_threads[post.place % len(open_threads)]
        elif post.kind == "direct":
            person, place = self.people[post.person % 2], self.direct[post.person % 2]
        elif post.kind == "foreign":
            if not self.foreign or post.place % 4 == 3:
                channel = self.channels[post.place % len(self.channels)]
                self.foreign.append(int((await person.create_thread(channel, f"ours {number}"))["id"]))
            place, text = self.foreign[post.place % len(self.foreign)], mention + text
        else:
            place, text = self.channels[post.place % len(self.channels)], mention + text
            reply_to = self.chatter[place] if refers == "reply" else None
        if refers == "forward" and post.kind in ("thread", "burst", "direct"):
            channel = self.channels[0]
            made = int((await person.forward(place, channel, (await person.post(channel, text))["id"]))["id"])
        else:
            if refers and reply_to is None:
                channel = self.channels[0]
                text += f" https://discord.com/channels/{self.guild.id}/{channel}/{self.chatter[channel]}"
            made = int((await person.post(place, text, reply_to, files))["id"])
        if post.kind == "mention":
            self.threads.append(made)
        names = tuple(name for name, _, _ in files)
        self.scene.said.append(Said(made if post.kind == "mention" else place, made, f"[m{number}]", names))
        more = f" with {post.file or 'no file'}, refers by {refers}" if names or refers else ""
        self.timeline.note("people", f"{person.user.username} posts [m{number}] {made} in {place}{more}")

    def _answer(self, body: Any) -> str | Reply:
        """A reply that says what it answers; the same messages get the same length whenever they are asked for.

        Some call tools before, in one step or two: tools that read, that have an effect, or that are not there.
        """
        self.calls += 1
        steps = 0
        while is_result(body["messages"][-1 - 2 * steps]):
            steps += 1
        question = str(body["messages"][-1 - 2 * steps])
        told = WORDS.findall(question)
        words = " ".join(told).replace("[", "").replace("]", "")
        ways = [(), *CALLS, *((step,) for step in calls(words) if told and self.last_release is None)]
        made = random.Random(f"{self.plan.seed} tools {told}").choices(ways, CALL_WEIGHTS[: len(ways)])[0]
        if steps < len(made) and body.get("tools"):
            return Reply.of(f"Step {self.calls}. ", *made[steps])
        chance = random.Random(f"{self.plan.seed} {told}")
        text = f"Answer {self.calls} to {' '.join(told).replace('[', '(').replace(']', ')')}."
        length = chance.choices(
            [chance.randint(5, 60), chance.randint(60, 250), chance.randint(500, 900)], [6, 3, 1]
        )
        filler = " ".join(chance.choice(("loom", "weft", "warp", "reed", "heddle")) for _ in range(length[0]))
        code = f"\n\n```python\nprint({self.calls})\n```" if chance.random() < 0.2 else ""
        titled = "<thread_title>" in question and not steps and chance.random() < 0.7
        title = f"<thread_title>Looms {self.calls}</thread_title>\n" if titled else ""
        return f"{title}{text}{code}\n\n{filler}."

    # The bots, as a host keeps them.

    async def _keep(self, slot: int) -> None:
        for number in range(1, 1000):
            environment, release = self._environment(), self.last_release if (slot + number) % 2 else None
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


def _file(number: int, ending: str) -> tuple[str, str, bytes]:
    name = f"m{number}.{ending}"
    if ending == "txt":
        return name, "text/plain", f"The reed has {number} dents.".encode()
    return name, "image/png", samples.picture("PNG", (40, 40 + number))


if __name__ == "__main__":
    from tests.engine.table import main

    main()
