"""The presence, which shows whether Redis and Claude answer."""

from __future__ import annotations

from bot.claude.client import Claude
from bot.conversation.errors import StoreUnavailable
from bot.gateway.connection.client import Client
from bot.gateway.connection.presence import Presence
from bot.store.connection import translated
from bot.telemetry.service_health import ServiceHealth
from bot.wiring.store import Store


def build_presence(client: Client, health: ServiceHealth, store: Store, claude: Claude) -> Presence:
    """Build what shows the health of the services."""

    async def ping() -> bool:
        try:
            with translated():
                await store.redis.ping()
        except StoreUnavailable:
            return False
        return True

    return Presence(client, health, ping, claude.catalogue.refresh)
