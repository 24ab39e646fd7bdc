"""Outages of Discord of each kind: afterwards the bot is connected again, and has sent few IDENTIFY."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, cast
from urllib.parse import urlsplit

import discord.client
import pytest
import yarl
from discord import gateway
from discord.http import Route

from bot.gateway.connection import attempts, compat, rate_limit, session, websocket
from bot.gateway.connection.keep_alive import KeepAlive
from bot.local.simulator.discord import Discord
from bot.render.pace import Pace
from bot.retry import Schedule
from bot.telemetry.gateway_state import READY, GatewayReason
from bot.telemetry.metrics import Metrics
from tests.gateway.connection.line_proxy import LineProxy
from tests.gateway.connection.test_session import IDENTIFY, RESUME, Impatient, Line

HEARTBEAT_S = 0.2
ATTEMPTS = 6


@pytest.fixture
async def proxied(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Line, LineProxy]]:
    """A connected bot whose times are shorter by far, on a way to the gateway that can break."""
    local = Discord()
    local.gateway.heartbeat_s, local.gateway.identify_s = HEARTBEAT_S, 0
    await local.start()
    app = local.add_application("Bobbin", token="session-token")
    local.add_guild("Weavers", bot=app)
    monkeypatch.setattr(Route, "BASE", local.api_url)
    for name, ours in (
        ("HTTPClient", compat.Http),
        ("DiscordWebSocket", websocket.Socket),
        ("ExponentialBackoff", websocket.NoBackoff),
    ):
        monkeypatch.setattr(cast("Any", discord.client), name, ours)
    monkeypatch.setattr(gateway, "KeepAliveHandler", KeepAlive)
    monkeypatch.setattr(attempts, "BACKOFF", Schedule(0.01, factor=2, longest_s=0.3, spread=0.5))
    monkeypatch.setattr(websocket, "HANDSHAKE_S", 1.0)
    monkeypatch.setattr(websocket, "SILENCE_MAX_S", 1.0)
    monkeypatch.setattr(websocket, "CLOSE_S", 0.1)
    port = urlsplit(local.gateway_url).port or 0
    async with LineProxy.before(port) as proxy:
        monkeypatch.setattr(
            websocket.Socket, "DEFAULT_GATEWAY", yarl.URL(f"ws://127.0.0.1:{proxy.port}/gateway")
        )
        client, metrics = Impatient(), Metrics()
        rate_limit.install(client, metrics, Pace())
        await client.login("session-token")
        connecting = asyncio.create_task(session.stay_connected(client))
        line = Line(local, client, metrics)
        try:
            await line.until(lambda: line.connected)
            line.discord.gateway.handshakes.clear()
            yield line, proxy
        finally:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            await session.disconnect(client)
            await local.stop()


async def test_a_gateway_that_refuses_every_connection_is_resumed_when_it_is_back(
    proxied: tuple[Line, LineProxy],
) -> None:
    line, proxy = proxied
    proxy.become("refusing")
    before = proxy.accepted
    await line.until(lambda: proxy.accepted >= before + ATTEMPTS)
    assert not line.connected
    proxy.become("open")
    await line.until(lambda: line.connected)
    assert not line.handshakes(IDENTIFY), "an outage costs no IDENTIFY"
    assert line.handshakes(RESUME)


async def test_a_gateway_that_accepts_and_says_nothing_is_given_up_and_resumed_when_it_is_back(
    proxied: tuple[Line, LineProxy],
) -> None:
    line, proxy = proxied
    proxy.become("refusing")
    proxy.become("silent")
    before = proxy.accepted
    await line.until(lambda: proxy.accepted >= before + 3)
    assert not line.connected
    proxy.become("open")
    await line.until(lambda: line.connected)
    assert not line.handshakes(IDENTIFY)
    assert line.handshakes(RESUME)


async def test_a_connection_on_which_nothing_is_heard_for_three_heartbeats_is_left(
    proxied: tuple[Line, LineProxy],
) -> None:
    line, proxy = proxied
    proxy.become("frozen")
    before = proxy.accepted
    assert line.client.health.condition.state in READY
    await line.until(lambda: line.client.health.condition.reason is GatewayReason.NO_HEARTBEAT)
    await line.until(lambda: proxy.accepted > before)  # it has left the frozen one by itself
    proxy.become("open")
    await line.until(lambda: line.handshakes(RESUME) and line.connected)
    assert line.handshakes(IDENTIFY) <= 1, "the gateway may have ended the session for want of heartbeats"


async def test_a_session_that_an_outage_has_ended_is_begun_anew_once(
    proxied: tuple[Line, LineProxy],
) -> None:
    line, proxy = proxied
    proxy.become("refusing")
    before = proxy.accepted
    line.discord.gateway.sessions.clear()
    await line.until(lambda: proxy.accepted >= before + ATTEMPTS)
    proxy.become("open")
    await line.until(lambda: line.connected and line.handshakes(IDENTIFY))
    assert line.handshakes(IDENTIFY) == 1


async def test_a_bot_of_which_discord_takes_no_more_sessions_today_waits_in_the_process(
    proxied: tuple[Line, LineProxy],
) -> None:
    line, _ = proxied

    def used_up(answer: Any) -> Any:
        return {**answer, "session_start_limit": {**answer["session_start_limit"], "remaining": 0}}

    line.discord.faults.add(action="garble", route="/gateway/bot$", garble=used_up)
    client = Impatient()
    await client.login("session-token")
    try:
        await client.find_shards()
        (shard,) = client.connections
        assert shard.attempts.begin(time.monotonic(), identify=True) > 3600
        await client.find_shards()
        (shard,) = client.connections
        assert shard.attempts.begin(time.monotonic(), identify=True) == 0
    finally:
        await client.close()
