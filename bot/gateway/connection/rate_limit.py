"""A trace of every request to Discord: it waits for its slot, sets the clock, and raises for long rate limits."""

from __future__ import annotations

import contextlib
import json
import re
import time
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.conversation.clock import MOST_OFF_S, Clock
from bot.conversation.errors import DiscordTooOld
from bot.gateway import error_codes
from bot.gateway.connection.client import Client
from bot.gateway.connection.compat import Http
from bot.gateway.connection.completion import TOO_MANY_REQUESTS
from bot.render.pace import Kind, Pace
from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

NO_RESPONSE = "none"
"""The label `status` of a call without a response."""

SERVER_ERROR = 500

WAIT_MIN_S = 0.01
"""A shorter wait is no wait for a limit."""

UNLIMITED = ("/interactions/", "/webhooks/")
"""Routes that the global limit of a bot does not cover (Discord, topics/rate-limits)."""

MESSAGE = re.compile(r"/channels/(?P<channel>\d+)/messages(/\d+)?")
"""The calls that count against the limit of their channel."""


def install(client: Client, metrics: Metrics, pace: Pace, clock: Clock | None = None) -> None:
    """Trace the client's requests; to be called before the login. The responses set `clock`."""
    warned = False

    async def on_start(_: object, context: SimpleNamespace, start: Any) -> None:
        context.call, context.counted = None, False
        if (path := limited_path(str(start.url))) is not None:
            began_s = time.monotonic()
            context.call = await pace.request(*classify(start.method, path))
            if (waited_s := time.monotonic() - began_s) >= WAIT_MIN_S:
                metrics.rate_limited("discord", waited_s)
            if clock is not None:
                context.asked_s = clock.steady_s()

    async def on_response(_: object, context: SimpleNamespace, end: Any) -> None:
        nonlocal warned
        pace.answered(context.call)
        if clock is not None and hasattr(context, "asked_s"):
            set_clock(clock, end.response.headers.get("Date", ""), context.asked_s)
            warned = warned or warn_about_host_clock(clock)
        metrics.discord_calls.labels(method=end.method, status=str(end.response.status)).inc()
        context.counted = True  # aiohttp calls `on_exception` for what is raised below
        await _raise_if_too_old(end.response)
        if end.response.status == TOO_MANY_REQUESTS or end.response.status >= SERVER_ERROR:
            log.info(
                "discord_call_failed",
                method=end.method,
                status=end.response.status,
                ray=end.response.headers.get("CF-Ray"),
            )
        if isinstance(client.http, Http):
            await _raise_if_banned(client.http, end.response, metrics)

    async def on_exception(_: object, context: SimpleNamespace, end: Any) -> None:
        if context.counted:
            return
        pace.answered(context.call)
        metrics.discord_calls.labels(method=end.method, status=NO_RESPONSE).inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(on_start)
    trace.on_request_end.append(on_response)
    trace.on_request_exception.append(on_exception)
    client.http.http_trace = trace

    def connected() -> float:
        return float(client.is_ready() and client.is_connected)

    metrics.discord_connected.set_function(connected)


def set_clock(clock: Clock, date: str, asked_s: float) -> None:
    """Set the clock by the `Date` of a response to a request that was sent at `asked_s`."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        clock.set_from_response(parsedate_to_datetime(date).timestamp(), asked_s, clock.steady_s())


def warn_about_host_clock(clock: Clock) -> bool:
    """Log a warning if the clock of the host is minutes off; returns whether it is."""
    ahead_s = clock.host_is_ahead_s()
    if abs(ahead_s) <= MOST_OFF_S:
        return False
    log.warning(
        "host_clock_wrong",
        minutes=round(abs(ahead_s) / 60),
        hint=f"the clock of this host is {'ahead of' if ahead_s > 0 else 'behind'} Discord's: synchronize it by NTP "
        "(such as with timedatectl set-ntp true); the bot uses Discord's clock",
    )
    return True


async def _raise_if_too_old(response: aiohttp.ClientResponse) -> None:
    """Raise DiscordTooOld for the limit on edits of old messages, which discord.py would wait out for minutes."""
    if response.status == TOO_MANY_REQUESTS and response.method == "PATCH":
        # The response caches its text, so discord.py can read it again.
        with contextlib.suppress(ValueError, AttributeError):
            if json.loads(await response.text()).get("code") == error_codes.EDIT_RATE_LIMIT:
                raise DiscordTooOld


async def _raise_if_banned(http: Http, response: aiohttp.ClientResponse, metrics: Metrics) -> None:
    """Raise RateLimited for a long limit, which discord.py would wait out, or would repeat the call at once."""
    if not http.enforces_bans or (path := limited_path(str(response.url))) is None:
        return
    retry_after_s: float | None = None
    if response.status == TOO_MANY_REQUESTS:
        # The header has whole seconds only; Cloudflare responds with HTML.
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError):
            retry_after_s = float(json.loads(await response.text())["retry_after"])
    for_s = http.bans.record(response.method, path, response.status, response.headers, retry_after_s)
    if for_s:
        metrics.rate_limited("discord", for_s)
        raise discord.RateLimited(for_s)


def limited_path(url: str) -> str | None:
    """Return the path of a request that rate limits cover, None for files, the gateway and interactions."""
    if not url.startswith(Route.BASE):
        return None
    path = url[len(Route.BASE) :].partition("?")[0]
    return None if path.startswith(UNLIMITED) else path


def classify(method: str, path: str) -> tuple[int, Kind]:
    """Return the channel and the kind of a request for which no slot was taken in advance."""
    if method == "GET":
        return 0, Kind.READ
    found = MESSAGE.fullmatch(path)
    if found is not None and method in ("POST", "PATCH"):
        return int(found["channel"]), Kind.PART
    return 0, Kind.OTHER
