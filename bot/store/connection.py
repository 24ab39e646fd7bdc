"""The connection to Redis, and its failures in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError, ResponseError

from bot.config import Exit
from bot.conversation.errors import StartError, StoreUnavailable
from bot.store.counted import CountedRedis

RETRIES = 3
"""Every write is idempotent, so a lost answer is met by asking again. The first command after a restart of the
server always meets a dead connection, so 0 would fail there."""

CONNECTIONS = 50
"""More turns than this at once wait for each other's commands, each of which takes well under a millisecond."""

HEALTH_CHECK_S = 15
"""An idle connection is tried before it is used; hosts cut idle ones silently after minutes."""


PATIENCE_S = 3.0
"""A host may start the bot and its Redis at the same time, and Redis loads its data before it answers."""

LOOK_AGAIN_S = 0.2


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
    return CountedRedis(pool, failed)


async def check(redis: Redis) -> None:
    """Raise StartError, with one readable line, unless the server answers, lets us in and runs scripts."""
    loop = asyncio.get_running_loop()
    until_s = loop.time() + PATIENCE_S
    while True:
        try:
            await _try(redis)
        except StartError as error:
            if error.exit_code != Exit.REDIS_UNREACHABLE or loop.time() > until_s:
                raise
            await asyncio.sleep(LOOK_AGAIN_S)
        else:
            return


async def _try(redis: Redis) -> None:
    try:
        await redis.eval("return 1", 0)
    except (RedisError, OSError, TimeoutError) as error:
        # Where it fails while connecting, redis-py tells of the connection first.
        if any(
            isinstance(each, (AuthenticationError, NoPermissionError)) for each in (error, error.__cause__)
        ):
            raise StartError(
                "Redis refused the password or the user: correct REDIS_URL (redis://user:password@host:port/0)",
                exit_code=Exit.REDIS_PASSWORD,
            ) from error
        raise StartError(
            f"Redis cannot be reached ({type(error).__name__}): is it running, and is REDIS_URL right?",
            exit_code=Exit.REDIS_UNREACHABLE,
        ) from error


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
    code = str(error).partition(" ")[0] if isinstance(error, ResponseError) else ""
    return f"{type(error).__name__} {code}" if code.isalpha() and code.isupper() else type(error).__name__
