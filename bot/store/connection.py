"""The connection to Redis, and its failures in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import RedisError

from bot.conversation.errors import StoreUnavailable
from bot.store.counted import CountedRedis
from bot.store.serving import DROPPED, code_of

RETRIES = 3
"""Every write is idempotent, so a lost answer is met by asking again. The first command after a restart of the
server always meets a dead connection, so 0 would fail there."""

CONNECTIONS = 50
"""More turns than this at once wait for each other's commands, each of which takes well under a millisecond."""

HEALTH_CHECK_S = 15
"""An idle connection is tried before it is used; hosts cut idle ones silently after minutes."""


def connect(
    url: str,
    *,
    timeout_s: float,
    ca_file: Path | None = None,
    verify: bool = True,
    failed: Callable[[], None] = lambda: None,
) -> Redis:
    """Prepare a client for `redis://`, `rediss://` or `unix://`; nothing is sent yet.

    `failed` is called for each command that fails after all tries.
    """
    options: dict[str, object] = {}
    if url.startswith("rediss://"):
        options = {"ssl_cert_reqs": "required" if verify else "none", "ssl_check_hostname": verify}
        if ca_file is not None:
            options["ssl_ca_certs"] = str(ca_file)
    pool = BlockingConnectionPool.from_url(
        url,
        protocol=2,  # nothing here needs RESP3, and HELLO, which asks for it, is unknown to older servers
        # redis-py would introduce itself before each connection; where a password is missing, it then tries to
        # find out by further connections why it is refused, without end.
        driver_info=None,
        decode_responses=True,
        encoding_errors="replace",
        max_connections=CONNECTIONS,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        health_check_interval=HEALTH_CHECK_S,
        retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=0.5), RETRIES),
        **options,
    )
    pool.connection_class = DROPPED[pool.connection_class]
    return CountedRedis(pool, failed)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what redis-py raises into StoreUnavailable; the text names the kind of failure only.

    A cancellation that redis-py has swallowed is raised anew: it sends within `asyncio.wait_for`, which before Python
    3.12 returns as if nothing had happened when the cancellation comes just as the sending ends. A heartbeat that
    misses its end would hold its lease for ever.

    A RuntimeError is what uvloop raises, without a word, where redis-py writes to a connection that was closed just
    before, as by a server that restarts.
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
    """Name a failure; a server's answer by its code alone (OOM, READONLY, NOPERM), as the rest may quote."""
    code = code_of(error)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
