"""A client of Redis that tells of each command that failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, RedisError

T = TypeVar("T")


class CountedRedis(Redis):
    """Calls `failed` for each command or pipeline that failed after all tries."""

    def __init__(self, pool: ConnectionPool, failed: Callable[[], None]) -> None:
        super().__init__(connection_pool=pool)
        self.auto_close_connection_pool = True
        self._failed = failed

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        send: Callable[..., Awaitable[Any]] = super().execute_command
        return await _told(send(*args, **options), self._failed)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that tells as well."""
        return _CountedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint, failed=self._failed
        )


class _CountedPipeline(Pipeline):
    def __init__(self, *args: Any, failed: Callable[[], None]) -> None:
        super().__init__(*args)
        self._failed = failed

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered."""
        return await _told(super().execute(raise_on_error), self._failed)


async def _told(call: Awaitable[T], failed: Callable[[], None]) -> T:
    try:
        return await call
    except NoScriptError:
        raise  # the server was started anew and is sent the script once more
    except (RedisError, OSError, TimeoutError, RuntimeError):  # the last one is uvloop's, see `translated`
        failed()
        raise
