"""What a process does not hear of, it does not take for gone: other processes' servers, and shards that start."""

from __future__ import annotations

import time

import pytest

from bot.local.simulator.discord import guilds
from bot.store.keys import Keys
from tests.e2e.discord_tools_scene import call
from tests.e2e.shards_scene import as_discord_limits, group, server_on
from tests.e2e.stored import redis_of
from tests.e2e.test_reminders import ON, remind, reminded
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

SOON_DUE = 0.02


async def test_a_reminder_that_is_due_before_its_shard_is_connected_waits_for_the_shard(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=1)
    alone.discord.world.shards = 2
    channel = server_on(alone, 1, 2)
    bot = await alone.start_bot(**ON)
    thread = await alone.converse(channel, "hello")
    await call(alone, thread, remind("stir the pot", SOON_DUE))
    await bot.kill()
    due_s = time.time() + SOON_DUE * 60
    await alone.until(lambda: time.time() > due_s)
    bot = await alone.start_bot(**ON)
    async with redis_of(alone) as redis:
        await redis.zadd(Keys(alone.prefix).reminders_due, {str(thread): 1})  # which takes a minute otherwise
    await alone.until(lambda: bot.log("reminder_posted") or bot.log("reminder_ended"))
    assert not bot.log("reminder_ended")
    assert await reminded(alone, thread)


async def test_a_server_that_the_bot_leaves_goes_and_those_of_other_processes_stay(alone: World) -> None:
    as_discord_limits(alone, max_concurrency=16)
    channels = [server_on(alone, shard, 2) for shard in range(2)]
    bots = [await alone.start_bot(**group(shard, 2)) for shard in range(2)]
    threads = [await alone.converse(channel, "hello") for channel in channels]
    world = alone.discord.world
    (left,) = (each for each in world.guilds.values() if each.id == world.channels[channels[1]].guild_id)
    guilds.leave(world, left, world.user(alone.app.user_id))
    alone.discord.commit()
    await bots[1].logged("server_erased", server=left.id)
    # A process that starts looks what exists still.
    bots[1:] = [*bots[1:], await alone.start_bot(**group(1, 2))]
    await bots[2].logged("gateway_state_changed", state="connected")
    await alone.settled(await alone.ann.post(threads[0], "and again"))
    keys = Keys(alone.prefix)
    async with redis_of(alone) as redis:
        assert [await redis.exists(keys.meta(each)) for each in threads] == [1, 0]
    for bot in (bots[0], bots[2]):
        assert not bot.log("server_erased")
        assert not bot.log("conversation_erased")
