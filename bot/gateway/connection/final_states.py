"""The states of the gateway that end the process: why Discord does not let the bot in."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.config import Exit
from bot.conversation.errors import StartError
from bot.gateway.connection.client import Client
from bot.telemetry.gateway_state import GatewayReason, GatewayState

FINAL_STATES = {
    Exit.DISCORD_TOKEN: (GatewayState.BAD_CREDENTIALS, GatewayReason.TOKEN_REFUSED),
    Exit.DISCORD_INTENT: (GatewayState.MISSING_INTENT, GatewayReason.INTENT_REFUSED),
    Exit.DISCORD_UNREACHABLE: (GatewayState.UNKNOWN_ERROR, GatewayReason.CLOSED_FOR_GOOD),
}
"""By the code with which the process ends."""


async def noted(client: Client, step: Awaitable[None]) -> None:
    """Await a login or a connection, and note in the health of `client` why the process ends."""
    try:
        await step
    except StartError as error:
        if found := FINAL_STATES.get(Exit(error.exit_code)):
            client.health.change(*found)
        raise
