"""The presence, which shows whether Redis and Claude answer, and the questions to Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from bot.claude.client import Claude
from bot.conversation.errors import StoreUnavailable
from bot.gateway.connection.client import Client
from bot.gateway.connection.presence import Presence
from bot.store.connection import translated
from bot.store.trial import refusal
from bot.telemetry.metrics import Metrics
from bot.telemetry.redis_latency import ANSWER_S, RedisLatency
from bot.telemetry.service_health import ServiceHealth
from bot.wiring.store import Store


def ping_of(store: Store) -> Callable[[], Awaitable[bool]]:
    """Return the question whether Redis answers."""

    async def ping() -> bool:
        try:
            with translated():
                await store.redis.ping()
        except StoreUnavailable:
            return False
        return True

    return ping


def try_redis_of(store: Store) -> Callable[[], Awaitable[str | None]]:
    """Return the question why Redis does not serve: a full or read-only server may answer a PING all the same."""
    return partial(refusal, store.redis, store.keys, within_s=ANSWER_S)


def build_presence(client: Client, health: ServiceHealth, store: Store, claude: Claude) -> Presence:
    """Build what shows the health of the services."""
    return Presence(client, health, try_redis_of(store), claude.catalogue.refresh)


def build_redis_latency(store: Store, metrics: Metrics, health: ServiceHealth) -> RedisLatency:
    """Build what measures the latency of Redis, and notices that Redis does not serve while nobody writes."""
    return RedisLatency(
        ping_of(store), try_redis_of(store), metrics.redis_seconds.observe, health.redis_failed
    )
