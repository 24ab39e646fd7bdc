"""Servers in data directories, and other bots that use them."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.conversation.errors import StartError
from bot.local.embedded import EmbeddedServer

ROOT = Path(__file__).parents[2]


def ask(server: EmbeddedServer, *command: str | int) -> object:
    with Redis.from_url(server.url, decode_responses=True, retry=Retry(NoBackoff(), 0)) as redis:
        return redis.execute_command(*command)


def process_of(server: EmbeddedServer) -> int:
    """The process id of the server that answers, 0 while none does."""
    with contextlib.suppress(RedisError, OSError):
        info = ask(server, "INFO", "server")
        assert isinstance(info, dict)
        return int(info["process_id"])
    return 0


def alive(process: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def kept(server: EmbeddedServer) -> AsyncIterator[EmbeddedServer]:
    async with server:
        keeper = asyncio.create_task(server.keep())
        try:
            yield server
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper


async def refusal(server: EmbeddedServer) -> StartError:
    with pytest.raises(StartError) as caught:
        await server.__aenter__()
    return caught.value
