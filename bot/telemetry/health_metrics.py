"""The metrics of the health: the state of each service with its reason, and whether the bot can serve."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from bot.telemetry.health_report import Health
from bot.telemetry.metrics import NAMESPACE
from bot.version import version

SERVICE_STATE = f"{NAMESPACE}_service_state"
READY = f"{NAMESPACE}_ready"
BUILD = f"{NAMESPACE}_build"


class HealthMetrics(Collector):
    """Derives the metrics from the health at each scrape, as /readyz does."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._version = version()

    def describe(self) -> Iterator[Metric]:
        """Name the metrics."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """Return the metrics as they are now; of each service one state has the value 1."""
        states = GaugeMetricFamily(
            SERVICE_STATE,
            "1 for the state of each service (gateway, redis, claude), with the reason",
            labels=("service", "state", "reason"),
        )
        for name, each in self._health.conditions.items():
            states.add_metric((name, each.state, each.reason), 1)
        yield states
        yield GaugeMetricFamily(
            READY, "1 while the bot can serve, as /readyz says", float(self._health.is_ready)
        )
        build = InfoMetricFamily(BUILD, "The version of the bot")
        build.add_metric((), {"version": self._version})
        yield build
