"""How soon text is seen: the real bot in front of a Discord with its true limits and a Claude that streams.

Threads start at the same instant. Discord, Claude, the bot and its store are processes of their own.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import uvloop

from bot.simulator.discord import Discord
from tests.bench._claude import reply_text
from tests.e2e.bot_process import ROOT, BotProcess
from tests.redis_server import redis_server

ROUND_TRIP_S = 0.15
TOKENS_PER_S = 50
GLOBAL_PER_S = 50
# Threads, and how often: a figure of one thread means little.
SIZES = ((1, 8), (20, 3), (50, 2), (200, 1))
OPENINGS = 5
GOAL_FIRST_S = ROUND_TRIP_S + 0.1
GOAL_LAST_S = ROUND_TRIP_S + 0.15
GOAL_THREADS = 20
GOAL_SHARE = 1.3
# The buckets of what came before are full again.
REST_S = 6.0
REPLY_S = 60.0
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")

_numbers = count(1)


@dataclass(slots=True)
class Figures:
    """What was measured in all rounds of one size; times in seconds."""

    threads: int
    opens: bool = False
    asked: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)
    all_shown: list[float] = field(default_factory=list)
    edits: list[int] = field(default_factory=list)
    wrong: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    limited: int = 0
    busiest_per_s: int = 0
    bot_cpu: list[float] = field(default_factory=list)


class ClaudeProcess:
    """The other end of tests/bench/_claude.py."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.base_url = ""

    @classmethod
    async def start(cls) -> ClaudeProcess:
        """Start it and wait until it listens."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench._claude",
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 24,
        )
        claude = cls(process)
        claude.base_url = (await claude.ask({"tokens_per_s": TOKENS_PER_S}))["base_url"]
        return claude

    async def ask(self, what: object) -> Any:
        """Send a line and read one."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("it has no pipes")
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return json.loads(await self._process.stdout.readline())

    async def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


@dataclass(slots=True)
class Stage:
    """A server with a bot and somebody who asks."""

    discord: Discord
    claude: ClaudeProcess
    bot: BotProcess
    app: Any
    guild: Any
    ann: Any

    async def round(self, threads: int, figures: Figures, *, opens: bool = False) -> None:
        """Ask in so many threads at once, or where one `opens` with the reply, and measure each reply."""
        channel = self.discord.add_channel(self.guild, f"c{next(_numbers)}")
        places: dict[int, int] = {}
        for _ in range(threads):
            number = next(_numbers)
            places[number] = channel.id
            if not opens:
                places[number] = int((await self.ann.create_thread(channel.id, f"thread {number}"))["id"])
        await asyncio.sleep(REST_S)
        await self.claude.ask({})
        self.discord.requests.clear()
        cpu = cpu_s(self.bot.pid)
        began = time.time()
        asked: dict[int, float] = {}
        for number, place in places.items():
            asked[number] = time.time()
            message = await self.ann.post(place, f"<@{self.app.user_id}> #{number}")
            places[number] = int(message["id"]) if opens else place
        await self.finished(list(places.values()))
        figures.bot_cpu.append((cpu_s(self.bot.pid) - cpu) / (time.time() - began))
        await asyncio.sleep(1.0)  # for what would come too late: nothing tells that nothing more does
        told = {number: times for number, *times in await self.claude.ask({})}
        self.measure(places, asked, told, figures)

    async def finished(self, places: Sequence[int]) -> None:
        """Wait until every thread shows an end; whatever does not is counted as wrong."""
        try:
            await self.discord.until(lambda: all(map(self.is_finished, places)), REPLY_S)
        except TimeoutError:
            print(f"  not every reply came to its end within {REPLY_S:.0f} s")  # noqa: T201

    def replies(self, place: int) -> list[Any]:
        """The bot's messages in a thread."""
        world = self.discord.world
        return [m for m in world.history(place) if m.author.id == self.app.user_id and m.type in (0, 19)]

    def is_finished(self, place: int) -> bool:
        """Whether a thread shows a reply without the mark."""
        replies = self.replies(place)
        return bool(replies) and not any(each.content.endswith("▌") for each in replies)

    def measure(
        self,
        places: dict[int, int],
        asked: dict[int, float],
        told: dict[int, list[float]],
        figures: Figures,
    ) -> None:
        """Compare when Claude said it with when people saw it: half a round trip after Discord stored it."""
        seen_after = ROUND_TRIP_S / 2
        lasts = []
        for number, place in places.items():
            replies = self.replies(place)
            right = [each.content for each in replies] == [reply_text(number)]
            figures.wrong += not right
            if not replies or number not in told:
                continue
            started, first_text, last_text = told[number]
            history = self.discord.history(replies[0].id)
            figures.asked.append(started - asked[number])
            figures.first.append(history[0].at + seen_after - first_text)
            figures.last.append(history[-1].at + seen_after - last_text)
            figures.edits.append(len(history) - 1)
            lasts.append((history[-1].at + seen_after, last_text))
        if lasts:
            figures.all_shown.append(max(at for at, _ in lasts) - max(at for _, at in lasts))
        requests = [each for each in self.discord.requests if each.token == self.app.token]
        figures.calls.update(f"{each.method} {each.route}" for each in requests)
        figures.limited += sum(each.status == 429 for each in requests)
        times = sorted(each.at for each in requests)
        busiest = max((sum(at <= other < at + 1 for other in times) for at in times), default=0)
        figures.busiest_per_s = max(figures.busiest_per_s, busiest)


