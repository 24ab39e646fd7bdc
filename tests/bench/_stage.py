"""A Discord, a Claude and a bot to measure, and somebody who asks."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count, pairwise
from typing import Any

from cryptography.fernet import Fernet

from bot.conversation.wording import SMALL
from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.world import Revision
from bot.render.part import Part
from tests.bench._figures import ROUND_TRIP_S, Figures
from tests.bench._loop_lag import bound_of_p99, lag_counts
from tests.bench._processor import processor_s
from tests.bench._samples import expected
from tests.e2e.bot_process import BotProcess
from tests.fork_server import ROOT

REPLY_S = 8.0
# The buckets of what came before are full again.
REST_S = 6.0
# For what would come too late: nothing tells that nothing more does.
LATE_S = 1.0
PATIENCE_S = 60.0
# A request goes half a round trip before Discord shows it, and its answer tells of it half a round trip later.
SEEN_AFTER_S = ROUND_TRIP_S / 2

_numbers = count(1)

# With BENCH_FULL in the environment: what an operator can switch on that each turn takes part in.
EVERYTHING = {
    "BOT_PRIVACY__KEYS": Fernet.generate_key().decode(),
    "BOT_TOOLS__ON": json.dumps(["clock", "server", "reminders", "memory", "web"]),
    "BOT_BUDGETS__BOT": json.dumps(["$1000 per day", "1000000 messages per month"]),
    "BOT_BUDGETS__SERVER": json.dumps(["$1000 per day", "100000000 tokens per day"]),
    "BOT_BUDGETS__CHANNEL": json.dumps(["1000000 messages per day"]),
    "BOT_BUDGETS__PERSON": json.dumps(["$1000 per month", "100000 messages per minute"]),
}


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
        claude.base_url = (await claude._read())["base_url"]
        return claude

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def told(self, tokens: int, bot: int) -> dict[int, list[float]]:
        """The times of all replies since the last call, by number; from now on deltas of so many tokens."""
        if self._process.stdin is None:
            raise RuntimeError("it has no pipes")
        what = {"tokens": tokens, "seconds": REPLY_S, "pid": bot}
        self._process.stdin.write(json.dumps(what).encode() + b"\n")
        return {number: times for number, *times in await self._read()}

    async def _read(self) -> Any:
        if self._process.stdout is None:
            raise RuntimeError("it has no pipes")
        return json.loads(await self._process.stdout.readline())

    async def stop(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()


@dataclass(slots=True)
class Stage:
    """A server with a bot, and people of whom each asks in one thread at a time."""

    discord: Discord
    claude: ClaudeProcess
    bot: BotProcess
    app: Any
    guild: Any
    people: list[Any]

    async def round(self, figures: Figures) -> None:
        """Ask in so many threads at once, or where one `opens` with the reply, and measure each reply."""
        channel = self.discord.add_channel(self.guild, f"c{next(_numbers)}")
        # Threads of the bot's own: in another thread the first mention has what was said before read.
        app = self.discord.actor(self.app.user_id)
        places: dict[int, int] = {}
        for _ in range(figures.threads):
            number = next(_numbers)
            places[number] = channel.id
            if not figures.opens:
                places[number] = int((await app.create_thread(channel.id, f"thread {number}"))["id"])
        await asyncio.sleep(REST_S)
        await self.claude.told(figures.tokens, self.bot.pid)
        self.discord.requests.clear()
        lag = await lag_counts(self.bot)
        bot_s, claude_s, began = processor_s(self.bot.pid), processor_s(self.claude.pid), time.time()
        asked: dict[int, float] = {}
        while len(self.people) < len(places):
            self.people.append(self.discord.add_user(f"ann{len(self.people)}", "Ann", self.guild))
        for person, (number, place) in zip(self.people, places.items(), strict=False):
            asked[number] = time.time()
            message = await person.post(place, f"<@{self.app.user_id}> #{number}")
            places[number] = int(message["id"]) if figures.opens else place
        await self.finished(list(places.values()))
        took = time.time() - began
        figures.bot_share.append((processor_s(self.bot.pid) - bot_s) / took)
        figures.claude_share.append((processor_s(self.claude.pid) - claude_s) / took)
        figures.lag_p99_s = max(figures.lag_p99_s, bound_of_p99(lag, await lag_counts(self.bot)))
        await asyncio.sleep(LATE_S)
        figures.cpu.append((processor_s(self.bot.pid) - bot_s) / figures.threads)
        told = await self.claude.told(figures.tokens, self.bot.pid)
        if told:
            # Until the last request has arrived; of many turns the first ones are streamed by then.
            figures.begin_cpu.append((max(times[-1] for times in told.values()) - bot_s) / len(told))
        # In a thread: drafts of a thousand replies take longer than a gateway may be silent.
        await asyncio.to_thread(self.measure, places, asked, told, figures)

    async def finished(self, places: Sequence[int]) -> None:
        """Wait until every thread shows an end; whatever does not is counted as wrong."""
        left: list[int] = []

        def all_are() -> bool:
            while left and self.is_finished(left[-1]):
                left.pop()
            return not left

        try:
            async with asyncio.timeout(PATIENCE_S):
                while left := [place for place in places if not self.is_finished(place)]:
                    await self.discord.until(all_are, PATIENCE_S)
        except TimeoutError:
            print(f"  not every reply came to its end within {PATIENCE_S:.0f} s")  # noqa: T201

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
        """Compare when Claude said it with when people saw it."""
        for number, place in places.items():
            replies = self.replies(place)
            shows = [Part(each.content, ()) for each in replies if not each.attachments]
            figures.wrong += shows != wanted(number)
            if not replies or number not in told:
                continue
            started, first_text, last_text, _ = told[number]
            texts = changes([self.discord.history(each.id) for each in replies])
            if not texts:
                continue
            first, last = texts[0], texts[-1]
            figures.asked.append(started - asked[number])
            figures.claude.append(last_text - started)
            figures.first_after_token.append(first - first_text)
            figures.last_after_token.append(last - last_text)
            figures.first.append(first - asked[number])
            figures.first_less_claude.append(first - asked[number] - (first_text - started))
            figures.whole.append(last - asked[number])
            figures.still.append(max((after - before for before, after in pairwise(texts)), default=0.0))
            figures.edits.append(sum(len(self.discord.history(each.id)) - 1 for each in replies))
        requests = [each for each in self.discord.requests if each.token == self.app.token]
        figures.calls.update(f"{each.method} {each.route}" for each in requests)
        figures.limited += sum(each.status == 429 for each in requests)
        times = sorted(each.at for each in requests)
        busiest = max((sum(at <= other < at + 1 for other in times) for at in times), default=0)
        figures.busiest_per_s = max(figures.busiest_per_s, busiest)


@cache
def wanted(number: int) -> list[Part]:
    """What the reply to the message with this number is to look like."""
    return expected(number)


def changes(messages: Sequence[Sequence[Revision]]) -> list[float]:
    """When people saw a reply change, oldest first; a status line is no text of it."""
    seen = []
    for revisions in messages:
        shown = ""
        for revision in revisions:
            if revision.content != shown and not revision.content.startswith(SMALL):
                seen.append(revision.at + SEEN_AFTER_S)
            shown = revision.content
    return sorted(seen)


@asynccontextmanager
async def stage(redis_url: str) -> AsyncIterator[Stage]:
    """Everything, started."""
    discord = Discord(round_trip_s=ROUND_TRIP_S)
    claude = await ClaudeProcess.start()
    await discord.start()
    app = discord.add_application("Bobbin", token="bench-token")
    guild = discord.add_guild("Weavers", bot=app)
    bot = await BotProcess.start(
        {
            "DISCORD_TOKEN": "bench-token",
            "BOT_DISCORD__API_URL": discord.api_url,
            "BOT_DISCORD__GATEWAY_URL": discord.gateway_url,
            "ANTHROPIC_API_KEY": "bench-key",
            "ANTHROPIC_BASE_URL": claude.base_url,
            "REDIS_URL": redis_url,
            "BOT_TELEMETRY__METRICS_PORT": "0",
            # Room for the largest crowd; what is measured is not the operator's limit.
            "BOT_TURNS__MAX_CONCURRENT": "2000",
            "BOT_CLAUDE__MAX_REQUESTS": "1000",
            **(EVERYTHING if os.environ.get("BENCH_FULL") else {}),
        },
        "--strict",
        fresh=True,
    )
    try:
        await bot.said("discord_ready")
        yield Stage(discord, claude, bot, app, guild, [])
    finally:
        await bot.stop()
        await claude.stop()
        await discord.stop()
