"""The facts about the Redis server: version, role, persistence, memory, latency."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from bot.findings.facts import RedisFacts
from bot.findings.redis_rules import NO_EVICTION
from bot.store.connection import translated

SAMPLES = 5
"""The shortest of several pings: the first one connects, and any may meet another program."""

PRODUCTS = {"redis": "Redis", "valkey": "Valkey"}


async def server_facts(redis: Redis, address: str, *, verifies: bool) -> RedisFacts:
    """Ask the server; StoreUnavailable if it does not answer."""
    parts = urlsplit(address)
    with translated():
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
            return _without_info(known)
        return _with_info(known, info, saves=await _saves(redis))


async def set_no_eviction(redis: Redis) -> None:
    """Set the eviction policy, and keep it over a restart where the server has a configuration file."""
    await _configure(redis, "maxmemory-policy", NO_EVICTION)


async def switch_on_append_only_file(redis: Redis) -> None:
    """Switch on the append-only file, and keep it over a restart where the server has a configuration file."""
    await _configure(redis, "appendonly", "yes")


async def _configure(redis: Redis, name: str, value: str) -> None:
    with translated():
        await redis.config_set(name, value)
        try:
            await redis.config_rewrite()
        except ResponseError:
            return  # without a configuration file


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


def _without_info(known: RedisFacts) -> RedisFacts:
    return RedisFacts(
        latency_s=known.latency_s,
        is_remote=known.is_remote,
        has_tls=known.has_tls,
        verifies=known.verifies,
        host_is_ahead_s=known.host_is_ahead_s,
        is_info_allowed=False,
    )


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
    return RedisFacts(
        latency_s=known.latency_s,
        is_remote=known.is_remote,
        has_tls=known.has_tls,
        verifies=known.verifies,
        host_is_ahead_s=known.host_is_ahead_s,
        product=PRODUCTS[name],
        version=str(info.get(f"{name}_version", "")),
        role=str(info.get("role", "")),
        is_cluster=info.get("cluster_enabled") == 1,
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
