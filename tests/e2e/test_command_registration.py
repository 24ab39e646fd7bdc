"""The commands are registered once, by one process, beside what others have registered."""

from __future__ import annotations

import pytest

from bot.local.simulator.discord import commands
from bot.store.key_lifetimes import REGISTRATION_S
from bot.store.keys import Keys
from tests.e2e.stored import redis_of
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
