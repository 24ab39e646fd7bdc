"""A store that is gone in the middle of what is done with it."""

from __future__ import annotations

from typing import Any, Self

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

NO_EXPIRY = -1


class Outage:
    """Lets so many commands of a client pass, and fails those that follow; pipelines always pass."""

    def __init__(self, redis: Redis, after: int) -> None:
        self._redis: Any = redis
        self._left = after
        self.has_begun = False

    def __enter__(self) -> Self:
        self._send = self._redis.execute_command
        self._redis.execute_command = self._execute
        return self

    def __exit__(self, *_: object) -> None:
        del self._redis.execute_command

    async def _execute(self, *args: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left < 0:
            self.has_begun = True
            raise RedisConnectionError("gone")
        return await self._send(*args, **options)


async def without_expiry(redis: Redis, *keys: str) -> list[str]:
    """Those of the keys that are there and stay for ever."""
    return [key for key in keys if await redis.ttl(key) == NO_EXPIRY]
