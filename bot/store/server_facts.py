"""The facts about the Redis server: version, role, persistence, memory, latency."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from bot.findings.facts import RedisFacts
from bot.findings.redis_rules import NO_EVICTION
from bot.store.connection import translated
from bot.store.counted import CountedRedis

SAMPLES = 5
"""The shortest of several pings: the first one connects, and any may meet another program."""

PRODUCTS = {"redis": "Redis", "valkey": "Valkey"}


async def server_facts(redis: CountedRedis, address: str, *, verifies: bool) -> RedisFacts:
    """Ask the server, or each primary of a cluster; StoreUnavailable if one does not answer."""
    with translated():
        found = [await _facts_of(server, address, verifies=verifies) for server in await redis.primaries()]
    wanted = redis.replicas.wanted if redis.replicas is not None else 0
    return replace(_worst(found), primaries=len(found), wanted_replicas=wanted)


async def _facts_of(redis: Redis, address: str, *, verifies: bool) -> RedisFacts:
    parts = urlsplit(address)
    latency_s = min([await _ping_s(redis) for _ in range(SAMPLES)])
    seconds, micro = await redis.time()
    ahead_s = time.time() - (seconds + micro / 1_000_000)
    known = RedisFacts(
        latency_s=latency_s,
        is_remote=_is_remote(parts.hostname) if parts.scheme != "unix" else False,
        has_tls=parts.scheme == "rediss",
        verifies=verifies and "ssl_cert_reqs=none" not in parts.query,
        host_is_ahead_s=ahead_s,
    )
    try:
        info: dict[str, Any] = await redis.info()
    except (NoPermissionError, ResponseError):
        return replace(known, is_info_allowed=False)
    return _with_info(known, info, saves=await _saves(redis))


def _worst(servers: Sequence[RedisFacts]) -> RedisFacts:
    """Return the facts of a cluster: of each the one that is worst among its primaries."""
    first = servers[0]
    if len(servers) == 1:
        return first
    oldest = min(
        servers, key=lambda each: [int(number) for number in each.version.split(".") if number.isdigit()]
    )
    fullest = max(servers, key=lambda each: each.memory_used / each.memory_max if each.memory_max else 0)
    evicting = [each.policy for each in servers if each.policy not in ("", NO_EVICTION)]
    return replace(
        first,
        latency_s=max(each.latency_s for each in servers),
        is_info_allowed=all(each.is_info_allowed for each in servers),
        product=oldest.product,
        version=oldest.version,
        policy=evicting[0] if evicting else first.policy,
        memory_used=fullest.memory_used,
        memory_max=fullest.memory_max,
        appends=_least(each.appends for each in servers),
        saves=_least(each.saves for each in servers),
        disk_problem=next((each.disk_problem for each in servers if each.disk_problem), ""),
        host_is_ahead_s=max((each.host_is_ahead_s or 0.0 for each in servers), key=abs),
        replicas=min((each.replicas for each in servers if each.replicas is not None), default=None),
    )


def _least(found: Iterable[bool | None]) -> bool | None:
    """Return False if it is False anywhere, None if it is unknown somewhere."""
    values = set(found)
    return False if False in values else None if None in values else True


async def set_no_eviction(redis: CountedRedis) -> None:
    """Set the eviction policy, and keep it over a restart where the server has a configuration file."""
    await _configure(redis, "maxmemory-policy", NO_EVICTION)


async def switch_on_append_only_file(redis: CountedRedis) -> None:
    """Switch on the append-only file, and keep it over a restart where the server has a configuration file."""
    await _configure(redis, "appendonly", "yes")


async def _configure(redis: CountedRedis, name: str, value: str) -> None:
    with translated():
        for server in await redis.primaries():
            await server.config_set(name, value)
            with suppress(ResponseError):  # without a configuration file
                await server.config_rewrite()


async def _ping_s(redis: Redis) -> float:
    began_s = time.perf_counter()
    await redis.ping()
    return time.perf_counter() - began_s


async def _saves(redis: Redis) -> bool | None:
    """Whether snapshots are configured, None where hosts do not allow the question."""
    try:
        found: Any = await redis.config_get("save")
    except ResponseError:
        return None
    return bool(str(found.get("save") or "").strip())


def _with_info(known: RedisFacts, info: dict[str, Any], *, saves: bool | None) -> RedisFacts:
    name = "valkey" if "valkey_version" in info else "redis"
    failed = [
        what
        for what, key in (
            ("snapshot", "rdb_last_bgsave_status"),
            ("append-only file", "aof_last_write_status"),
        )
        if info.get(key, "ok") != "ok"
    ]
    return replace(
        known,
        product=PRODUCTS[name],
        version=str(info.get(f"{name}_version", "")),
        role=str(info.get("role", "")),
        is_cluster=info.get("cluster_enabled") == 1,
        replicas=int(info["connected_slaves"]) if "connected_slaves" in info else None,
        policy=str(info.get("maxmemory_policy", "")),
        memory_used=int(info.get("used_memory", 0)),
        memory_max=int(info.get("maxmemory", 0)),
        appends=bool(info["aof_enabled"]) if "aof_enabled" in info else None,
        saves=saves,
        disk_problem=", ".join(failed),
    )


def _is_remote(host: str | None) -> bool:
    """Whether a host is beyond this machine and its private network, as far as the name tells."""
    if not host or host == "localhost":
        return False
    try:
        return not ip_address(host).is_private
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".lan"))
