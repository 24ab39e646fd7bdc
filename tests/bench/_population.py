"""Many conversations in a store and the threads that belong to them, made from one that the bot has really had."""

from __future__ import annotations

import asyncio
from typing import Any

from redis.asyncio import Redis

from bot.local.simulator.discord.model import Channel, ThreadState
from bot.store.keys import Keys
from tests.e2e.world import World

AT_ONCE = 1000
DAY_S = 24 * 3600
PUBLIC_THREAD = 11
THREADS_PER_CHANNEL = 5000


async def own_keys(redis: Redis, prefix: str, conversation: int) -> dict[str, bytes]:
    """Return the keys of one conversation, as `DUMP` gives them."""
    beginning = f"{prefix}:{{{conversation}}}:"
    names = [name.decode() async for name in redis.scan_iter(match=f"{beginning}*", count=AT_ONCE)]
    held = {name: await redis.dump(name) for name in names}
    return {name: dumped for name, dumped in held.items() if dumped is not None}


async def populate(redis: Redis, world: World, template: int, count: int) -> None:
    """Copy a conversation `count` times; each copy has an archived thread that nobody has written in for a day."""
    held = await own_keys(redis, world.prefix, template)
    keys = Keys(world.prefix)
    origin = world.discord.world.channels[template]
    if origin.thread is None:
        raise ValueError("the template is no thread")
    mark = await redis.get(keys.high_water_mark(template))
    channels: list[int] = []
    for start in range(0, count, AT_ONCE):
        pipe = redis.pipeline(transaction=False)
        for number in range(start, min(count, start + AT_ONCE)):
            if number % THREADS_PER_CHANNEL == 0:
                channels.append(world.channel())
            thread = world.discord.world.snowflakes.next()
            world.discord.world.channels[thread] = Channel(
                id=thread,
                type=PUBLIC_THREAD,
                guild_id=origin.guild_id,
                parent_id=channels[-1],
                name=f"thread {number}",
                last_message_id=thread,
                thread=ThreadState(
                    owner_id=world.app.user_id,
                    archived=True,
                    archive_timestamp=world.discord.world.clock() - DAY_S,
                ),
            )
            for name, dumped in held.items():
                pipe.restore(name.replace(f"{{{template}}}", f"{{{thread}}}"), 0, dumped)
            pipe.hset(keys.meta(thread), "parent", channels[-1])
            pipe.set(keys.high_water_mark(thread), mark or thread)
            pipe.zadd(keys.known, {str(thread): world.discord.world.clock() * 1000 - DAY_S * 1000})
        await pipe.execute()
        await asyncio.sleep(0)


async def memory_used(redis: Redis) -> int:
    """Return how many bytes the data takes in the store."""
    found: dict[str, Any] = await redis.info("memory")
    return int(found["used_memory"])
