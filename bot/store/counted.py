"""A Redis client that reports failed commands and failovers, encrypts content, and sends commands in batches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.connection import Connection
from redis.exceptions import NoScriptError, RedisError, ResponseError

from bot.store.batches import Batches, Command
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
        self._batches = Batches(self._send_batch)

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        sealed = tuple(map(self._cipher.sealed, args))
        return self._cipher.opened(await _reported(self._answer(sealed, options), self._failed))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that reports as well."""
        return _CountedPipeline(
            self.connection_pool,
            self.response_callbacks,
            transaction,
            shard_hint,
            failed=self._failed,
            cipher=self._cipher,
            batches=self._batches,
        )

    async def _answer(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        answers = await self._batches.join([(args, options)])
        if answers is None:
            send: Callable[..., Awaitable[Any]] = super().execute_command
            return await send(*args, **options)
        return _first_failure_raised(answers)[0]

    async def _send_batch(self, commands: Sequence[Command]) -> list[Any]:
        borrow: Callable[[], Awaitable[Connection]] = self.connection_pool.get_connection
        connection = await borrow()
        answers: list[Any] = []
        try:
            packed = connection.pack_commands([args for args, _ in commands])
            await connection.send_packed_command(packed)
            for args, options in commands:
                try:
                    answers.append(await self.parse_response(connection, args[0], **options))
                except ResponseError as error:
                    answers.append(error)
        finally:
            if len(answers) < len(
                commands
            ):  # the answers that are left would be taken for those of other commands
                await connection.disconnect(nowait=True)
            await self.connection_pool.release(connection)
        return answers


class _CountedPipeline(Pipeline):
    def __init__(self, *args: Any, failed: Callable[[], None], cipher: Cipher, batches: Batches) -> None:
        super().__init__(*args)
        self._failed = failed
        self._cipher = cipher
        self._batches = batches

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Gather a command."""
        return super().execute_command(*map(self._cipher.sealed, args), **options)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered."""
        found: list[Any] = self._cipher.opened(await _reported(self._answers(raise_on_error), self._failed))
        return found

    async def _answers(self, raise_on_error: bool) -> list[Any]:
        commands = self.command_stack
        if self.is_transaction or not commands:
            return await super().execute(raise_on_error)
        answers = await self._batches.join(commands)
        if answers is None:
            return await super().execute(raise_on_error)
        reset: Callable[[], Awaitable[None]] = self.reset
        await reset()
        return _first_failure_raised(answers) if raise_on_error else answers


def _first_failure_raised(answers: list[Any]) -> list[Any]:
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
    return answers


async def _reported(call: Awaitable[T], failed: Callable[[], None]) -> T:
    try:
        return await call
    except NoScriptError:
        raise  # the server was restarted, and is sent the script's text next
    except (RedisError, OSError, TimeoutError, RuntimeError):  # the last one is uvloop's, see `translated`
        failed()
        raise
