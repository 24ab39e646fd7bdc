"""Keys to migrate, a migration of them, and a backup that counts what was changed before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from bot.store.migrations.migration import Migration, Target
from tests.store.stage import KEYS

NAMES = [f"{{{number}}}:meta" for number in range(1, 121)]


class Backup:
    """Counts the backups, and what was changed before each."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.made: list[int] = []

    async def __call__(self) -> None:
        self.made.append(sum([await value_of(self._redis, name) == "new" for name in NAMES]))


async def value_of(redis: Redis, name: str) -> str:
    return str(await redis.hget(f"{KEYS.prefix}:{name}", "cloth"))


async def weave(target: Target, name: str) -> None:
    await target.redis.hset(f"{KEYS.prefix}:{name}", "cloth", "new")


def migration(number: int = 1, change: Callable[[Target, str], Awaitable[None]] = weave) -> Migration:
    return Migration(
        number=number, title="weave", concerns=lambda name: name.endswith("}:meta"), change=change
    )


async def woven(redis: Redis, names: list[str]) -> None:
    for name in names:
        await redis.hset(f"{KEYS.prefix}:{name}", "cloth", "old")
    await redis.set(f"{KEYS.prefix}:{{1}}:q", "other")
