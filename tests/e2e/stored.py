"""Everything that a world's bots keep in Redis, as text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio import Redis

from tests.e2e.world import World


@asynccontextmanager
async def redis_of(world: World) -> AsyncIterator[Redis]:
    """A client of the bot's server."""
    client: Redis = Redis.from_url(world.redis_url, decode_responses=True, encoding_errors="replace")
    try:
        yield client
    finally:
        await client.aclose()


async def stored(world: World) -> dict[str, str]:
    """The values of all keys, by their names behind the prefix."""
    found = {}
    async with redis_of(world) as redis:
        async for key in redis.scan_iter(match=f"{world.prefix}:*", count=500):
            found[str(key).removeprefix(f"{world.prefix}:")] = str(await _value(redis, str(key)))
    return found


async def _value(redis: Redis, key: str) -> Any:
    match str(await redis.type(key)):
        case "hash":
            return await redis.hgetall(key)
        case "list":
            return await redis.lrange(key, 0, -1)
        case "set":
            return sorted(await redis.smembers(key))
        case "zset":
            return await redis.zrange(key, 0, -1, withscores=True)
        case "stream":
            return await redis.xrange(key)
        case "string":
            return await redis.get(key)
        case _:
            return ""
