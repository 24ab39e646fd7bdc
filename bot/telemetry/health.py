"""The health of the bot on this machine, as its health server reports."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from bot.config import Exit
from bot.config.settings import TelemetrySettings
from bot.conversation.errors import StartError
from bot.telemetry.health_report import SERVICES
from bot.telemetry.health_server import HEALTHZ, READYZ

TIMEOUT_S = 5.0
"""A separate thread answers, within milliseconds."""

BODY_BYTES = 64 * 1024

NAMES = {"gateway": "Discord", "redis": "Redis", "claude": "Claude"}


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """The result of a check, and its lines for the operator."""

    is_well: bool
    text: str


def check_health(settings: TelemetrySettings, *, only_live: bool = False) -> HealthCheck:
    """Ask the bot whether it can serve, or only whether its process works; StartError if it has no health server."""
    if not settings.metrics_port:
        raise StartError(
            "telemetry.metrics_port: set a port (BOT_TELEMETRY__METRICS_PORT), on which the bot reports its health",
            exit_code=Exit.SETTINGS,
        )
    host = _reachable(settings.metrics_host)
    path = HEALTHZ if only_live else READYZ
    # No proxy between two processes of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{host}:{settings.metrics_port}{path}", timeout=TIMEOUT_S) as response:
            body = response.read(BODY_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            body = error.read(BODY_BYTES)
    except OSError as error:
        reason = getattr(error, "reason", None) or error
        return HealthCheck(False, f"No bot answers on {host}:{settings.metrics_port}: {reason}")
    return _read(body) or HealthCheck(False, f"What answers on {host}:{settings.metrics_port} is no Bobbin.")


def _read(body: bytes) -> HealthCheck | None:
    """Read a report, None if it is none of a Bobbin's."""
    try:
        found: dict[str, Any] = json.loads(body)
        loop = found["event_loop"]
        if "live" in found:
            text = (
                "The process works."
                if found["live"]
                else f"The event loop is blocked for {loop['behind_s']} s."
            )
            return HealthCheck(bool(found["live"]), text)
        lines = [f"{NAMES[name]}: {_condition(found[name])}" for name in SERVICES]
        if loop["state"] != "running":
            lines.append(f"Event loop: {loop['state']} for {loop['behind_s']} s")
        return HealthCheck(bool(found["ready"]), "\n".join(lines))
    except (ValueError, KeyError, TypeError):
        return None


def _condition(found: dict[str, Any]) -> str:
    return f"{found['state']} ({found['reason']})" if found["reason"] else str(found["state"])


def _reachable(host: str) -> str:
    """Return the address for reaching a server that listens on `host` from its own machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
