"""The fixtures of the tests of the store."""

from __future__ import annotations

import re
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.crc import key_slot

from bot.store.pins_and_summaries import PinsAndSummaries
from bot.store.scripts import Call, Scripts
from tests.store.stage import KEYS, Store

NAMES_KEYS = re.compile(r"[\w.-]+:\{\d+\}:\w*:$")
"""What a script puts the ids of messages behind: the beginning of the names of records and results."""


@pytest.fixture(autouse=True)
def one_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """See that each script that a test runs keeps to one slot of a cluster, in its KEYS and in what it names else."""
    run = Scripts.run_and_read

    async def checked(self: Scripts, call: Call, **further: Any) -> Any:
        beginnings = [each for each in call.arguments if isinstance(each, str) and NAMES_KEYS.match(each)]
        slots = {key_slot(name.encode()) for name in (*call.keys, *beginnings)}
        assert len(slots) <= 1, f"{call.name}: {call.keys} {beginnings}"
        return await run(self, call, **further)

    monkeypatch.setattr(Scripts, "run_and_read", checked)


@pytest.fixture
def store(redis: Redis) -> Store:
    return Store(redis)


@pytest.fixture
def recall(redis: Redis) -> PinsAndSummaries:
    return PinsAndSummaries(redis, KEYS, ttl_s=1000)
