"""The bytes of inline files, on a real Redis server."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from bot.conversation.errors import Fenced
from bot.store.claim import Lease
from bot.store.inline_files import INLINE_SLACK_S, InlineFiles
from bot.store.keys import Keys
from tests.store.claims import lease_of
from tests.store.clock import Clock

C, D = 77, 78
LEASE, OF_D = Lease(C, 1), Lease(D, 1)
KEYS = Keys("test")
TTL_S, CAP = 1000, 100


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def files(redis: Redis, clock: Clock) -> InlineFiles:
    for lease in (LEASE, OF_D):
        assert await lease_of(redis, KEYS, lease.conversation) == lease
    return InlineFiles(redis, KEYS, ttl_s=TTL_S, most_bytes=CAP, now_s=clock)


async def test_bytes_are_stored_once_and_live_longer_than_the_history(
    redis: Redis, files: InlineFiles
) -> None:
    for _ in range(3):
        await files.put(LEASE, "b1", "cG5n")
    assert await redis.hgetall(KEYS.inline(C)) == {"b1": "cG5n"}
    assert await redis.zcard(KEYS.inline_index) == 1
    assert TTL_S < await redis.ttl(KEYS.inline(C)) <= TTL_S + INLINE_SLACK_S


async def test_beyond_the_cap_the_bytes_go_that_were_not_used_for_longest(
    redis: Redis, files: InlineFiles, clock: Clock
) -> None:
    for lease, digest in ((LEASE, "b1"), (LEASE, "b2"), (OF_D, "b3")):
        await files.put(lease, digest, "x" * 30)
        clock.now += 1
    await files.used(C, ["b1"])
    clock.now += 1
    with capture_logs() as logs:
        await files.put(OF_D, "b4", "x" * 50)
    assert [entry["event"] for entry in logs] == ["inline_files_evicted"]
    assert await redis.hkeys(KEYS.inline(C)) == ["b1"]
    assert await redis.hkeys(KEYS.inline(D)) == ["b4"]


async def test_bytes_that_went_with_their_conversation_are_not_counted(
    redis: Redis, files: InlineFiles, clock: Clock
) -> None:
    await files.put(LEASE, "b1", "x" * 60)
    clock.now += 1
    await files.put(OF_D, "b3", "x" * 40)
    await redis.delete(KEYS.inline(D))
    await files.put(OF_D, "b4", "x" * 40)
    assert list(await files.used(C, ["b1"])) == ["b1"]
    assert await redis.zcard(KEYS.inline_index) == 2


async def test_the_latest_bytes_are_never_those_that_go(files: InlineFiles) -> None:
    await files.put(LEASE, "b1", "x" * (CAP + 1))
    assert list(await files.used(C, ["b1"])) == ["b1"]


async def test_bytes_that_were_not_used_for_the_life_of_a_conversation_are_not_counted(
    redis: Redis, files: InlineFiles, clock: Clock
) -> None:
    await files.put(LEASE, "b1", "x" * 60)
    clock.now += TTL_S + INLINE_SLACK_S + 1
    await files.put(OF_D, "b3", "x" * 60)
    assert await redis.hkeys(KEYS.inline(C)) == ["b1"]
    assert await redis.zcard(KEYS.inline_index) == 1


async def test_who_has_lost_the_lease_stores_no_bytes(redis: Redis, files: InlineFiles) -> None:
    with pytest.raises(Fenced):
        await files.put(Lease(C, LEASE.token - 1), "b1", "cG5n")
    assert not await redis.exists(KEYS.inline(C))
