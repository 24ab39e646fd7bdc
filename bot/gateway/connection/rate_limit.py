"""What goes over the wire to Discord: each request in its turn, and counted."""

from __future__ import annotations

import contextlib
import json
import re
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import structlog
from discord.http import Route

from bot.conversation.clock import MOST_OFF_S, Clock
from bot.conversation.errors import DiscordTooOld
from bot.gateway.connection.compat import Http
from bot.gateway.outbox.outbox import TOO_OLD_CODE
from bot.render.pace import Kind, Pace
from bot.telemetry.metrics import Metrics

log = structlog.get_logger()

TOO_MANY_REQUESTS = 429

FAILED = "none"
"""The label of a call that got no answer."""

FREE = ("/interactions/", "/webhooks/")
"""What the limit of a bot as a whole does not cover (Discord, topics/rate-limits)."""

MESSAGE = re.compile(r"/channels/(?P<channel>\d+)/messages(/\d+)?")
"""The calls that count against the limit of their channel."""


def count(client: discord.Client, metrics: Metrics, pace: Pace, clock: Clock | None = None) -> None:
    """Have the client's requests wait for their turn and count them, and tell whether it is connected.

    `clock` is set by the answers. To be called before it logs in.
    """

    async def starting(_: object, context: SimpleNamespace, start: Any) -> None:
        context.turn, context.counted = None, False
        if (path := limited_path(str(start.url))) is not None:
            context.turn = await pace.request(*classify(start.method, path))
            if clock is not None:
                context.asked_s = clock.steady_s()

    warned = False

    async def answered(_: object, context: SimpleNamespace, end: Any) -> None:
        nonlocal warned
        pace.answered(context.turn)
        if clock is not None and hasattr(context, "asked_s"):
            set_clock(clock, end.response.headers.get("Date", ""), context.asked_s)
            warned = warned or warn_of_the_host(clock)
        metrics.discord_calls.labels(method=end.method, status=str(end.response.status)).inc()
        context.counted = True  # what is raised below comes to `failed`, too
        await _tell_too_old(end.response)
        if isinstance(client.http, Http):
            await _tell_not_now(client.http, end.response)

    async def failed(_: object, context: SimpleNamespace, end: Any) -> None:
        if context.counted:
            return
        pace.answered(context.turn)
        metrics.discord_calls.labels(method=end.method, status=FAILED).inc()

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(starting)
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    client.http.http_trace = trace

    def connected() -> float:
        ws = getattr(client, "ws", None)  # None until the first connection, whatever its type says
        return float(client.is_ready() and ws is not None and ws.open and ws.established)

    metrics.discord_connected.set_function(connected)


def set_clock(clock: Clock, date: str, asked_s: float) -> None:
    """Have the clock follow the date of an answer of Discord's."""
    with contextlib.suppress(ValueError, TypeError, OverflowError):
        clock.set_from_response(parsedate_to_datetime(date).timestamp(), asked_s, clock.steady_s())


def warn_of_the_host(clock: Clock) -> bool:
    """Say so if the clock of the host is minutes off."""
    ahead_s = clock.host_is_ahead_s()
    if abs(ahead_s) <= MOST_OFF_S:
        return False
    log.warning(
        "host_clock_wrong",
        minutes=round(abs(ahead_s) / 60),
        hint=f"the clock of this host is {'ahead of' if ahead_s > 0 else 'behind'} Discord's: have NTP keep it (such "
        "as by timedatectl set-ntp true); the bot goes by Discord's",
    )
    return True


async def _tell_too_old(response: aiohttp.ClientResponse) -> None:
    """Raise DiscordTooOld where discord.py would wait for a limit that lasts longer than anybody waits."""
    if response.status == TOO_MANY_REQUESTS and response.method == "PATCH":
        # The text stays with the response, so it is there for discord.py as well.
        with contextlib.suppress(ValueError, AttributeError):
            if json.loads(await response.text()).get("code") == TOO_OLD_CODE:
                raise DiscordTooOld


async def _tell_not_now(http: Http, response: aiohttp.ClientResponse) -> None:
    """Raise RateLimited where discord.py would wait for longer than anybody does, or would ask again at once."""
    if not http.heeded or (path := limited_path(str(response.url))) is None:
        return
    retry_after_s: float | None = None
    if response.status == TOO_MANY_REQUESTS:
        # The header has whole seconds only; Cloudflare answers in HTML.
        with contextlib.suppress(ValueError, AttributeError, TypeError, KeyError):
            retry_after_s = float(json.loads(await response.text())["retry_after"])
    for_s = http.bans.answered(response.method, path, response.status, response.headers, retry_after_s)
    if for_s:
        raise discord.RateLimited(for_s)


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
