"""What a bot with a local Discord keeps: it outlasts a stop and a kill, and one bot at a time has it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.config import Exit
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.local_bot import started
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_after_ctrl_c_and_a_new_start_the_conversation_goes_on_where_it_was(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (bot, page):
        thread = await page.mention("remember me")
        before = await page.answered(thread)
        bot.signal(signal.SIGINT)
        assert await bot.ended() == 0
    assert (tmp_path / "data" / "discord.json").stat().st_mode & 0o077 == 0
    async with started(tmp_path / "data") as (_, page):
        assert await page.replies(thread) == before
        await page.post(thread, "do you?")
        replies = await page.answered(thread, 2)
        assert "I can see 2 earlier messages." in replies[1]["content"]


async def test_after_a_kill_the_conversation_goes_on_where_it_was(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (bot, page):
        thread = await page.mention("remember me")
        await page.answered(thread)
        await bot.said("turn_done")
        await bot.kill()
    async with started(tmp_path / "data") as (_, page):
        await page.post(thread, "do you?")
        replies = await page.answered(thread, 2)
        assert "I can see 2 earlier messages." in replies[1]["content"]


async def test_the_local_discord_leaves_alone_what_the_real_one_has_in_the_same_redis(
    tmp_path: Path, shared: World
) -> None:
    async with Redis.from_url(shared.redis_url, decode_responses=True) as redis:
        before = await redis.keys("shared-prefix:*")
        environment = {"REDIS_URL": shared.redis_url, "BOT_REDIS__PREFIX": "shared-prefix"}
        async with started(tmp_path / "data", **environment) as (_, page):
            await page.answered(await page.mention("hello"))
        assert await redis.keys("shared-prefix:*") == before == []
        assert await redis.keys("shared-prefix-local:*")


async def test_a_second_bot_on_the_same_data_refuses_and_harms_nothing(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (_, page):
        thread = await page.mention("hello")
        await page.answered(thread)
        second = await BotProcess.start(
            {"BOT_REDIS__DATA_DIR": str(tmp_path / "data"), "BOT_LOCAL__PORT": "0"}
        )
        assert await second.ended(START_S) == Exit.DATA_DIR_BUSY
        assert second.output.count("\n") == 1
        assert "BOT_REDIS__DATA_DIR" in second.output
        await page.post(thread, "still there?")
        assert "2 earlier messages" in (await page.answered(thread, 2))[1]["content"]
