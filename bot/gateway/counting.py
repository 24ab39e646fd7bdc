"""What goes over the wire to Discord, counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import discord

from bot.telemetry.metrics import Metrics

FAILED = "none"
"""The label of a call that got no answer."""


def count(client: discord.Client, metrics: Metrics) -> None:
    """Count the client's calls, and tell whether it is connected; to be called before it logs in."""

    async def answered(_: object, __: SimpleNamespace, end: Any) -> None:
        metrics.discord_calls.labels(method=end.method, status=str(end.response.status)).inc()

    async def failed(_: object, __: SimpleNamespace, end: Any) -> None:
        metrics.discord_calls.labels(method=end.method, status=FAILED).inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    client.http.http_trace = trace

    def connected() -> float:
        ws = getattr(client, "ws", None)  # None until the first connection, whatever its type says
        return float(client.is_ready() and ws is not None and ws.open)

    metrics.discord_connected.set_function(connected)
