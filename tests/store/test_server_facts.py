"""What is asked of a Redis server, on a real one."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bot.conversation.errors import StoreUnavailable
from bot.store.connection import connect
from bot.store.server_facts import (
    _is_remote,
    server_facts,
    set_no_eviction,
    switch_on_append_only_file,
)
from tests.redis_server import binary_of_tests, redis_server


def product_of(binary: Path) -> str:
    """Read what a server calls itself: `Valkey server v=...` or `Redis server v=...`."""
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout.partition(
        " "
    )[0]


async def test_the_facts_of_a_server_and_what_can_be_set_of_it() -> None:
    product = product_of(binary_of_tests())
    with redis_server(None, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as url:
        async with connect(url, timeout_s=3.0) as redis:
            facts = await server_facts(redis, url, verifies=True)
            assert (facts.product, facts.role, facts.policy) == (product, "master", "allkeys-lru")
            assert (facts.appends, facts.saves, facts.memory_max) == (False, False, 100 * 1024 * 1024)
            assert 0 < facts.memory_used < facts.memory_max
            assert (facts.is_remote, facts.has_tls, facts.is_cluster, facts.disk_problem) == (
                *(False, False, False),
                "",
            )
            await set_no_eviction(redis)
            await switch_on_append_only_file(redis)
            after = await server_facts(redis, url, verifies=True)
            assert replace(after, policy="allkeys-lru", appends=False).version == facts.version
            assert (after.policy, after.appends) == ("noeviction", True)


async def test_a_server_that_is_gone_is_unavailable() -> None:
    async with connect("redis://127.0.0.1:1", timeout_s=0.5) as redis:
        with pytest.raises(StoreUnavailable):
            await server_facts(redis, "redis://127.0.0.1:1", verifies=True)


@pytest.mark.parametrize(
    "host", [None, "localhost", "127.0.0.1", "10.0.0.7", "redis", "cache.internal", "fd00::1"]
)
def test_near_hosts(host: str | None) -> None:
    assert not _is_remote(host)


@pytest.mark.parametrize("host", ["redis.example.org", "8.8.8.8", "2a00:1450:4001::1"])
def test_far_hosts(host: str) -> None:
    assert _is_remote(host)
