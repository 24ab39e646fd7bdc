"""The presence, which shows whether Redis and Claude answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.claude.client import Claude
from bot.conversation.errors import StoreUnavailable
from bot.gateway.connection.client import Client
from bot.gateway.connection.presence import Presence
from bot.store.connection import translated
from bot.telemetry.service_health import ServiceHealth
from bot.wiring.store import Store

TRIAL = "1"
TRIAL_MS = 60_000


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


def takes_writes_of(store: Store) -> Callable[[], Awaitable[bool]]:
    """Return the question whether Redis serves: a full or read-only server answers a PING all the same.

    On a cluster every primary is asked, and one of them is written to.
    """

    async def takes_writes() -> bool:
        try:
            with translated():
                for server in await store.redis.primaries():
                    await server.ping()
                await store.redis.set(store.keys.start_check(TRIAL), "", px=TRIAL_MS)
        except StoreUnavailable:
            return False
        return True

    return takes_writes


def build_presence(client: Client, health: ServiceHealth, store: Store, claude: Claude) -> Presence:
    """Build what shows the health of the services."""
    return Presence(client, health, takes_writes_of(store), claude.catalogue.refresh)
