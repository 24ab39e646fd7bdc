"""The health of a bot that works, to spoil in a test."""

from __future__ import annotations

from bot.telemetry.gateway_state import GatewayHealth
from bot.telemetry.health_report import Health
from bot.telemetry.loop_lag import LoopLag
from bot.telemetry.service_health import ServiceHealth


def healthy(loop: LoopLag | None = None) -> Health:
    """Return the health of a bot that is connected to everything."""
    health = Health(GatewayHealth(), ServiceHealth(), loop or LoopLag(lambda _: None))
    health.services.started()
    health.gateway.established()
    health.gateway.backfilled()
    return health
