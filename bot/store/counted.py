"""A Redis client that reports failed commands and failovers, encrypts content, and sends commands in batches.

Whether the server is one of a Redis Cluster is found out by the first command; then each command goes to the server
that owns its keys.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline, PubSub
from redis.exceptions import NoScriptError, RedisError, ResponseError

from bot.store.batches import Command
from bot.store.cluster import ASK_SLOTS, EXEC, MULTI, Cluster, Unit
from bot.store.content import Cipher
from bot.store.replicas import Replicas
from bot.store.sentinels import Primary
from bot.store.server import Server
from bot.store.serving import Failovers

T = TypeVar("T")

NO_CLUSTER = re.compile("cluster|unknown|permission", re.IGNORECASE)
"""What a server answers to CLUSTER SLOTS that is alone, knows no clusters, or may not be asked."""

MOST_WALKS = 5
"""A walk over all keys is repeated if slots have moved meanwhile, but not for as long as slots keep moving."""


class CountedRedis(Redis):
    """Calls `failed` for each command or pipeline that failed after all attempts; `cipher` encrypts content.

    `cluster` is used if the server turns out to be one of a cluster; None where that cannot be. `replicas` says for
    how many replicas the scripts wait that must not be lost.
    """

    def __init__(
        self,
        server: Server,
        failed: Callable[[], None],
        failovers: Failovers,
        cipher: Cipher,
        *,
        cluster: Cluster | None = None,
        primary: Primary | None = None,
        replicas: Replicas | None = None,
    ) -> None:
        super().__init__(connection_pool=server.pool)
        self.auto_close_connection_pool = True
        self.failovers = failovers
        self.replicas = replicas
        self._cipher = cipher
        self._failed = failed
        self._server = server
        self._primary = primary
        self._possible = cluster
        self._cluster: Cluster | None = None
        self._is_shape_known = cluster is None
        self._finding = asyncio.Lock()

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        """Close all connections."""
        await super().aclose(close_connection_pool)
        if self._cluster is not None:
            await self._cluster.aclose()
        if self._primary is not None:
            await self._primary.aclose()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """Send a command."""
        sealed = tuple(map(self._cipher.sealed, args))
        return self._cipher.opened(await _reported(self._answer(sealed, options), self._failed))

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:
        """Return a pipeline that reports as well. On a cluster, its commands are sent to their servers at once.

        A transaction must keep to one slot. What stands behind a script is sent after the script.
        """
        return _CountedPipeline(self, transaction, shard_hint, failed=self._failed, cipher=self._cipher)

    async def scan_iter(  # type: ignore[override]  # redis-py types it as that of its synchronous client
        self,
        match: Any = None,
        count: int | None = None,
        _type: str | None = None,
        **options: Any,
    ) -> AsyncIterator[Any]:
        """Yield the names of keys, on a cluster those of all primaries; some may come twice.

        A slot that moves meanwhile may move to a server that was scanned before, so all servers are scanned again.
        """
        cluster = await self.found_cluster()
        for _ in range(MOST_WALKS):
            owners = () if cluster is None else await cluster.owners()
            for server in await self.primaries():
                cursor: Any = "0"
                while cursor != 0:
                    cursor, keys = await server.scan(cursor, match, count, _type, **options)
                    for key in keys:
                        yield key
            if cluster is None or await cluster.owners() == owners:
                return

    async def primaries(self) -> list[Redis]:
        """Return a client for each server that takes writes."""
        cluster = await self.found_cluster()
        return [self] if cluster is None else [each.client for each in await cluster.primaries()]

    async def subscription(self) -> PubSub:
        """Return an object that subscribes; each server of a cluster passes on what is published on any of them."""
        cluster = await self.found_cluster()
        client = self if cluster is None else (await cluster.any_primary()).client
        return client.pubsub(ignore_subscribe_messages=True)

    async def disconnect_idle(self) -> None:
        """Close the connections that are not in use."""
        await self.connection_pool.disconnect(inuse_connections=False)
        if self._cluster is not None:
            await self._cluster.disconnect_idle()

    async def found_cluster(self) -> Cluster | None:
        """Return the cluster, None if the server is in none; a server that may not be asked is taken for such."""
        if not self._is_shape_known and self._possible is not None:
            async with self._finding:
                if not self._is_shape_known:
                    self._cluster = await self._asked_for_cluster()
                    self._is_shape_known = True
        return self._cluster

    async def _asked_for_cluster(self) -> Cluster | None:
        args, options = ASK_SLOTS
        send: Callable[..., Awaitable[Any]] = super().execute_command
        try:
            await send(*args, **options)
        except ResponseError as error:
            if not NO_CLUSTER.search(str(error)):
                raise  # of connecting, as where the database does not exist
            return None
        return self._possible

    async def _answer(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        cluster = self._cluster if self._is_shape_known else await self.found_cluster()
        if cluster is not None:
            (answered,) = await cluster.execute([Unit.of((args, options))])
            return _first_failure_raised(answered)[0]
        answers = await self._server.batches.join([(args, options)])
        if answers is None:
            send: Callable[..., Awaitable[Any]] = super().execute_command
            return await send(*args, **options)
        return _first_failure_raised(answers)[0]

    async def join_batch(self, commands: Sequence[Command]) -> list[Any] | None:
        """Send commands together with others; None if the caller is to send them."""
        return await self._server.batches.join(commands)


class _CountedPipeline(Pipeline):
    def __init__(
        self,
        redis: CountedRedis,
        transaction: bool,
        shard_hint: str | None,
        *,
        failed: Callable[[], None],
        cipher: Cipher,
    ) -> None:
        super().__init__(redis.connection_pool, redis.response_callbacks, transaction, shard_hint)
        self._redis = redis
        self._failed = failed
        self._cipher = cipher

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Gather a command."""
        return super().execute_command(*map(self._cipher.sealed, args), **options)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Send what was gathered."""
        found: list[Any] = self._cipher.opened(await _reported(self._answers(raise_on_error), self._failed))
        return found

    async def _answers(self, raise_on_error: bool) -> list[Any]:
        commands: list[Command] = self.command_stack
        if not commands:
            return await super().execute(raise_on_error)
        cluster = await self._redis.found_cluster()
        if cluster is None and self.is_transaction:
            return await super().execute(raise_on_error)
        answers: list[Any] | None
        if cluster is None:
            answers = await self._redis.join_batch(commands)
            if answers is None:
                return await super().execute(raise_on_error)
        elif self.is_transaction:
            answers = await self._transaction(cluster, commands)
        else:
            answers = [
                answer
                for units in _stages(commands)
                for answered in await cluster.execute(units)
                for answer in answered
            ]
        reset: Callable[[], Awaitable[None]] = self.reset
        await reset()
        return _first_failure_raised(answers) if raise_on_error else answers

    async def _transaction(self, cluster: Cluster, commands: Sequence[Command]) -> list[Any]:
        unit = Unit.of(MULTI, *commands, EXEC)
        (answered,) = await cluster.execute([unit])
        *queued, executed = answered
        _first_failure_raised(queued)  # what is wrong with a command, not that EXEC was refused for it
        _first_failure_raised([executed])
        return [
            answer if isinstance(answer, ResponseError) else self._read(command, answer)
            for command, answer in zip(commands, executed, strict=True)
        ]

    def _read(self, command: Command, answer: Any) -> Any:
        args, options = command
        callback = self.response_callbacks.get(args[0])
        known = {
            name: value for name, value in options.items() if name != "keys"
        }  # redis-py's cache alone reads it
        return answer if callback is None else callback(answer, **known)


def _stages(commands: Sequence[Command]) -> list[list[Unit]]:
    """Group commands; those of one stage are sent at once. WAIT goes with the command whose write it waits for."""
    units: list[Unit] = []
    for command in commands:
        if command[0][0] == "WAIT" and units:
            units[-1] = Unit.of(*units[-1].commands, command)
        else:
            units.append(Unit.of(command))
    stages: list[list[Unit]] = [[]]
    for unit in units:
        if unit.has_script:
            stages += [[unit], []]
        else:
            stages[-1].append(unit)
    return [stage for stage in stages if stage]


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
