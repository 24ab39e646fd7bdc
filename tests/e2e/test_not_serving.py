"""A Redis that answers but does not serve (LOADING, MASTERDOWN): the bot waits, says why, and answers once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis.exceptions import ResponseError

from bot.telemetry.service_health import REDIS_CONDITIONS
from tests.e2e.bot_process import BotProcess
from tests.e2e.test_health import SERVED, asked, reached
from tests.e2e.test_presence import presence
from tests.e2e.test_store_outages import QUICK, answered_once
from tests.e2e.world import World
from tests.redis_server import order, redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPTIONS = ("--appendonly", "yes", "--aof-use-rdb-preamble", "no", "--replica-serve-stale-data", "no")

FILL = """
for n = 1, 1000 do redis.call('set', 'filler:' .. ARGV[1] .. ':' .. n, n) end
"""
PARTS = 500
DELAY_US = "30"
"""So much for each command, and what the system adds: a minute in all. A server answers after each 1000."""


class Server:
    """A server that keeps its data, and can be made not to serve."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._running = ExitStack()
        self.url = ""

    def start(self, *options: str) -> None:
        """Start it, and wait until it answers in some way."""
        self.url = self._running.enter_context(
            redis_server(None, *OPTIONS, *options, directory=self._directory)
        )

    def stop(self) -> None:
        """Stop it."""
        self._running.close()

    async def harm(self, code: str) -> None:
        """Have it answer with a code from now on."""
        if code == "MASTERDOWN":
            await order(self.url, "REPLICAOF", "127.0.0.1", 1)
            return
        for part in range(PARTS):
            await order(self.url, "EVAL", FILL, 0, part)
        await asyncio.to_thread(self.stop)
        await asyncio.to_thread(self.start, "--key-load-delay", DELAY_US)

    async def mend(self, code: str) -> None:
        """Have it serve again."""
        if code == "MASTERDOWN":
            await order(self.url, "REPLICAOF", "NO", "ONE")
            return
        with contextlib.suppress(ResponseError):  # before Redis 7 nothing is set while data are loaded
            await order(self.url, "CONFIG", "SET", "key-load-delay", 0)
        while await self._is_loading():  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.1)

    async def _is_loading(self) -> bool:
        facts = await order(self.url, "INFO", "persistence")
        assert isinstance(facts, dict)
        return bool(facts["loading"])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("code", ["LOADING", "MASTERDOWN"])
async def test_while_it_does_not_serve_the_reason_is_told_and_what_is_asked_is_answered_once_afterwards(
    world: World, server: Server, code: str
) -> None:
    _, reason, text = REDIS_CONDITIONS[code]
    async with world.apart({**SERVED, **QUICK}, redis_url=server.url) as own:
        thread = await own.converse(own.channel(), "hello")
        await server.harm(code)
        await own.ann.post(thread, "and now? <1>")
        await reached(own, redis=("transient_disconnect", reason))
        await own.until(lambda: presence(own) == ("idle", f"Waiting: {text}"))
        await server.mend(code)
        await reached(own)
        await answered_once(own, thread, ["<1>"], before=1)
        assert "hello" in str(own.asked[-1].body["messages"])
        await own.until(lambda: presence(own) == ("online", ""))


@pytest.mark.parametrize("code", ["LOADING", "MASTERDOWN"])
async def test_a_start_waits_and_what_was_asked_meanwhile_is_answered_once(
    world: World, server: Server, code: str
) -> None:
    async with world.apart({**SERVED, **QUICK}, redis_url=server.url) as own:
        thread = await own.converse(own.channel(), "hello")
        await own.bots.pop().stop()
        await server.harm(code)
        bot = await own.start_bot_unready()
        await own.ann.post(thread, "and now? <1>")
        await connecting(bot, REDIS_CONDITIONS[code][1])
        (line,) = bot.log("redis_waited_for")
        assert line["code"] == code
        await server.mend(code)
        await bot.said("discord_ready")
        await answered_once(own, thread, ["<1>"], before=1)
        await reached(own)


async def connecting(bot: BotProcess, reason: str) -> None:
    """Wait until /readyz tells why the start waits; no restart would help."""
    patience = bot.patience(30.0)
    while (found := (await asked(bot, "/readyz"))[1]["redis"]) != {
        "ready": False,
        "state": "connecting",
        "reason": reason,
    }:
        assert not patience.is_over, (found, bot.output)
        await asyncio.sleep(0.05)
    assert (await asked(bot, "/healthz"))[0] == 200
