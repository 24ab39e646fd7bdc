"""A Redis client that reports failed commands and failovers, and encrypts content."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import NoScriptError, RedisError

from bot.store.content import Cipher
from bot.store.serving import Failovers

T = TypeVar("T")


class CountedRedis(Redis):
    """Calls `failed` for each command or pipeline that failed after all attempts; `cipher` encrypts content."""

    def __init__(
        self, pool: ConnectionPool, failed: Callable[[], None], failovers: Failovers, cipher: Cipher
    ) -> None:
        super().__init__(connection_pool=pool)
        self._cipher = cipher
        self.failovers = failovers
        self.auto_close_connection_pool = True
        self._failed = failed

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        send: Callable[..., Awaitable[Any]] = super().execute_command
        sealed = map(self._cipher.sealed, args)
        return self._cipher.opened(await _reported(send(*sealed, **options), self._failed))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that reports as well."""
        return _CountedPipeline(
            self.connection_pool,
            self.response_callbacks,
            transaction,
            shard_hint,
            failed=self._failed,
            cipher=self._cipher,
        )


class _CountedPipeline(Pipeline):
    def __init__(self, *args: Any, failed: Callable[[], None], cipher: Cipher) -> None:
        super().__init__(*args)
        self._failed = failed
        self._cipher = cipher

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Gather a command."""
        return super().execute_command(*map(self._cipher.sealed, args), **options)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered."""
        found: list[Any] = self._cipher.opened(await _reported(super().execute(raise_on_error), self._failed))
        return found


async def _reported(call: Awaitable[T], failed: Callable[[], None]) -> T:
    try:
        return await call
    except NoScriptError:
        raise  # the server was restarted, and is sent the script's text next
    except (RedisError, OSError, TimeoutError, RuntimeError):  # the last one is uvloop's, see `translated`
        failed()
        raise
