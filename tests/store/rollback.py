"""A store that goes back to an earlier moment, as after a crash of its server or a failover."""

from __future__ import annotations

from redis.asyncio import Redis


async def snapshot(url: str, pattern: str = "*") -> dict[bytes, bytes]:
    """Return the values of keys as the server writes them."""
    async with Redis.from_url(url) as redis:
        keys = [bytes(key) async for key in redis.scan_iter(pattern)]
        return {key: value for key in keys if (value := await redis.dump(key)) is not None}


async def values(url: str) -> dict[str, object]:
    """Return the values of all keys: a server may write the same hash in another order."""
    readers = {
        "string": ("GET",),
        "hash": ("HGETALL",),
        "list": ("LRANGE", 0, -1),
        "set": ("SMEMBERS",),
        "zset": ("ZRANGE", 0, -1),
    }
    async with Redis.from_url(url, decode_responses=True) as redis:
        found: dict[str, object] = {}
        async for key in redis.scan_iter():
            command, *arguments = readers[str(await redis.type(key))]
            found[key] = await redis.execute_command(str(command), key, *arguments)  # type: ignore[no-untyped-call]
        return found


async def roll_back(url: str, to: dict[bytes, bytes], pattern: str = "*") -> None:
    """Let keys be as they were."""
    async with Redis.from_url(url) as redis:
        for key in [bytes(key) async for key in redis.scan_iter(pattern)]:
            await redis.delete(key)
        for key, value in to.items():
            await redis.restore(key, 0, value)
