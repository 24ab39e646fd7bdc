"""What goes over the wire to Discord: each request in its turn, and counted."""

from __future__ import annotations

import contextlib
import json
import re
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.conversation.errors import DiscordTooOld
from bot.gateway.outbox import TOO_OLD_CODE
from bot.render.pace import Kind, Pace
from bot.telemetry.metrics import Metrics

TOO_MANY_REQUESTS = 429

FAILED = "none"
"""The label of a call that got no answer."""

FREE = ("/interactions/", "/webhooks/")
"""What the limit of a bot as a whole does not cover (Discord, topics/rate-limits)."""

MESSAGE = re.compile(r"/channels/(?P<channel>\d+)/messages(/\d+)?")
"""The calls that count against the limit of their channel."""


def count(client: discord.Client, metrics: Metrics, pace: Pace) -> None:
    """Have the client's requests wait for their turn and count them, and tell whether it is connected.

    To be called before it logs in.
    """

    async def starting(_: object, context: SimpleNamespace, start: Any) -> None:
        context.turn = None
        if (path := limited_path(str(start.url))) is not None:
            context.turn = await pace.request(*classify(start.method, path))

    async def answered(_: object, context: SimpleNamespace, end: Any) -> None:
        pace.answered(context.turn)
        await _tell_too_old(end.response)
        metrics.discord_calls.labels(method=end.method, status=str(end.response.status)).inc()

    async def failed(_: object, context: SimpleNamespace, end: Any) -> None:
        pace.answered(context.turn)
        metrics.discord_calls.labels(method=end.method, status=FAILED).inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(starting)
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    client.http.http_trace = trace

    def connected() -> float:
        ws = getattr(client, "ws", None)  # None until the first connection, whatever its type says
        return float(client.is_ready() and ws is not None and ws.open)

    metrics.discord_connected.set_function(connected)


async def _tell_too_old(response: aiohttp.ClientResponse) -> None:
    """Raise DiscordTooOld where discord.py would wait for a limit that lasts longer than anybody waits."""
    if response.status == TOO_MANY_REQUESTS and response.method == "PATCH":
        # The text stays with the response, so it is there for discord.py as well.
        with contextlib.suppress(ValueError, AttributeError):
            if json.loads(await response.text()).get("code") == TOO_OLD_CODE:
                raise DiscordTooOld


def limited_path(url: str) -> str | None:
    """The path of a request that the limits cover, None for files, the gateway and interactions."""
    if not url.startswith(Route.BASE):
        return None
    path = url[len(Route.BASE) :].partition("?")[0]
    return None if path.startswith(FREE) else path


def classify(method: str, path: str) -> tuple[int, Kind]:
    """The place and the kind of a request that nobody has announced."""
    if method == "GET":
        return 0, Kind.READ
    found = MESSAGE.fullmatch(path)
    if found is not None and method in ("POST", "PATCH"):
        return int(found["channel"]), Kind.PART  # counts against its channel
    return 0, Kind.OTHER
