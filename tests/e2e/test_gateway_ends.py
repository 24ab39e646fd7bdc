"""Discord's gateway refuses or ends the connection: the bot waits, connects more shards, or ends with one line."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Exit
from bot.local.simulator.discord import guilds
from tests.e2e.bot_process import BotProcess
from tests.e2e.test_gateway_trouble import IDENTIFY_S
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

IDENTIFY = 2
ROUTE = "/gateway/bot$"
BANNER = "Bobbin is "

ENDS = {
    4004: (Exit.DISCORD_TOKEN, "set DISCORD_TOKEN"),
    4010: (Exit.DISCORD_UNREACHABLE, "discord.shard_ids"),
    4012: (Exit.DISCORD_UNREACHABLE, "(close code 4012)"),
    4013: (Exit.DISCORD_UNREACHABLE, "(close code 4013)"),
    4014: (Exit.DISCORD_INTENT, "Message Content Intent"),
}


def identified(world: World) -> list[list[int]]:
    """The shards with which this world's bot has identified."""
    token = world.app.token
    seen = world.discord.gateway.handshakes
    return [each["shard"] for each in seen if each["op"] == IDENTIFY and each["token"] == token]


def connections(world: World) -> list[Any]:
    """The connections of this world's bot."""
    return [
        each
        for each in world.discord.connections
        if each.session is not None and each.session.application_id == world.app.id
    ]


async def ended_with_one_line(bot: BotProcess, code: Exit, words: str) -> None:
    assert await bot.ended() == code, bot.output
    assert "Traceback" not in bot.output
    lines = [line for line in bot.output.splitlines() if not line.startswith(("{", BANNER))]
    assert len(lines) == 1, bot.output
    assert words in lines[0]
    assert bot.output.endswith(f"{lines[0]}\n")


@pytest.mark.parametrize(("status", "times"), [(500, 1), (502, 1), (503, 3), (403, 1)])
async def test_a_start_waits_for_discord_to_tell_the_shards(world: World, status: int, times: int) -> None:
    async with world.apart(bots=0) as own:
        world.discord.world.shards = 2
        try:
            own.discord.faults.add(
                action="status", route=ROUTE, status=status, times=times, only_token=own.app.token
            )
            bot = await own.start_bot_unready()
            await own.until(lambda: identified(own))
        finally:
            world.discord.world.shards = 1
        assert identified(own)[0] == [0, 2]
        assert "Traceback" not in bot.output


@pytest.mark.parametrize("scope", ["user", "global", "cloudflare"])
async def test_a_rate_limit_of_the_shards_is_waited_for(world: World, scope: str) -> None:
    async with world.apart(bots=0) as own:
        world.discord.world.shards = 2
        try:
            limit = own.discord.faults.add(
                action="ratelimit",
                route=ROUTE,
                scope=scope,
                retry_after_s=0.5,
                times=2,
                only_token=own.app.token,
            )
            bot = await own.start_bot_unready()
            await own.until(lambda: identified(own))
        finally:
            world.discord.world.shards = 1
        assert identified(own)[0] == [0, 2]
        assert limit.struck == 2
        assert "Traceback" not in bot.output


async def test_a_token_that_is_reset_between_login_and_connection_ends_the_bot(world: World) -> None:
    async with world.apart(bots=0) as own:
        own.discord.faults.add(action="error", route=ROUTE, status=401, times=None, only_token=own.app.token)
        await ended_with_one_line(await own.start_bot_unready(), Exit.DISCORD_TOKEN, "set DISCORD_TOKEN")


async def test_a_reconnect_needs_nothing_of_the_rest_api(world: World) -> None:
    async with world.apart() as own:
        own.discord.faults.add(action="status", route=ROUTE, times=None, only_token=own.app.token)
        (before,) = connections(own)
        await before.invalidate()
        await own.until(lambda: len(identified(own)) == 2, IDENTIFY_S)
        await own.converse(own.channel(), "still there?")


@pytest.mark.parametrize("when", ["at once", "connected", "at a reconnect"])
@pytest.mark.parametrize("code", ENDS)
async def test_a_connection_that_is_closed_for_good_ends_the_bot(world: World, code: int, when: str) -> None:
    async with world.apart(bots=0) as own:
        closing = own.discord.faults.gateway.closing
        if when == "at once":
            closing[own.app.token] = code
            bot = await own.start_bot_unready()
        else:
            bot = await own.start_bot()
            (live,) = connections(own)
            closing[own.app.token] = code
            await live.close(code if when == "connected" else 4000)
        await ended_with_one_line(bot, *ENDS[code])


async def test_a_bot_that_has_outgrown_its_shards_connects_more_of_them(alone: World) -> None:
    bot = await alone.start_bot()
    assert identified(alone) == [[0, 1]]
    thread = await alone.converse(alone.channel(), "hello")
    alone.discord.gateway.servers_per_shard_max = 1
    alone.discord.world.shards = 2
    # Servers take turns by their ids.
    other = next(
        guild
        for number in range(100)
        if ((guild := alone.discord.add_guild(f"Weavers {number}")).id >> 22) % 2
        != (alone.guild.id >> 22) % 2
    )
    alone.discord.add_bot(other, alone.app)
    guilds.join(alone.discord.world, other, alone.discord.world.users[alone.ann.user.id], 0)
    (live,) = connections(alone)
    await live.close(4011)
    missed = await alone.ann.post(thread, "in the gap")
    await alone.until(lambda: len(connections(alone)) == 2)
    assert identified(alone)[-2:] == [[0, 2], [1, 2]]
    await alone.answered(thread, 2)
    await alone.settled(missed)
    await alone.converse(int(alone.discord.add_channel(other, "general").id), "and here?")
    (told,) = bot.log("discord_shards_outgrown")
    assert told["count"] == 1
    assert "Traceback" not in bot.output
    assert await bot.stop() == 0


async def test_shards_that_are_too_few_by_discords_own_word_end_the_bot(world: World) -> None:
    async with world.apart(bots=0) as own:
        own.discord.faults.gateway.closing[own.app.token] = 4011
        bot = await own.start_bot_unready()
        await ended_with_one_line(bot, Exit.DISCORD_UNREACHABLE, "discord.shard_count")
        assert len(identified(own)) == 1


async def test_too_few_shards_of_the_settings_end_the_bot_with_the_settings_name(world: World) -> None:
    async with world.apart({"BOT_DISCORD__SHARD_COUNT": "1"}, bots=0) as own:
        bot = await own.start_bot()
        (live,) = connections(own)
        world.discord.world.shards = 2
        try:
            await live.close(4011)
            await ended_with_one_line(bot, Exit.DISCORD_UNREACHABLE, "discord.shard_count")
        finally:
            world.discord.world.shards = 1
