"""Starting with whatever is configured: what stands in for the rest, what is kept, what ends with the bot."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from redis.asyncio import Redis

from bot.config import Exit
from bot.local.simulator.discord import commands
from bot.store.keys import REGISTRATION_S, Keys
from tests.e2e.bot_process import START_S, BotProcess
from tests.e2e.local_page import LocalPage
from tests.e2e.stored import redis_of
from tests.e2e.world import World
from tests.files import samples
from tests.patience import idle_timeout

pytestmark = pytest.mark.asyncio(loop_scope="session")


LOOK_AGAIN_S = 0.02


END_S = 30.0


@asynccontextmanager
async def started(
    data: Path, fresh: bool = False, /, **environment: str
) -> AsyncIterator[tuple[BotProcess, LocalPage]]:
    """A bot with nothing configured but where it keeps its data, and its page; `fresh` as for BotProcess."""
    settings = {"BOT_REDIS__DATA_DIR": str(data), "BOT_LOCAL__PORT": "0", **environment}
    bot = await BotProcess.start(settings, fresh=fresh)
    async with aiohttp.ClientSession() as session:
        try:
            yield bot, await LocalPage.of(bot, session)
        finally:
            await bot.kill()


async def none_alive(pids: set[int]) -> None:
    """Wait until all of these processes have ended."""
    async with idle_timeout(END_S, *pids):
        while any(alive(pid) for pid in pids):  # noqa: ASYNC110 - nobody tells of other processes' end
            await asyncio.sleep(LOOK_AGAIN_S)


def family(pid: int) -> set[int]:
    """The children of a process, and theirs."""
    pids: set[int] = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == pid:
            child = int(stat.parent.name)
            pids |= {child} | family(child)
    return pids


def alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()


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


async def test_the_children_end_with_the_bot_even_when_it_is_killed(tmp_path: Path) -> None:
    async with started(tmp_path / "data") as (bot, _):
        children = family(bot.pid)
        assert len(children) == 4  # a Discord, a model, a Redis and its guard
        await bot.kill()
        await none_alive(children)


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


async def test_strict_starts_without_stand_ins_when_everything_is_there(shared: World) -> None:
    own = shared.discord.add_application("Strict", token="e2e-strict")
    bot = await BotProcess.start(shared.environment(DISCORD_TOKEN=own.token), "--strict")
    try:
        await bot.said("discord_ready")
        assert family(bot.pid) == set()
    finally:
        assert await bot.stop() == 0


async def test_metrics_are_served_where_the_settings_say(shared: World) -> None:
    own = shared.discord.add_application("Counting", token="e2e-counting")
    bot = await BotProcess.start(
        shared.environment(DISCORD_TOKEN=own.token, BOT_TELEMETRY__METRICS_PORT="0"), "--strict"
    )
    try:
        await bot.said("discord_ready")
        found = re.search(r'"port": (\d+)', bot.output)
        assert found, bot.output
        url = f"http://127.0.0.1:{found[1]}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
        assert re.search(r'bobbin_discord_calls_total\{method="GET",status="200"\} [1-9]', text)
        assert "bobbin_discord_connected 1.0" in text
    finally:
        await bot.kill()


async def test_what_is_written_on_the_page_before_the_bot_has_connected_is_answered(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
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


async def at_once(page: LocalPage, bot: BotProcess, text: str) -> str:
    """Mention the bot as soon as the page is there; returns the thread."""
    async with bot.patience(START_S).limit():
        while True:
            try:
                return await page.mention(text)
            except aiohttp.ClientError:
                await asyncio.sleep(LOOK_AGAIN_S)


async def test_no_secret_reaches_a_child(tmp_path: Path) -> None:
    async with started(tmp_path / "data", BOT_CLAUDE__SYSTEM="secret instructions") as (bot, _):
        environments = [environment_of(pid) for pid in family(bot.pid)]
        assert environments
        assert not any(b"secret instructions" in each for each in environments)


async def test_an_entry_point_command_stays_beside_the_bots_own(world: World) -> None:
    async with world.apart(bots=0) as own:
        launch = {
            "type": 4,
            "name": "launch",
            "description": "Launch the activity",
            "name_localizations": {"de": "starten"},
            "handler": 2,
            "contexts": [0],
        }
        standing, _ = commands.create(own.discord.world, own.app, None, launch)
        bot = await own.start_bot()
        await bot.said("commands_registered")
        found = {each["name"]: each for each in own.app.commands.values()}
        assert found["launch"] == standing
        assert {"chat", "reset"} <= found.keys()
        assert not bot.log("commands_not_registered")
        await bot.stop()
        bot = await own.start_bot()
        await own.converse(own.channel(), "hello")
        assert len(own.called("PUT", "/commands")) == 1, "what stands is as it is to be"


async def test_processes_that_start_together_read_and_register_the_commands_once(world: World) -> None:
    async with world.apart(bots=6) as own:
        await own.converse(own.channel(), "hello")
        assert len(own.called("GET", "/commands")) == len(own.called("PUT", "/commands")) == 1


async def test_commands_that_somebody_has_removed_at_discord_come_back_with_a_start_a_minute_later(
    world: World,
) -> None:
    async with world.apart() as own:
        await own.bots[0].said("commands_registered")
        await own.bots.pop().stop()
        own.app.commands.clear()
        async with redis_of(own) as redis:
            key = Keys(own.prefix).registration(own.app.id)
            assert 0 < await redis.ttl(key) <= REGISTRATION_S
            await redis.delete(key)
        bot = await own.start_bot()
        await bot.said("commands_registered")
        assert own.app.commands


async def test_a_process_that_ends_while_it_registers_the_commands_leaves_that_to_another(
    world: World,
) -> None:
    async with world.apart(bots=0) as own:
        stuck = own.discord.faults.add(
            action="delay", method="PUT", route="/commands$", delay_s=600.0, only_token=own.app.token
        )
        first = await own.start_bot()
        await own.until(lambda: stuck.struck)
        await first.kill()
        second = await own.start_bot()
        assert not own.app.commands
        async with redis_of(own) as redis:
            await redis.pexpire(Keys(own.prefix).registration(own.app.id), 1)  # the minute is over
        await second.said("commands_registered")
