"""What /healthz and /readyz report: whether a restart would help, and whether the bot can serve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.telemetry.gateway_state import READY, GatewayHealth
from bot.telemetry.loop_lag import LoopLag
from bot.telemetry.service_health import ServiceHealth, ServiceState

SERVICES = ("gateway", "redis", "claude")


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of one service."""

    state: str
    reason: str
    is_ready: bool


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to a health check: the verdict, and the JSON object that explains it."""

    is_well: bool
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Health:
    """The health of the bot; read by the thread of the health server."""

    gateway: GatewayHealth
    services: ServiceHealth
    loop: LoopLag
    clock: Callable[[], float] = time.monotonic

    @property
    def conditions(self) -> dict[str, Condition]:
        """The state of each service."""
        gateway = self.gateway.condition
        found = {"gateway": Condition(gateway.state.value, gateway.reason.value, gateway.state in READY)}
        for name, (state, reason) in (("redis", self.services.redis), ("claude", self.services.claude)):
            found[name] = Condition(state.value, reason, state is ServiceState.CONNECTED)
        return found

    @property
    def is_ready(self) -> bool:
        """Whether the bot can serve people."""
        return all(each.is_ready for each in self.conditions.values()) and not self.loop.is_blocked

    def readiness(self) -> Report:
        """Report whether the bot can serve people, for each service apart."""
        services: dict[str, dict[str, Any]] = {
            name: {"ready": each.is_ready, "state": each.state, "reason": each.reason}
            for name, each in self.conditions.items()
        }
        services["gateway"]["since_s"] = round(self.clock() - self.gateway.condition.since_s, 1)
        is_ready = self.is_ready
        return Report(is_ready, {"ready": is_ready, **services, "event_loop": self._loop()})

    def liveness(self) -> Report:
        """Report whether the process works. Services that are away do not count: no restart brings them back."""
        return Report(
            not self.loop.is_blocked, {"live": not self.loop.is_blocked, "event_loop": self._loop()}
        )

    def _loop(self) -> dict[str, Any]:
        state = "blocked" if self.loop.is_blocked else "running"
        return {"state": state, "behind_s": round(self.loop.behind_s, 3)}
