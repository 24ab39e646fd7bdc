"""The connection to Redis, and its failures as StoreUnavailable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.connection import Connection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import RedisError

from bot.conversation.errors import StoreUnavailable
from bot.store.cluster import Cluster
from bot.store.content import Cipher
from bot.store.counted import CountedRedis
from bot.store.replicas import Replicas
from bot.store.sentinels import Primary, SentinelSettings
from bot.store.server import Server
from bot.store.serving import DROPPED, Failovers, code_of

__all__ = ["CountedRedis", "connect", "translated"]

RETRIES = 3
"""Every write is idempotent, so a command is repeated after a lost answer. The first command after a restart of the
server always meets a dead connection, so 0 would fail there."""

BACKOFF = ExponentialWithJitterBackoff(base=0.05, cap=0.5)

CONNECTIONS = 50
"""More concurrent turns wait for each other's commands, each of which takes well under a millisecond."""

HEALTH_CHECK_S = 15
"""An idle connection is checked before it is used; hosts close idle connections silently after minutes."""


def connect(
    url: str,
    *,
    timeout_s: float,
    ca_file: Path | None = None,
    verify: bool = True,
    failed: Callable[[], None] = lambda: None,
    cipher: Cipher | None = None,
    sentinels: SentinelSettings | None = None,
    wait_replicas: int = 0,
) -> CountedRedis:
    """Prepare a client for `redis://`, `rediss://` or `unix://`; nothing is sent yet.

    The server may be one of a Redis Cluster: the first command finds that out. With `sentinels`, the address says
    how to log in, and the Sentinels say where the primary is. `failed` is called for each command that fails after
    all attempts. `cipher` encrypts content; without a cipher everything is written plain. `wait_replicas` is how many
    replicas are waited for after the writes that must not be lost.
    """
    options: dict[str, object] = {}
    if url.startswith("rediss://"):
        options = {"ssl_cert_reqs": "required" if verify else "none", "ssl_check_hostname": verify}
        if ca_file is not None:
            options["ssl_ca_certs"] = str(ca_file)
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=2,  # RESP3 is not needed, and its command HELLO is unknown to older servers
        # redis-py would send its name on each connection; where a password is missing, it then opens further
        # connections to find out why it is refused, without end.
        driver_info=None,
        decode_responses=True,
        encoding_errors="replace",
        max_connections=CONNECTIONS,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        health_check_interval=HEALTH_CHECK_S,
        retry=Retry(BACKOFF, RETRIES),
        **options,
    )
    pool.connection_class = DROPPED[pool.connection_class]
    failovers = Failovers()
    pool.connection_kwargs["failovers"] = failovers
    seed = Server(pool)
    found: Primary | None = None
    if sentinels is not None:
        found = Primary(sentinels, pool, failovers)
        pool.connection_kwargs["primary"] = found.address
    cluster = Cluster(
        seed,
        str(pool.connection_kwargs.get("host", "localhost")),
        lambda host, port: Server(_pool_like(pool, host, port)),
        failovers,
        retries=RETRIES,
        backoff=BACKOFF,
    )
    return CountedRedis(
        seed,
        failed,
        failovers,
        cipher or Cipher(),
        cluster=None if sentinels else cluster,
        primary=found,
        replicas=Replicas(wait_replicas, most_ms=round(timeout_s * 1000 / 3)) if wait_replicas else None,
    )


def _pool_like(pool: BlockingConnectionPool, host: str, port: int) -> BlockingConnectionPool:
    """Return a pool for another server of the cluster, with the same login. The cluster repeats what has failed."""
    kind = pool.connection_class
    options = {
        name: value for name, value in pool.connection_kwargs.items() if name not in ("host", "port", "path")
    }
    return BlockingConnectionPool(
        connection_class=DROPPED[Connection] if issubclass(kind, UnixDomainSocketConnection) else kind,
        max_connections=CONNECTIONS,
        timeout=pool.timeout,
        **(options | {"host": host, "port": port, "retry": Retry(NoBackoff(), 0)}),
    )


@contextmanager
def translated() -> Iterator[None]:
    """Turn what redis-py raises into StoreUnavailable; the text names the kind of failure only.

    A cancellation that redis-py has swallowed is raised again: redis-py sends within `asyncio.wait_for`, which before
    Python 3.12 returns normally when the cancellation arrives just as the sending ends. A heartbeat that is not
    cancelled would hold its lease for ever.

    uvloop raises a RuntimeError where redis-py writes to a connection that was closed just before, as by a restarting
    server.
    """
    task = asyncio.current_task()
    cancelled_before = task.cancelling() if task else 0
    try:
        yield
    except (RedisError, OSError, TimeoutError, RuntimeError) as error:
        if task and task.cancelling() > cancelled_before:
            raise asyncio.CancelledError from error
        raise StoreUnavailable(_kind(error)) from error
    if task and task.cancelling() > cancelled_before:
        raise asyncio.CancelledError


def _kind(error: BaseException) -> str:
    """Name a failure; a server's answer by its code alone (OOM, READONLY, NOPERM): the rest may quote a message."""
    code = code_of(error)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
