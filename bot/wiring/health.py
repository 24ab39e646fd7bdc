"""The health server, and what is reported there."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import structlog

from bot.config import TelemetrySettings
from bot.telemetry.health_metrics import HealthMetrics
from bot.telemetry.health_report import Health
from bot.telemetry.health_server import served
from bot.telemetry.metrics import Metrics
from bot.telemetry.monitor_push import MonitorPush
from bot.telemetry.push import push

log = structlog.get_logger()


def serve_health(
    settings: TelemetrySettings, metrics: Metrics, health: Health, stack: AsyncExitStack
) -> None:
    """Serve the metrics and the health, if a port is set, until `stack` closes; StartError for a port in use."""
    if settings.metrics_port is None:
        return
    metrics.registry.register(HealthMetrics(health))
    host = settings.metrics_host
    port = stack.enter_context(served(host, settings.metrics_port, metrics.registry, health))
    log.info("metrics_served", host=host, port=port)


def monitor_pushes(settings: TelemetrySettings, health: Health) -> tuple[MonitorPush, ...]:
    """Build what tells the operator's monitor that the bot is well, if there is one."""
    if settings.heartbeat_url is None:
        return ()
    url = settings.heartbeat_url.get_secret_value()
    return (MonitorPush(partial(push, url, private=settings.private), lambda: health.is_ready),)
