"""An outbox in front of a local Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import discord.client as discord_client
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.gateway.connection import rate_limit
from bot.gateway.connection.client import Client
from bot.gateway.connection.compat import Http
from bot.gateway.outbox.outbox import DiscordOutbox
from bot.local.simulator.discord import Discord, wire
from bot.render.pace import Pace
from bot.telemetry.metrics import Metrics


@dataclass
class Post:
    """A bot that is logged in but not connected, and a thread to post to."""

    discord: Discord
    outbox: DiscordOutbox
    client: Client
    ann: Any
    channel: int
    thread: int

    def deny(self, bit: int) -> None:
        """Take a permission away from the bot in the channel that the thread hangs from."""
        place = self.discord.world.channels[self.channel]
        self.discord.set_overwrite(place, self.client.user.id if self.client.user else 0, deny=bit)

    def know(self) -> None:
        """Have discord.py know the server as it is now, as GUILD_CREATE would."""
        assert self.client.user is not None
        guild = next(iter(self.discord.world.guilds.values()))
        data = wire.guild_create(self.discord.world, guild, self.client.user.id)
        self.client._connection._add_guild_from_data(data)  # type: ignore[arg-type]


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """An outbox for a fresh thread."""
    discord = Discord()
    discord.gateway.identify_s = 0
    await discord.start()
    app = discord.add_application("Bobbin", token="outbox-token")
    guild = discord.add_guild("Weavers", bot=app)
    channel = discord.add_channel(guild, "general")
    ann = discord.add_user("ann", "Ann", guild)
    thread = int((await ann.create_thread(channel, "a thread"))["id"])
    base, gateway, client_class = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY, HTTPClient
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = discord.api_url, yarl.URL(discord.gateway_url)
    cast("Any", discord_client).HTTPClient = Http  # as compat.install does
    client = Client()
    rate_limit.install(client, Metrics(), Pace())
    await client.login("outbox-token")
    try:
        yield Post(discord, DiscordOutbox(client, archive_minutes=60), client, ann, channel.id, thread)
    finally:
        await client.close()
        await discord.stop()
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
        cast("Any", discord_client).HTTPClient = client_class
