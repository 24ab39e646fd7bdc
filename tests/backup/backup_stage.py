"""A store that is filled, backed up and restored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.backup.restore import Restored, restore
from bot.store.codec import Result
from bot.store.connection import connect
from bot.store.content import AsStored
from bot.store.key_lifetimes import PULSE_S
from bot.store.keys import Keys
from tests.conversation.builders import message
from tests.redis_server import redis_server
from tests.store.stage import KEYS, Store, answered, claimed, receive

SECRET = b"secret"
SCHEMA = 1


@pytest.fixture
async def source(redis: Redis, redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty server."""
    client = connect(redis_url, timeout_s=10, cipher=AsStored())
    yield client
    await client.aclose()


@pytest.fixture
async def target() -> AsyncIterator[Redis]:
    """A client of another server."""
    with redis_server() as url:
        client = connect(url, timeout_s=10, cipher=AsStored())
        yield client
        await client.aclose()


async def filled(redis: Redis) -> Store:
    """A store with a turn that is done, a message that waits, and one key of each type."""
    store = Store(redis)
    await receive(store, message("first", number=10))
    claim = await claimed(store)
    await store.journal.commit(claim, answered(claim), Result("answer"), window_start=0)
    await store.journal.acknowledge(claim, reconcile=True)
    await receive(store, message("second", number=11))
    await redis.xadd("test:{7}:audit", {"what": "something"})
    await redis.sadd("test:{5}:x", "file")
    await redis.set("test:since", "17")
    await redis.set("test:pulse:gone", "1", ex=PULSE_S // 2)
    await redis.set(KEYS.migration_lease, "gone 1", ex=PULSE_S)
    await redis.set(KEYS.migration_step, "2 found", ex=PULSE_S)
    await redis.sadd(KEYS.migration_left, "{5}:meta")
    await redis.set("another:key", "1")
    return store


async def restored(redis: Redis, path: Path, keys: Keys = KEYS, **options: Any) -> Restored:
    return await restore(redis, keys, path, schema=SCHEMA, secret=SECRET, **options)
