"""The health of the bot on this machine, read from its metrics."""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass
from ipaddress import ip_address

from prometheus_client.parser import text_string_to_metric_families

from bot.config import Exit
from bot.config.settings import TelemetrySettings
from bot.conversation.errors import StartError

CONNECTED = "bobbin_discord_connected"

TIMEOUT_S = 5.0
"""A separate thread serves the metrics, within milliseconds."""


@dataclass(frozen=True, slots=True)
class Health:
    """The result of a check, and one line for the operator."""

    well: bool
    line: str


def connected(settings: TelemetrySettings) -> Health:
    """Return whether the bot's metrics report a connection to Discord; StartError if no metrics are served."""
    if not settings.metrics_port:
        raise StartError(
            "telemetry.metrics_port: set a port (BOT_TELEMETRY__METRICS_PORT); the health is read from the metrics",
            exit_code=Exit.SETTINGS,
        )
    host = _reachable(settings.metrics_host)
    address = f"http://{host}:{settings.metrics_port}/metrics"
    # No proxy between two processes of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=TIMEOUT_S) as response:
            text = response.read().decode()
    except (OSError, urllib.error.URLError) as error:
        reason = getattr(error, "reason", None) or error
        return Health(False, f"No bot answers on {host}:{settings.metrics_port}: {reason}")
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == CONNECTED:
                if sample.value == 1:
                    return Health(True, "Connected to Discord.")
                return Health(False, "Not connected to Discord; the log says why.")
    return Health(False, f"What answers on {host}:{settings.metrics_port} is no Bobbin.")


def _reachable(host: str) -> str:
    """Return the address for reaching a server that listens on `host` from its own machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return host if address.version == 4 else f"[{host}]"
