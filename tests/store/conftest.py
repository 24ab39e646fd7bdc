"""The fixtures of the tests of the store."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.store.pins_and_summaries import PinsAndSummaries
from tests.store.stage import KEYS, Store


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
def recall(redis: Redis) -> PinsAndSummaries:
    return PinsAndSummaries(redis, KEYS, ttl_s=1000)
