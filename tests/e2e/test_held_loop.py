"""A bot whose event loop is held: it ends by itself or when told to, and its next starts do not hang on for ever."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from bot.config import Exit
from tests.e2e.bot_process import BotProcess
from tests.e2e.process_family import family, none_alive
from tests.e2e.world import ANSWER, World
from tests.held_loop import HOLD

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODULE = "tests.held_loop"
TRIES = 2
QUICK = {
    "BOT_TURNS__TRIES": str(TRIES),
    "BOT_TURNS__LEASE_S": "2",
    "BOT_TURNS__HEARTBEAT_S": "0.5",
    "BOT_TURNS__POLL_S": "0.2",
}


async def test_a_reply_that_holds_the_loop_is_set_aside_after_its_tries_and_others_are_answered(
    alone: World,
) -> None:
    alone.claude.default = lambda body: f"Now {HOLD}, please." if "bad one" in str(body) else ANSWER
    bot = await alone.start_bot(module=MODULE, HELD_BY="pattern", **QUICK)
    await alone.ann.post(alone.channel(), f"{alone.mention} the bad one")
    assert await bot.ended() == Exit.LOOP_BLOCKED
    (line,) = bot.log("loop_blocked")
    assert "by_a_pattern" in line["frames"]
    assert "bad one" not in bot.output
    for _ in range(TRIES - 1):
        bot = await alone.start_bot_unready(module=MODULE, HELD_BY="pattern", **QUICK)
        assert await bot.ended() == Exit.LOOP_BLOCKED
    bot = await alone.start_bot(module=MODULE, HELD_BY="pattern", **QUICK)
    await bot.logged("turn_given_up")
    assert len(alone.asked) == TRIES
    await alone.converse(alone.channel(), "a good one")


async def test_it_leaves_when_told_to_and_takes_its_children_along_although_the_loop_is_held(
    alone: World, tmp_path: Path
) -> None:
    alone.claude.say(f"Now {HOLD}, please.")
    environment = alone.environment(
        HELD_BY="pattern", HELD_HURRIES="0", HELD_LEAVES_S="0.5", BOT_REDIS__DATA_DIR=str(tmp_path)
    )
    del environment["REDIS_URL"]
    bot = await BotProcess.start(environment, module=MODULE)
    alone.bots.append(bot)
    await bot.said("discord_ready")
    children = family(bot.pid)
    assert children
    await alone.ann.post(alone.channel(), f"{alone.mention} hello")
    await bot.said("held")
    bot.signal(signal.SIGTERM)
    assert await bot.ended() == 0
    await none_alive(children)
