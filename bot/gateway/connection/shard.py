"""One shard: discord.py's connection of a client without shards, of which a process runs several side by side.

discord.py's AutoShardedClient connects its shards one after another, and reconnects them so: in an outage the last of
them would wait for the attempts of all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import discord

from bot.gateway.connection.attempts import Attempts
from bot.telemetry.gateway_state import READY, GatewayReason

if TYPE_CHECKING:
    from bot.gateway.connection.client import Client
    from bot.gateway.connection.websocket import Socket


class Shard:
    """Stands for the client in `discord.Client.connect`: all but the socket and its attempts is the client's."""

    def __init__(self, client: Client, shard_id: int, attempts: Attempts) -> None:
        self._client = client
        self.shard_id = shard_id
        self.attempts = attempts
        self.ws: Socket = cast(
            "Socket", None
        )  # None until the first connection, as discord.py's clients have it
        self._may_identify = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    @property
    def established(self) -> bool:
        """Whether there is a session, from READY or RESUMED on."""
        return self.ws is not None and self.ws.open and self.ws.established

    def dispatch(self, event: str, /, *arguments: Any, **named: Any) -> None:
        """Dispatch an event; discord.py also dispatches `disconnect` for an attempt that has failed."""
        health = self._client.health
        if event == "disconnect" and health.state(self.shard_id) in READY:
            health.lost(GatewayReason.CONNECTION_LOST, shard=self.shard_id)
        self._client.dispatch(event, *arguments, **named)

    async def connect(self) -> None:
        """Connect, and reconnect, until the client is closed; raises what discord.py cannot go on after."""
        await self._client.identify_turn(self.shard_id)
        self._may_identify = True
        await discord.Client.connect(cast("discord.Client", self), reconnect=True)

    async def before_identify(self) -> None:
        """Wait until this shard may send IDENTIFY."""
        if not self._may_identify:
            await self._client.identify_turn(self.shard_id)
        self._may_identify = False

    async def close(self) -> None:
        """Close the connection."""
        if self.ws is not None and self.ws.open:
            await self.ws.close(code=1000)
