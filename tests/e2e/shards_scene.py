"""Servers on chosen shards, and processes that divide the shards."""

from __future__ import annotations

import itertools

from bot.local.simulator.discord import guilds
from tests.e2e.bot_process import BotProcess
from tests.e2e.world import ADMINISTRATOR, MANY_THREADS, MANY_TURNS, World

REAL_IDENTIFY_S = 5.0
SOON = {"BOT_TURNS__POLL_S": "0.5"}


def server_on(world: World, shard: int, count: int) -> int:
    """A text channel in a server on a shard; Ann, Ben and the admin are members."""
    for number in itertools.count():
        guild = world.discord.add_guild(f"Weavers {number}")
        if (guild.id >> 22) % count == shard:
            break
    world.discord.add_bot(guild, world.app)
    for person, permissions in ((world.ann, 0), (world.ben, 0), (world.admin, ADMINISTRATOR)):
        guilds.join(world.discord.world, guild, person.user, permissions)
    return int(world.discord.add_channel(guild, "general").id)


def as_discord_limits(world: World, *, max_concurrency: int) -> None:
    """Have the gateway limit IDENTIFY as the real one does."""
    world.discord.gateway.identify_s = REAL_IDENTIFY_S
    world.discord.world.max_concurrency = max_concurrency


def group(shard: int, count: int, **settings: str) -> dict[str, str]:
    """The settings of a process with one shard."""
    return {
        "BOT_DISCORD__SHARD_COUNT": str(count),
        "BOT_DISCORD__SHARD_IDS": str(shard),
        **SOON,
        **MANY_THREADS,
        **MANY_TURNS,
        **settings,
    }


async def divided(world: World, **settings: str) -> tuple[list[int], list[BotProcess]]:
    """Start two processes, one for each of two shards; returns a channel in a server of each shard, and them."""
    as_discord_limits(world, max_concurrency=16)
    channels = [server_on(world, shard, 2) for shard in range(2)]
    return channels, [await world.start_bot(**group(shard, 2, **settings)) for shard in range(2)]
