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


def build_presence(client: Client, health: ServiceHealth, store: Store, claude: Claude) -> Presence:
    """Build what shows the health of the services."""
    return Presence(client, health, ping_of(store), claude.catalogue.refresh)
