"""One Discord, one Claude, one Redis, and many small worlds in them at the same time, each with bots of its own."""

from __future__ import annotations

import itertools
import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bot.conversation.message import DISCORD_EPOCH_MS
from bot.local.simulator.claude import Claude
from bot.local.simulator.claude.record import Call
from bot.local.simulator.claude.reply import Reply
from bot.local.simulator.claude.steps import Text
from bot.local.simulator.discord import Discord
from bot.store.keys import Keys, padded
from tests.e2e.world import World
from tests.engine.invariants import Scene
from tests.engine.kinds import KINDS, STEPS
from tests.engine.stage import Stage
from tests.engine.tools import is_result
from tests.engine.uploads import UploadLog, Workspace
from tests.redis_server import redis_server

LIMITS_PACE = 0.2
"""The windows of Discord's rate limits, and of the bot's own pace, are a fifth of what they are."""

_WORLD = re.compile(r" w(\d+)m")
_WORDS = re.compile(r"(\w+) (w\d+m\d+x)")


class Arena:
    """What all stages share."""

    def __init__(self, discord: Discord, claude: Claude, redis_url: str, directory: Path) -> None:
        self.discord = discord
        self.claude = claude
        self.redis_url = redis_url
        self.redis = Redis.from_url(redis_url, decode_responses=True)
        self.raw = Redis.from_url(redis_url)
        self.directory = directory
        self.servers: tuple[int, ...] = ()
        self.attempts: Counter[str] = Counter()
        self._numbers = itertools.count(1)
        self._worlds: dict[int, frozenset[int]] = {}
        self.uploads = UploadLog()
        claude.files.files = self.uploads
        claude.default = self._answer

    @asynccontextmanager
    async def stage(self, **settings: str) -> AsyncIterator[Stage]:
        """A world of its own; its bots are killed at the end."""
        number = next(self._numbers)
        prefix, key = f"w{number}", f"arena-key-{number}"
        own = {"BOT_REDIS__PREFIX": prefix, "ANTHROPIC_API_KEY": key}
        world = World.peopled(self.discord, self.claude, self.redis_url, f"arena-token-{number}", own)
        workspace = Workspace(self.uploads, key)
        scene = Scene(self.discord, int(world.app.user_id), self.redis, prefix, workspace=workspace)
        stage = Stage(number, world, scene, self, settings)
        # The bot has been in this server before, a minute ago: what was said before it came, it does not answer.
        seen_ms = round((time.time() - 60) * 1000)
        seen = (seen_ms - DISCORD_EPOCH_MS) << 22
        keys = Keys(prefix)
        await self.redis.set(keys.high_water_mark(int(world.guild.id)), padded(seen), ex=3600)
        await self.redis.set(keys.since, seen_ms, ex=3600)
        try:
            yield stage
        finally:
            for bot in stage.bots:
                await bot.kill()
            self._forget(number)

    def worlds_of(self, call: Call) -> frozenset[int]:
        """The worlds whose words a request holds; all requests are looked through again and again."""
        if call.body is None:
            return frozenset()
        if id(call) not in self._worlds:
            found = _WORLD.findall(json.dumps(call.body))
            self._worlds[id(call)] = frozenset(int(number) for number in found)
        return self._worlds[id(call)]

    def _forget(self, number: int) -> None:
        """Drop the requests of a world that is over: each other world looks through all of them again and again."""
        requests = self.claude.requests
        requests[:] = [call for call in requests if number not in self.worlds_of(call)]

    def _answer(self, body: dict[str, Any]) -> Reply:
        """Answer as the latest message asks; every attempt says something else, so that a mixture shows."""
        steps = 0
        while is_result(body["messages"][-1 - 2 * steps]):
            steps += 1
        latest = json.dumps(body["messages"][-1 - 2 * steps]).replace("\\n", " ")
        kind, words = _WORDS.findall(latest)[-1]
        self.attempts[words] += 1
        name = f"{words} attempt {self.attempts[words]}"
        reply = STEPS[kind](name, steps) if kind in STEPS else KINDS[kind](name, self.attempts[words])
        if steps or "<thread_title>" not in latest:
            return reply
        title = f"<thread_title>{words}</thread_title>\n"
        if reply.steps:
            return replace(reply, steps=(Text((title,)), *reply.steps))
        return replace(reply, deltas=(title, *reply.deltas))


@asynccontextmanager
async def arena() -> AsyncIterator[Arena]:
    """Start everything."""
    discord, claude = Discord(), Claude()
    discord.gateway.identify_s = 0  # bots start right after each other
    with redis_server() as url, tempfile.TemporaryDirectory(prefix="bobbin-arena-") as directory:
        discord.rest.buckets.pace = LIMITS_PACE
        await discord.start()
        await claude.start()
        found = Arena(discord, claude, url, Path(directory))
        found.servers = (int((await found.redis.info("server"))["process_id"]),)
        try:
            yield found
        finally:
            await found.redis.aclose()
            await found.raw.aclose()
            await claude.stop()
            await discord.stop()
