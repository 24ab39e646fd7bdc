"""Many more questions at once than Claude takes: whether all are answered once, in a fair order, and when.

QUESTIONS are asked at the same instant in as many threads of five servers, of which one has two thirds. Claude takes
AT_ONCE requests at once and refuses the others with 429, and refuses all for BURST_S with 529 once a fifth has been
answered. Meanwhile people use commands. The program ends with an error where something does not hold.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import uvloop

from bot.local.simulator.claude import Claude, faults
from bot.local.simulator.claude.reply import Reply
from bot.local.simulator.discord import Discord
from tests.bench._claude import number_of
from tests.bench._figures import ROUND_TRIP_S
from tests.bench._loop_lag import bound_of_p99, lag_counts
from tests.bench._processor import processor_s
from tests.e2e.bot_process import BotProcess
from tests.redis_server import redis_server

QUESTIONS = int(os.environ.get("BENCH_QUESTIONS", "300"))
AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "20"))
BURST_S = 10.0
SERVERS = {"looms": 0.667, "spindles": 0.2, "carders": 0.083, "dyers": 0.033, "shuttle": 0.017}
"""The share of the questions that each server has."""

PIECES = (*(f"piece {number}, " for number in range(15)), "done.")
PIECE_S = 0.25
FIRST_TOKEN_S = 0.4
COMMAND_EVERY_S = 2.0
COMMAND_MAX_S = 3.0
PATIENCE_S = 600.0
TOKEN = "bench-token"


@dataclass
class Asked:
    """A question: its server, its thread, and what has come of it."""

    number: int
    server: str
    thread: int
    person: Any
    at: float = 0.0
    replies: list[Any] = field(default_factory=list)
    revisions: list[list[Any]] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        """Whether the thread shows a reply without the mark."""
        return bool(self.replies) and not any(each.content.endswith("▌") for each in self.replies)

    @property
    def sign_s(self) -> float:
        """Seconds until the first message of the bot, be it a status line."""
        return self.revisions[0][0].at - self.at if self.revisions else PATIENCE_S

    @property
    def last_s(self) -> float:
        """Seconds until the whole reply."""
        return max((each[-1].at for each in self.revisions), default=PATIENCE_S) - self.at

    @property
    def has_waited_in_sight(self) -> bool:
        """Whether the thread has shown that others come before."""
        return any("Many people are asking" in each.content for message in self.revisions for each in message)


class Overload:
    """The servers, the questions and what is measured."""

    def __init__(self, discord: Discord, claude: Claude, app: Any) -> None:
        self.discord = discord
        self.claude = claude
        self.app = app
        self.asked: list[Asked] = []
        self.commands: list[float] = []
        self.failed: list[str] = []

    async def prepare(self) -> None:
        """Have the bot's threads exist, each with somebody who will ask."""
        bot = self.discord.actor(self.app.user_id)
        numbers = itertools.count()
        for server, share in SERVERS.items():
            guild = self.discord.add_guild(server)
            self.discord.add_bot(guild, self.app)
            channels = [self.discord.add_channel(guild, f"{server}-{each}") for each in range(4)]
            for number in itertools.islice(numbers, max(1, round(share * QUESTIONS))):
                thread = await bot.create_thread(channels[number % 4].id, f"thread {number}")
                person = self.discord.add_user(f"ann{number}", "Ann", guild)
                self.asked.append(Asked(number, server, int(thread["id"]), person))
        await asyncio.sleep(8)  # the servers are known, and the buckets full
        self.discord.requests.clear()

    async def ask(self) -> None:
        """Ask everything at once, and wait for the last answer, using commands meanwhile."""

        async def post(each: Asked) -> None:
            each.at = time.time()
            await each.person.post(each.thread, f"<@{self.app.user_id}> question #{each.number}")

        using = asyncio.create_task(self._use_commands())
        bursting = asyncio.create_task(self._burst())
        # The smallest server asks last: its questions are behind all others in order of arrival.
        await asyncio.gather(*(post(each) for each in self.asked))
        ends_s = time.monotonic() + PATIENCE_S
        left = list(self.asked)
        while left and time.monotonic() < ends_s:
            for each in left:
                self._look(each)
            left = [each for each in left if not each.is_finished]
            await asyncio.sleep(0.5)
        await asyncio.sleep(3)  # what comes twice would come by now
        using.cancel()
        bursting.cancel()
        for ended in await asyncio.gather(using, bursting, return_exceptions=True):
            if isinstance(ended, Exception):
                self.failed.append(f"{type(ended).__name__}: {ended}")
        for each in self.asked:
            self._look(each)

    def _look(self, each: Asked) -> None:
        history = self.discord.world.history(each.thread)
        each.replies = [
            message
            for message in history
            if message.author.id == self.app.user_id and message.type in (0, 19)
        ]
        each.revisions = [self.discord.history(message.id) for message in each.replies]

    async def _burst(self) -> None:
        while len(self.accepted) < QUESTIONS // 5:  # noqa: ASYNC110 - in Claude's record
            await asyncio.sleep(0.1)
        self.claude.faults.add(faults.overloaded(), times=None)
        await asyncio.sleep(BURST_S)
        self.claude.faults.clear()

    async def _use_commands(self) -> None:
        names = itertools.cycle(["context", "usage", "settings show", "help"])
        while True:
            await asyncio.sleep(COMMAND_EVERY_S)
            each = self.asked[len(self.commands) * 7 % len(self.asked)]
            began_s = time.monotonic()
            name = next(names)
            try:
                await (await each.person.command(each.thread, name)).response()
            except TimeoutError:
                self.failed.append(f"/{name} was not answered within {COMMAND_MAX_S:.0f} s")
            self.commands.append(time.monotonic() - began_s)

    @property
    def accepted(self) -> list[Any]:
        """The requests that Claude answered, in their order."""
        return [each for each in self.claude.requests if each.status == 200]

    def figures(self) -> list[str]:
        """Say what came of it; what does not hold is added to `failed`."""
        wanted = "".join(PIECES)
        right = [each for each in self.asked if [it.content for it in each.replies] == [wanted]]
        for each in self.asked:
            if each not in right:
                self.failed.append(f"#{each.number} in {each.server}: {[it.content for it in each.replies]}")
        order = [number_of(call.body) for call in self.accepted]
        twice = [number for number, count in Counter(order).items() if count > 1]
        if twice:
            self.failed.append(f"asked twice and paid twice: {twice}")
        if self.claude.limits.most > AT_ONCE:
            self.failed.append(f"{self.claude.limits.most} requests at once")
        place = {number: index for index, number in enumerate(order)}
        calls = [each for each in self.discord.requests if each.token == TOKEN]
        statuses = Counter(each.status for each in self.claude.requests)
        lines = [
            f"  {len(right)} of {len(self.asked)} answered once and whole",
            f"  requests to Claude by status: {dict(statuses)}; at most {self.claude.limits.most} at once",
            f"  whole text after the question: {_spread([each.last_s for each in self.asked])}",
            f"  first sign after the question: {_spread([each.sign_s for each in self.asked])}",
            f"  threads that showed how many come before: {sum(each.has_waited_in_sight for each in self.asked)}",
            f"  {len(self.commands)} commands answered after: {_spread(self.commands)}",
            f"  calls to Discord: {len(calls)}, refused with 429: {sum(each.status == 429 for each in calls)}",
        ]
        rotations = 0
        for server in sorted(SERVERS, key=lambda name: SERVERS[name]):
            mine = [
                place[each.number] for each in self.asked if each.server == server and each.number in place
            ]
            rotations = max(rotations, len(mine))
            # A server whose questions all wait has one turn in each rotation of those that still wait.
            within = min(len(order), len(SERVERS) * len(mine) + 3 * AT_ONCE)
            if mine and max(mine) > within:
                self.failed.append(
                    f"{server} was asked about last as number {max(mine)}, not within {within}"
                )
            served = sorted(range(len(mine)), key=mine.__getitem__)
            passed = max((rank - place for rank, place in enumerate(served)), default=0)
            if passed > 3 * AT_ONCE:
                self.failed.append(f"{server}: {passed} later questions went before an earlier one")
            lines.append(
                f"  {server}: {len(mine)} questions, the last as number {max(mine, default=0) + 1} of {len(order)}; "
                f"each passed by at most {passed} later ones"
            )
        if self.commands and max(self.commands) > COMMAND_MAX_S:
            self.failed.append("a command took too long")
        return lines


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    middle, slow = ordered[len(ordered) // 2], ordered[round(0.95 * (len(ordered) - 1))]
    return f"median {middle:.1f} s, p95 {slow:.1f} s, most {ordered[-1]:.1f} s"


async def measure() -> bool:
    """Print the figures; returns whether everything holds."""
    load = os.getloadavg()[0]
    discord, claude = Discord(round_trip_s=ROUND_TRIP_S), Claude(clock=time.time, first_token_s=FIRST_TOKEN_S)
    claude.default = lambda _: Reply(PIECES, pause_s=PIECE_S)
    await discord.start()
    await claude.start()
    app = discord.add_application("Bobbin", token=TOKEN)
    discord.add_guild("Somewhere", bot=app)
    with redis_server() as url:
        bot = await BotProcess.start(
            {
                "DISCORD_TOKEN": TOKEN,
                "BOT_DISCORD__API_URL": discord.api_url,
                "BOT_DISCORD__GATEWAY_URL": discord.gateway_url,
                "ANTHROPIC_API_KEY": "bench-key",
                "ANTHROPIC_BASE_URL": claude.base_url,
                "REDIS_URL": url,
                "BOT_TELEMETRY__METRICS_PORT": "0",
            },
            "--strict",
            fresh=True,
        )
        try:
            await bot.said("discord_ready")
            overload = Overload(discord, claude, app)
            await overload.prepare()
            claude.limits.at_once = AT_ONCE
            lag, used_s = await lag_counts(bot), processor_s(bot.pid)
            await overload.ask()
            lines = overload.figures()
            used_s = processor_s(bot.pid) - used_s
            lines.append(
                f"  the bot: loop lag p99 within {1000 * bound_of_p99(lag, await lag_counts(bot)):.0f} ms, "
                f"{1000 * used_s / len(overload.asked):.0f} ms of the processor for each question"
            )
            lowered = [each["at_once"] for each in bot.log("claude_requests_lowered")]
            lines.append(f"  requests at once, each time they were lowered: {lowered}")
            noisy = Counter(
                each["event"] for each in bot.entries if each.get("level") in ("warning", "error")
            )
            lines.append(f"  warnings and errors in the log: {dict(noisy)}")
        finally:
            await bot.stop()
            await claude.stop()
            await discord.stop()
    sys.stdout.write(
        f"{QUESTIONS} questions at once, {AT_ONCE} requests at once, 529 for {BURST_S:.0f} s, "
        f"{1000 * ROUND_TRIP_S:.0f} ms round trip, replies of {PIECE_S * len(PIECES) + FIRST_TOKEN_S:.1f} s, "
        f"{os.cpu_count()} cores for all, load before {load:.1f}\n" + "\n".join(lines) + "\n"
    )
    for each in overload.failed:
        sys.stdout.write(f"  NOT AS IT SHOULD BE: {each}\n")
    sys.stdout.flush()
    return not overload.failed


def main() -> None:
    """Print the figures with their conditions. BENCH_QUESTIONS=300 and BENCH_AT_ONCE=20 choose the sizes."""
    if not uvloop.run(measure()):
        sys.exit(1)


if __name__ == "__main__":
    main()
