"""A local Discord with one server, and the unmodified discord.py pointed at it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp
import discord as discordpy
import pytest
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.local.simulator.discord import Discord
from bot.local.simulator.discord.actors import Actor
from bot.local.simulator.discord.model import Application, Channel, Guild
from tests.local.simulator import openapi
from tests.local.simulator.discord.rest import Rest
from tests.patience import idle_timeout

TOKEN = "a token for tests"


class Hands:
    """A clock that stands until it is moved, in epoch seconds."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """One server with a text channel, one bot, and Ann, who may do what everyone may."""

    discord: Discord
    app: Application
    guild: Guild
    text: Channel
    ann: Actor
    clock: Hands


@contextlib.asynccontextmanager
async def staged(local: Discord, clock: Hands) -> AsyncIterator[Scene]:
    await local.start()
    local.gateway.identify_s = 0  # tests of the limit set the value of the real gateway
    app = local.add_application("Bobbin", TOKEN)
    guild = local.add_guild("Weavers", bot=app)
    text = local.add_channel(guild, "general")
    ann = local.add_user("ann", "Ann", guild)
    try:
        yield Scene(local, app, guild, text, ann, clock)
    finally:
        await local.stop()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with staged(Discord(), Hands()) as scene:
        yield scene


@pytest.fixture
async def still() -> AsyncIterator[Scene]:
    """A scene in which time stands."""
    clock = Hands()
    async with staged(Discord(clock=clock), clock) as scene:
        yield scene


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
def rest(scene: Scene, session: aiohttp.ClientSession) -> Rest:
    return Rest(session, scene.discord.api_url, TOKEN)


class Client(discordpy.Client):
    """A bot that remembers the names of the events it was told of, and can be waited for until it hears one."""

    def __init__(self, intents: discordpy.Intents | None = None) -> None:
        wanted = intents or discordpy.Intents(guilds=True, messages=True, message_content=True)
        super().__init__(intents=wanted, guild_ready_timeout=0.05)
        self.seen: list[str] = []
        self._heard = asyncio.Condition()

    async def on_socket_event_type(self, name: str) -> None:
        async with self._heard:
            self.seen.append(name)
            self._heard.notify_all()

    async def hear(self, name: str, times: int = 1) -> None:
        """Wait until an event of that name has come so many times."""
        async with self._heard, idle_timeout(30):
            await self._heard.wait_for(lambda: self.seen.count(name) >= times)


@pytest.fixture
def pointed(scene: Scene) -> Iterator[None]:
    """discord.py's two addresses, set to the local Discord and put back afterwards.

    Where the official OpenAPI document is at hand, what went to and fro is held against it.
    """
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = scene.discord.api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(scene.discord.gateway_url)
    yield
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
    if openapi.document_path().is_file():
        openapi.check_requests(scene.discord.requests)
        openapi.check_answers(scene.discord.requests)


@contextlib.asynccontextmanager
async def running(client: Client, token: str = TOKEN) -> AsyncIterator[Client]:
    """The client logged in, connected and ready."""
    tasks: list[asyncio.Task[None]] = []
    try:
        await client.login(token)
        tasks = [asyncio.create_task(client.connect()), asyncio.create_task(client.wait_until_ready())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        if tasks[0].done():
            tasks[0].result()
        yield client
    finally:
        await client.close()
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
