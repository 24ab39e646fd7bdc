"""The connection to the gateway: when it counts as one, and when it is given up."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import discord.client
import pytest
import yarl
from discord.http import Route

from bot.gateway.connection import compat, rate_limit, session, websocket
from bot.gateway.connection.client import Client
from bot.in_turn import TOGETHER
from bot.local.simulator.discord import Discord
from bot.render.pace import Pace
from bot.telemetry.metrics import Metrics
from tests.iterations import Iterations
from tests.patience import idle_timeout

IDENTIFY, RESUME = 2, 6
SILENT_S = 0.3


class Line:
    """A local Discord, and a bot that is logged in and about to connect."""

    def __init__(self, discord: Discord, client: Client, metrics: Metrics) -> None:
        self.discord = discord
        self.client = client
        self._metrics = metrics

    @property
    def connected(self) -> bool:
        """What the metric says."""
        return bool(self._metrics.registry.get_sample_value("bobbin_discord_connected"))

    def handshakes(self, op: int) -> int:
        """How often the bot has identified, or resumed."""
        return sum(each["op"] == op for each in self.discord.gateway.handshakes)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to become true."""
        async with idle_timeout(30):
            while not condition():  # noqa: ASYNC110 - of many kinds
                await asyncio.sleep(0.02)


class Impatient(Client):
    """discord.py would wait 5 s before each further session."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing."""


@pytest.fixture
async def line(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    """A bot that connects without any pause, and soon gives up a gateway that is silent."""
    local = Discord()
    local.gateway.identify_s = 0
    await local.start()
    app = local.add_application("Bobbin", token="session-token")
    local.add_guild("Weavers", bot=app)
    monkeypatch.setattr(Route, "BASE", local.api_url)
    monkeypatch.setattr(websocket.Socket, "DEFAULT_GATEWAY", yarl.URL(local.gateway_url))
    for name, ours in (
        ("HTTPClient", compat.Http),
        ("DiscordWebSocket", websocket.Socket),
        ("ExponentialBackoff", websocket.NoBackoff),
    ):
        monkeypatch.setattr(cast("Any", discord.client), name, ours)
    monkeypatch.setattr(websocket, "SILENCE_MAX_S", SILENT_S)
    client = Impatient()
    metrics = Metrics()
    rate_limit.install(client, metrics, Pace())
    await client.login("session-token")

    connecting = asyncio.create_task(session.stay_connected(client))
    try:
        yield Line(local, client, metrics)
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        await session.disconnect(client)
        await local.stop()


async def test_a_gateway_that_greets_and_says_no_more_is_not_connected_and_is_tried_anew(line: Line) -> None:
    line.discord.faults.gateway.muted = 2
    await line.until(lambda: line.handshakes(IDENTIFY) == 1)
    assert not line.connected
    await line.until(lambda: line.connected)
    assert line.handshakes(IDENTIFY) == 3
    assert line.handshakes(RESUME) == 0, "there was no session to go on with"


async def test_a_session_that_was_told_to_resume_counts_once_it_has(line: Line) -> None:
    await line.until(lambda: line.connected)
    line.discord.faults.gateway.muted = 1
    await line.discord.connections[-1].reconnect()
    await line.until(lambda: line.handshakes(RESUME) == 1)
    assert not line.connected
    await line.until(lambda: line.connected)
    assert (line.handshakes(IDENTIFY), line.handshakes(RESUME)) == (1, 2)


async def test_after_a_long_outage_the_gateway_is_tried_again_within_a_minute(line: Line) -> None:
    await line.until(lambda: line.connected)
    for _ in range(20):
        pause_s = line.client.connections[0].attempts.begin(time.monotonic(), identify=False)
    assert pause_s <= 30
    assert cast("Any", discord.client).ExponentialBackoff().delay() == 0, (
        "discord.py adds no pause of its own"
    )


async def test_many_events_at_once_leave_the_loop_to_others_in_between(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    iterations, handled = Iterations(), list[int]()
    receive = websocket.Socket.received_message

    async def noting(self: websocket.Socket, msg: Any, /) -> None:
        handled.append(iterations.number)
        await receive(self, msg)

    await line.until(lambda: line.connected)
    monkeypatch.setattr(websocket.Socket, "received_message", noting)
    (guild,) = line.discord.world.guilds.values()
    for number in range(20 * TOGETHER):
        line.discord.add_channel(guild, f"channel-{number}")
    await line.until(lambda: len(handled) >= 20 * TOGETHER)
    assert max(Counter(handled).values()) <= TOGETHER
