"""Whatever befalls the gateway connection, the bot goes on answering."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from bot.local.simulator.discord.wire import guild_create
from tests.e2e.test_failed_starts import closed_port
from tests.e2e.world import World
from tests.redis_server import redis_server

pytestmark = pytest.mark.asyncio(loop_scope="session")

IDENTIFY, RESUME = 2, 6
# discord.py waits 5 s before it identifies anew.
IDENTIFY_S = 45.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def harmed() -> AsyncIterator[World]:
    """A world with a bot in it whose connections may be harmed."""
    with redis_server() as url:
        world = await World.build(url)
        await world.start_bot()
        yield world
        await world.close()


@pytest.fixture
def troubled(harmed: World) -> World:
    """That world, with nothing left over from the test before."""
    harmed.begin()
    return harmed


def connection(world: World) -> Any:
    return world.discord.connections[-1]


def handshakes(world: World, op: int) -> int:
    return sum(each["op"] == op for each in world.discord.gateway.handshakes)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("MESSAGE_CREATE", {"id": "1"}),
        ("CHANNEL_UPDATE", {}),
        ("GUILD_CREATE", {"id": "not a number"}),
        ("THREAD_CREATE", None),
        ("INTERACTION_CREATE", {"id": "1", "type": 2}),
    ],
)
async def test_an_event_that_cannot_be_read_is_left_out_and_the_connection_stays(
    troubled: World, name: str, data: object
) -> None:
    before = len(troubled.discord.gateway.handshakes)
    live = connection(troubled)
    await live.send(live.session.frame(name, data))
    await troubled.converse(troubled.channel(), "still there?")
    assert len(troubled.discord.gateway.handshakes) == before
    await troubled.until(lambda: f'"name": "{name}"' in troubled.bots[-1].output)


async def test_a_server_of_which_one_part_cannot_be_read_is_known_all_the_same(troubled: World) -> None:
    thread = await troubled.converse(troubled.channel(), "hello")
    live = connection(troubled)
    told = guild_create(troubled.discord.world, troubled.guild, live.session.user_id)
    odd = {"id": "1", "type": 0}
    roles = [*told["roles"], {"id": "2"}]
    told = {**told, "roles": roles, "channels": [odd, *told["channels"]], "threads": [odd, *told["threads"]]}
    await live.send(live.session.frame("GUILD_CREATE", told))
    await troubled.ann.post(thread, "still there?")
    await troubled.answered(thread, 2)
    await troubled.converse(troubled.channel(), "and here?")
    left_out = [entry["item"] for entry in troubled.bots[-1].log("discord_item_unreadable")]
    assert left_out == ["role", "channel", "thread"]
    assert not troubled.bots[-1].log("discord_event_unreadable", name="GUILD_CREATE", kind="KeyError")


async def test_a_frame_that_is_no_json_is_left_out(troubled: World) -> None:
    await connection(troubled).send("{")
    await troubled.converse(troubled.channel(), "still there?")


async def test_told_to_reconnect_it_resumes(troubled: World) -> None:
    before = handshakes(troubled, RESUME)
    await connection(troubled).reconnect()
    await troubled.until(lambda: handshakes(troubled, RESUME) > before)
    await troubled.converse(troubled.channel(), "still there?")


async def test_what_is_said_while_the_socket_is_gone_is_answered_after_the_resume(troubled: World) -> None:
    channel = troubled.channel()
    before = handshakes(troubled, RESUME)
    await connection(troubled).drop()
    asked = await troubled.ann.post(channel, f"{troubled.mention} in the gap")
    await troubled.answered(await troubled.thread_of(asked))
    assert handshakes(troubled, RESUME) > before


async def test_with_an_invalid_session_it_identifies_anew(troubled: World) -> None:
    before = handshakes(troubled, IDENTIFY)
    await connection(troubled).invalidate()
    await troubled.until(lambda: handshakes(troubled, IDENTIFY) > before, IDENTIFY_S)
    await troubled.converse(troubled.channel(), "still there?")


@pytest.mark.parametrize("code", [4000, 4007, 4009, 1000])
async def test_a_closed_connection_is_made_again(troubled: World, code: int) -> None:
    before = connection(troubled)
    await before.close(code)
    live = troubled.discord.connections
    await troubled.until(lambda: live and live[-1] is not before, IDENTIFY_S)
    await troubled.converse(troubled.channel(), "still there?")


async def test_a_gateway_that_refuses_at_first_is_tried_again(troubled: World) -> None:
    app = troubled.discord.add_application("Patient", token="e2e-patient")
    port = closed_port()
    bot = await troubled.start_bot_unready(
        DISCORD_TOKEN=app.token, BOT_DISCORD__GATEWAY_URL=f"ws://127.0.0.1:{port}/gateway"
    )
    await bot.said("discord_connection_failed")
    async with forwarding(port, urlsplit(troubled.discord.gateway_url).port or 0):
        await bot.said("discord_ready")
        assert "Traceback" not in bot.output
        assert await bot.stop() == 0


@contextlib.asynccontextmanager
async def forwarding(port: int, to: int) -> AsyncIterator[None]:
    """Let a port lead to another one."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to)
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                sink.write(data)
        sink.close()

    async with await asyncio.start_server(forward, "127.0.0.1", port):
        yield
