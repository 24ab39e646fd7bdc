"""Starting with whatever is configured: what stands in for the rest, and where people reach the bot."""

from __future__ import annotations

import asyncio
import random
import re
import socket
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from bot.config import Exit
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.local_bot import started
from tests.e2e.local_page import LocalPage
from tests.e2e.process_family import family
from tests.e2e.world import World
from tests.files import samples

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOK_AGAIN_S = 0.02


async def test_with_nothing_configured_one_can_chat_on_a_local_page(tmp_path: Path) -> None:
    async with started(tmp_path / "data", True) as (_, page):
        assert await page.html()
        (reply,) = await page.answered(await page.mention("hello there"))
        assert "not Claude" in reply["content"]
        assert "first message that I can see" in reply["content"]


async def test_the_stand_in_shows_on_the_page_what_of_a_message_has_reached_it(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (_, page):
        thread = await page.mention("hello")
        await page.answered(thread)
        picture = ("loom.png", "image/png", samples.picture("PNG", (280, 56)))
        await page.post(thread, "look", picture, ("log.txt", "text/plain", b"it works"))
        *_, reply = await page.answered(thread, 2)
        assert "`loom.png`: a picture of 280 × 56 pixels, 20 tokens" in reply["content"]
        assert "`log.txt`: 8 characters of text, 4 tokens: “it works”" in reply["content"]
        elsewhere = (await page.state())["guilds"][0]["channels"][1]["id"]
        await page.forward(await page.post(elsewhere, "wool is warm"), thread)
        *_, reply = await page.answered(thread, 3)
        assert "a forwarded message: “wool is warm”" in reply["content"]
        sticker = (await page.state())["guilds"][0]["stickers"][0]
        await page.post(thread, "", sticker_ids=[sticker["id"]])
        *_, reply = await page.answered(thread, 4)
        assert f"a sticker: {sticker['name']}" in reply["content"]


async def test_each_stand_in_is_told_with_what_replaces_it_and_the_page_comes_first(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (bot, page):
        banner = bot.output[: bot.output.index("Ctrl-C")]
        told = [line for line in banner.splitlines() if line and not line.startswith("{")]
        assert told[0] == f"Bobbin is here: {page.address}/"
        assert [line.split()[0] for line in told[1:]] == ["Discord", "Claude", "Redis", "Tools"]
        variables = ("DISCORD_TOKEN", "ANTHROPIC_API_KEY", "REDIS_URL", "BOT_TOOLS__ON,")
        for line, variable in zip(told[1:], variables, strict=True):
            assert f"set {variable} " in line
        assert str(tmp_path / "data") in told[3]


async def test_an_address_of_claude_without_a_key_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    async with started(tmp_path / "data", ANTHROPIC_BASE_URL="http://127.0.0.1:9") as (bot, _):
        told = next(line for line in bot.output.splitlines() if line.startswith("  Claude"))
        assert told.endswith("set ANTHROPIC_API_KEY to ask the server that ANTHROPIC_BASE_URL names")


async def test_with_a_key_and_no_token_the_model_of_the_key_answers_on_the_page(
    tmp_path: Path, shared: World
) -> None:
    environment = {"ANTHROPIC_API_KEY": "e2e-key", "ANTHROPIC_BASE_URL": shared.claude.base_url}
    async with started(tmp_path / "data", **environment) as (bot, page):
        shared.claude.say_when(lambda body: "who is there?" in str(body), "The real thing.")
        (reply,) = await page.answered(await page.mention("who is there?"))
        assert reply["content"] == "The real thing."
        assert "set ANTHROPIC_API_KEY" not in bot.output
        assert re.search(r"^  Claude +the real one, claude-sonnet-5-5$", bot.output, re.MULTILINE)


async def test_with_a_token_and_no_key_the_stand_in_answers_nobody_on_discord(
    tmp_path: Path, shared: World
) -> None:
    environment = shared.environment(BOT_REDIS__DATA_DIR=str(tmp_path / "data"))
    del environment["ANTHROPIC_API_KEY"], environment["REDIS_URL"], environment["ANTHROPIC_BASE_URL"]
    bot = await BotProcess.start(environment)
    assert await bot.ended(START_S) == Exit.MISSING
    assert bot.output.count("\n") == 1
    assert "ANTHROPIC_API_KEY" in bot.output
    assert not (tmp_path / "data").exists()


async def test_with_a_token_and_no_key_the_stand_in_answers_on_discord_if_a_setting_says_so(
    tmp_path: Path, shared: World
) -> None:
    environment = shared.environment(BOT_REDIS__DATA_DIR=str(tmp_path))
    del environment["ANTHROPIC_API_KEY"], environment["REDIS_URL"], environment["ANTHROPIC_BASE_URL"]
    own = shared.discord.add_application("Second", token="e2e-second")
    guild = shared.discord.add_guild("Spinners", bot=own)
    person = shared.discord.add_user("eve", guild=guild)
    channel = shared.discord.add_channel(guild, "general")
    environment |= {"DISCORD_TOKEN": "e2e-second", "BOT_LOCAL__MODEL_ON_DISCORD": "true"}
    bot = await BotProcess.start(environment)
    try:
        await bot.said("discord_ready")
        assert "Bobbin is Second" in bot.output
        asked = await person.post(channel.id, f"<@{own.user_id}> hello")
        await shared.discord.until(
            lambda: (
                int(asked["id"]) in shared.discord.world.channels
                and any("not Claude" in m["content"] for m in shared.discord.messages(int(asked["id"])))
            ),
            timeout=START_S,
        )
    finally:
        await bot.kill()


async def test_strict_starts_without_stand_ins_when_everything_is_there(shared: World) -> None:
    own = shared.discord.add_application("Strict", token="e2e-strict")
    bot = await BotProcess.start(shared.environment(DISCORD_TOKEN=own.token), "--strict")
    try:
        await bot.said("discord_ready")
        assert family(bot.pid) == set()
    finally:
        assert await bot.stop() == 0


async def test_what_is_written_on_the_page_before_the_bot_has_connected_is_answered(tmp_path: Path) -> None:
    port = unused_port()
    settings = {"BOT_REDIS__DATA_DIR": str(tmp_path / "data"), "BOT_LOCAL__PORT": str(port)}
    # At the first start nobody has used the bot before; at the second one its data is there.
    for number in range(2):
        bot = await BotProcess.start(settings, fresh=True)
        async with aiohttp.ClientSession() as session:
            page = LocalPage(f"http://127.0.0.1:{port}", session, bot)
            try:
                thread = await at_once(page, bot, f"hello {number}")
                await page.answered(thread)
            finally:
                await bot.stop()


def unused_port() -> int:
    """A port that the system gives nobody else meanwhile: those that it chooses itself begin at 32768."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 30_000)))
            return int(probe.getsockname()[1])


async def at_once(page: LocalPage, bot: BotProcess, text: str) -> str:
    """Mention the bot as soon as the page is there; returns the thread."""
    async with bot.patience(START_S).limit():
        while True:
            try:
                return await page.mention(text)
            except aiohttp.ClientError:
                await asyncio.sleep(LOOK_AGAIN_S)
