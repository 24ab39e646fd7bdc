"""A Redis client that reports failed commands and failovers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, RedisError

from bot.store.serving import Failovers

T = TypeVar("T")


class CountedRedis(Redis):
    """Calls `failed` for each command or pipeline that failed after all attempts."""

    def __init__(self, pool: ConnectionPool, failed: Callable[[], None], failovers: Failovers) -> None:
        super().__init__(connection_pool=pool)
        self.failovers = failovers
        self.auto_close_connection_pool = True
        self._failed = failed

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        send: Callable[..., Awaitable[Any]] = super().execute_command
        return await _reported(send(*args, **options), self._failed)

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that reports as well."""
        return _CountedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint, failed=self._failed
        )


class _CountedPipeline(Pipeline):
    def __init__(self, *args: Any, failed: Callable[[], None]) -> None:
        super().__init__(*args)
        self._failed = failed

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered."""
        return await _reported(super().execute(raise_on_error), self._failed)


async def _reported(call: Awaitable[T], failed: Callable[[], None]) -> T:
    try:
        return await call
    except NoScriptError:
        raise  # the server was restarted, and is sent the script's text next
    except (RedisError, OSError, TimeoutError, RuntimeError):  # the last one is uvloop's, see `translated`
        failed()
        raise