def cpu_s(pid: int) -> float:
    """The processor time of a process, in seconds (proc(5), stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def stage(redis_url: str) -> AsyncIterator[Stage]:
    """Everything, started."""
    discord = Discord(round_trip_s=ROUND_TRIP_S)
    claude = await ClaudeProcess.start()
    await discord.start()
    app = discord.add_application("Bobbin", token="bench-token")
    guild = discord.add_guild("Weavers", bot=app)
    ann = discord.add_user("ann", "Ann", guild)
    bot = await BotProcess.start(
        {
            "DISCORD_TOKEN": "bench-token",
            "BOT_DISCORD__API_URL": discord.api_url,
            "BOT_DISCORD__GATEWAY_URL": discord.gateway_url,
            "ANTHROPIC_API_KEY": "bench-key",
            "ANTHROPIC_BASE_URL": claude.base_url,
            "REDIS_URL": redis_url,
        },
        "--strict",
    )
    try:
        await bot.said("discord_ready")
        yield Stage(discord, claude, bot, app, guild, ann)
    finally:
        await bot.stop()
        await claude.stop()
        await discord.stop()


def report(figures: Figures) -> list[str]:
    """The lines for one size."""
    n = figures.threads
    ideal_s = n / GLOBAL_PER_S
    goals = n <= GOAL_THREADS
    where = ", each opened with the reply" if figures.opens else ""
    lines = [
        f"{n} thread(s){where}: {len(figures.first)} replies, {figures.wrong} of them wrong or incomplete (goal 0); "
        f"429s: {figures.limited} (goal 0); busiest second {figures.busiest_per_s} calls; "
        f"bot at {100 * max(figures.bot_cpu):.0f} % of a core",
        f"  asked to Claude's request  {spread(figures.asked)}",
        f"  first text after its token {spread(figures.first)}"
        + (
            f"   goal p95 <= {1000 * GOAL_FIRST_S:.0f}: {verdict(p95(figures.first) <= GOAL_FIRST_S)}"
            if goals
            else ""
        ),
        f"  last text after its token  {spread(figures.last)}"
        + (
            f"   goal p95 <= {1000 * GOAL_LAST_S:.0f}: {verdict(p95(figures.last) <= GOAL_LAST_S)}"
            if goals
            else ""
        ),
    ]
    if n == max(size for size, _ in SIZES):
        took = max(figures.all_shown)
        lines.append(
            f"  all last texts shown {took:.2f} s after Claude's last token: {took / ideal_s:.2f} of the "
            f"{ideal_s:.1f} s that {GLOBAL_PER_S} calls/s take; goal <= {GOAL_SHARE}: "
            f"{verdict(took <= GOAL_SHARE * ideal_s)}"
        )
    edits = figures.edits or [0]
    lines.append(
        f"  edits per reply: mean {statistics.mean(edits):.1f}, least {min(edits)}, most {max(edits)}; "
        f"calls {dict(figures.calls.most_common())}"
    )
    return lines


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th percentile and worst, in ms."""
    if not seconds:
        return "none"
    return (
        f"p50 {1000 * statistics.median(seconds):5.0f} ms, p95 {1000 * p95(seconds):5.0f} ms, "
        f"worst {1000 * max(seconds):5.0f} ms"
    )


def p95(seconds: Sequence[float]) -> float:
    """The 95th percentile: 19 of 20 are not longer."""
    ordered = sorted(seconds)
    return ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]


def verdict(held: bool) -> str:
    """How a goal is reported."""
    return "held" if held else "MISSED"


async def measure() -> None:
    """Measure every size and print it."""
    load = os.getloadavg()[0]
    print(  # noqa: T201
        f"Replies of about 8 s at {TOKENS_PER_S} tokens/s in threads that start at the same instant; Discord with "
        f"{1000 * ROUND_TRIP_S:.0f} ms round trip, 5 calls per 5 s and channel, {GLOBAL_PER_S} per s and bot;\n"
        f"{os.cpu_count()} cores for the bot, Claude, Discord and the store; load before {load:.1f}",
        flush=True,
    )
    wanted = {int(size) for size in os.environ.get("BENCH_THREADS", "").split(",") if size}
    with redis_server(None, *DURABLE) as url:
        async with stage(url) as found:
            await found.round(1, Figures(1))  # everything is loaded and connected
            for threads, rounds in SIZES:
                if wanted and threads not in wanted:
                    continue
                figures = Figures(threads)
                for _ in range(rounds):
                    await found.round(threads, figures)
                print("\n".join(report(figures)), flush=True)  # noqa: T201
            if not wanted or 0 in wanted:
                opening = Figures(1, opens=True)
                for _ in range(OPENINGS):
                    await found.round(1, opening, opens=True)
                print("\n".join(report(opening)), flush=True)  # noqa: T201


def main() -> None:
    """Print each figure with its conditions and its goal; BENCH_THREADS=1,20 chooses sizes, 0 new threads."""
    uvloop.run(measure())


if __name__ == "__main__":
    main()
