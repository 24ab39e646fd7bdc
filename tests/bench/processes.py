"""Four processes of one bot, and 200 replies at once: whether they keep to the limit that Discord has for the bot.

Each process connects one shard of four, and 50 threads of each shard are asked at the same instant. Discord allows
the bot 50 calls per second in all, as the real one does. Beside it stands the same load on one process.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median
from typing import Any

import uvloop

from bot.local.simulator.discord import Discord
from tests.bench._figures import ROUND_TRIP_S
from tests.bench._stage import ClaudeProcess, changes
from tests.e2e.bot_process import BotProcess
from tests.redis_server import redis_server

PROCESSES = int(os.environ.get("BENCH_PROCESSES", "4"))
THREADS = int(os.environ.get("BENCH_STREAMS", "200"))
TOKENS_PER_DELTA = 4
PATIENCE_S = 240.0
TOKEN = "bench-token"


class Bench:
    """A Discord with servers on each shard, and people who ask."""

    def __init__(self, discord: Discord, claude: ClaudeProcess, app: Any, bots: list[BotProcess]) -> None:
        self.discord = discord
        self.claude = claude
        self.app = app
        self.bots = bots

    def servers(self) -> list[Any]:
        """Servers, one on each shard."""
        by_shard: dict[int, Any] = {}
        for number in itertools.count():
            if len(by_shard) == PROCESSES:
                break
            guild = self.discord.add_guild(f"Weavers {number}")
            if (shard := (guild.id >> 22) % PROCESSES) not in by_shard:
                by_shard[shard] = guild
                self.discord.add_bot(guild, self.app)
        return list(by_shard.values())

    async def measure(self) -> list[str]:
        """Ask in all threads at once, and say what came of it."""
        app = self.discord.actor(self.app.user_id)
        places: dict[int, Any] = {}
        for number, guild in zip(range(THREADS), itertools.cycle(self.servers()), strict=False):
            channel = self.discord.add_channel(guild, f"c{number}")
            thread = int((await app.create_thread(channel.id, f"thread {number}"))["id"])
            places[thread] = self.discord.add_user(f"ann{number}", "Ann", guild)
        await asyncio.sleep(8)  # the servers are known, and the buckets full
        await self.claude.told(TOKENS_PER_DELTA, self.bots[0].pid)
        self.discord.requests.clear()
        asked: dict[int, float] = {}
        for number, (thread, person) in enumerate(places.items()):
            asked[thread] = time.time()
            await person.post(thread, f"<@{self.app.user_id}> #{number}")
        finished = await self._finished(list(places))
        first = [texts[0] - asked[place] for place in places if (texts := self._texts(place))]
        last = [texts[-1] - asked[place] for place in places if (texts := self._texts(place))]
        return [
            self._calls(),
            f"  {finished} of {THREADS} replies complete",
            _line("first", first),
            _line("last", last),
        ]

    def _calls(self) -> str:
        calls = [each for each in self.discord.requests if each.token == TOKEN]
        refused = sum(each.status == 429 for each in calls)
        times = sorted(each.at for each in calls)
        busiest = max((sum(at <= other < at + 1 for other in times) for at in times), default=0)
        span_s = times[-1] - times[0]
        return (
            f"  429s: {refused} of {len(calls)} calls (goal: none); {len(calls) / span_s:.0f} calls per s, "
            f"{busiest} in the busiest second"
        )

    def _texts(self, place: int) -> list[float]:
        world = self.discord.world
        replies = [
            each
            for each in world.history(place)
            if each.author.id == self.app.user_id and each.type in (0, 19)
        ]
        return changes([self.discord.history(each.id) for each in replies])

    async def _finished(self, places: list[int]) -> int:
        def is_finished(place: int) -> bool:
            replies = [
                each for each in self.discord.messages(place) if each["author"]["id"] == str(self.app.user_id)
            ]
            replies = [each for each in replies if each["type"] in (0, 19)]
            return bool(replies) and not any(each["content"].endswith("▌") for each in replies)

        left = list(places)
        ends_s = time.monotonic() + PATIENCE_S
        while left and time.monotonic() < ends_s:
            left = [place for place in left if not is_finished(place)]
            await asyncio.sleep(0.5)
        return len(places) - len(left)


def _line(name: str, seconds: list[float]) -> str:
    ordered = sorted(seconds)
    slowest = ordered[round(0.95 * (len(ordered) - 1))]
    figures = f"median {median(ordered):.1f} s, p95 {slowest:.1f} s, most {ordered[-1]:.1f} s"
    return f"  {name} text after the question: {figures}"


@asynccontextmanager
async def stage(redis_url: str, processes: int) -> AsyncIterator[Bench]:
    """Everything, started: so many processes, each with a shard of PROCESSES, or one with all of them."""
    discord, claude = Discord(round_trip_s=ROUND_TRIP_S), await ClaudeProcess.start()
    await discord.start()
    app = discord.add_application("Bobbin", token=TOKEN)
    discord.add_guild("Somewhere", bot=app)
    settings = {
        "DISCORD_TOKEN": TOKEN,
        "BOT_DISCORD__API_URL": discord.api_url,
        "BOT_DISCORD__GATEWAY_URL": discord.gateway_url,
        "ANTHROPIC_API_KEY": "bench-key",
        "ANTHROPIC_BASE_URL": claude.base_url,
        "REDIS_URL": redis_url,
    }
    bots = []
    for number in range(processes):
        own = {"BOT_DISCORD__SHARD_COUNT": str(PROCESSES), "BOT_DISCORD__SHARD_IDS": str(number)}
        bots.append(await BotProcess.start(settings | (own if processes > 1 else {}), "--strict", fresh=True))
    try:
        for bot in bots:
            await bot.said("discord_ready")
        yield Bench(discord, claude, app, bots)
    finally:
        for bot in bots:
            await bot.stop()
        await claude.stop()
        await discord.stop()


async def measure() -> None:
    """Measure with several processes, and with one."""
    for processes in (PROCESSES, 1):
        load = os.getloadavg()[0]
        with redis_server() as url:
            async with stage(url, processes) as bench:
                lines = await bench.measure()
        kind = "processes with a shard each" if processes > 1 else "process"
        sys.stdout.write(
            f"{processes} {kind}, {THREADS} replies at once, {1000 * ROUND_TRIP_S:.0f} ms round trip, "
            f"{os.cpu_count()} cores for all, load before {load:.1f}\n" + "\n".join(lines) + "\n"
        )
        sys.stdout.flush()


def main() -> None:
    """Print each figure with its conditions. BENCH_PROCESSES=4 and BENCH_STREAMS=200 choose the sizes."""
    uvloop.run(measure())


if __name__ == "__main__":
    main()
