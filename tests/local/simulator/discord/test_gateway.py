"""The gateway's own manners, over a bare socket."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.local.simulator.discord import permissions as bits
from tests.local.simulator.discord.conftest import TOKEN, Scene

ALL_INTENTS = 37377


class Socket:
    """A gateway client that reads one payload at a time."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws = ws
        self._inflator = zlib.decompressobj()

    async def read(self) -> Any:
        message = await self.ws.receive(timeout=30)
        if message.type is aiohttp.WSMsgType.TEXT:
            return json.loads(message.data)
        if message.type is aiohttp.WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            return json.loads(self._inflator.decompress(message.data))
        return None

    async def send(self, op: int, data: Any) -> None:
        await self.ws.send_json({"op": op, "d": data})

    async def identify(self, intents: int = ALL_INTENTS, token: str = TOKEN, **more: Any) -> Any:
        """IDENTIFY and read READY."""
        await self.send(2, {"token": token, "intents": intents, "properties": {}, **more})
        return await self.read()

    async def closed(self) -> int | None:
        """The code with which it is closed."""
        while await self.read() is not None:
            pass
        return self.ws.close_code


@contextlib.asynccontextmanager
async def opened(scene: Scene, session: aiohttp.ClientSession, query: str = "") -> AsyncIterator[Socket]:
    async with session.ws_connect(scene.discord.gateway_url + "?v=10&encoding=json" + query) as ws:
        socket = Socket(ws)
        hello = await socket.read()
        assert hello["op"] == 10
        assert hello["d"]["heartbeat_interval"] == 41250
        yield socket


@pytest.mark.parametrize("query", ["", "&compress=zlib-stream"])
async def test_the_handshake_goes_from_hello_over_ready_to_the_servers(
    scene: Scene, session: aiohttp.ClientSession, query: str
) -> None:
    async with opened(scene, session, query) as socket:
        await socket.send(1, None)
        assert (await socket.read())["op"] == 11
        ready = await socket.identify()
        assert (ready["t"], ready["s"]) == ("READY", 1)
        assert ready["d"]["guilds"] == [{"id": str(scene.guild.id), "unavailable": True}]
        server = await socket.read()
        assert (server["t"], server["s"]) == ("GUILD_CREATE", 2)
        assert [each["name"] for each in server["d"]["channels"]] == ["general"]


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        (["no json"], 4002),
        (['{"op": 2, "d": {"properties": "' + "x" * 4096 + '"}}'], 4002),
        (['{"op": 8, "d": {}}'], 4003),
        (['{"op": 2, "d": {"token": "wrong", "intents": 0}}'], 4004),
        (['{"op": 2, "d": {"token": "a token for tests", "intents": 1073741824}}'], 4013),
        (['{"op": 2, "d": {"token": "a token for tests", "intents": 0, "shard": [2, 2]}}'], 4010),
        (['{"op": 2, "d": {"token": "a token for tests", "intents": 0}}'] * 2, 4005),
        (['{"op": 2, "d": {"token": "a token for tests", "intents": 0}}', '{"op": 99}'], 4001),
        (['{"op": 1, "d": null}'] * 121, 4008),
    ],
)
async def test_bad_manners_close_the_socket_with_their_code(
    scene: Scene, session: aiohttp.ClientSession, frames: list[str], code: int
) -> None:
    async with opened(scene, session) as socket:
        for frame in frames:
            await socket.ws.send_str(frame)
        assert await socket.closed() == code


async def test_a_client_that_says_nothing_is_closed_as_timed_out(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async with opened(scene, session) as socket:
        scene.discord.gateway.heartbeat_s = 0.05
        await socket.identify()
        assert await socket.closed() == 4009


async def resume(socket: Socket, session_id: str, seq: int) -> Any:
    await socket.send(6, {"token": TOKEN, "session_id": session_id, "seq": seq})
    return await socket.read()


async def test_a_resume_replays_exactly_what_was_missed(scene: Scene, session: aiohttp.ClientSession) -> None:
    async with opened(scene, session) as socket:
        session_id = (await socket.identify())["d"]["session_id"]
        await socket.read()
        await scene.ann.post(scene.text, "seen")
        seen = await socket.read()
        await socket.ws.close(code=4000)
    await scene.discord.until(lambda: not scene.discord.connections)
    await scene.ann.post(scene.text, "missed")
    async with opened(scene, session) as socket:
        replayed = await resume(socket, session_id, seen["s"])
        assert (replayed["d"]["content"], replayed["s"]) == ("missed", seen["s"] + 1)
        resumed = await socket.read()
        assert (resumed["t"], resumed["s"]) == ("RESUMED", seen["s"] + 2)
        assert resumed["d"] is not None
        await socket.ws.close(code=4000)
    async with opened(scene, session) as socket:
        assert await resume(socket, session_id, 999) is None
        assert socket.ws.close_code == 4007


async def test_a_goodbye_ends_the_session_and_so_does_time(
    still: Scene, session: aiohttp.ClientSession
) -> None:
    for code, wait_s in ((1000, 0), (4000, 181)):
        async with opened(still, session) as socket:
            session_id = (await socket.identify())["d"]["session_id"]
            await socket.ws.close(code=code)
        await still.discord.until(lambda: not still.discord.connections)
        still.clock.now += wait_s
        async with opened(still, session) as socket:
            assert await resume(socket, session_id, 1) == {"op": 9, "d": False}


async def test_an_event_comes_only_with_its_intent_and_only_from_what_the_bot_sees(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    hidden = scene.discord.add_channel(scene.guild, "hidden")
    scene.discord.set_overwrite(hidden, scene.app.user_id, deny=bits.VIEW_CHANNEL)
    async with opened(scene, session) as all_, opened(scene, session) as few:
        await all_.identify()
        server = await all_.read()
        assert [each["name"] for each in server["d"]["channels"]] == ["general", "___hidden___"]
        await few.identify(1 << 0)
        await few.read()
        await scene.ann.post(hidden, "not for you")
        await scene.ann.create_thread(scene.text, "private", private=True)
        posted = await scene.ann.post(scene.text, "for you")
        thread = await scene.ann.create_thread(scene.text, "public", from_message=posted["id"])
        heard = [await all_.read() for _ in range(4)]
        names = [each["t"] for each in heard]
        assert names == ["MESSAGE_CREATE", "THREAD_CREATE", "MESSAGE_UPDATE", "MESSAGE_CREATE"]
        create, opened_, update, starter = (each["d"] for each in heard)
        assert create["guild_id"] == str(scene.guild.id)
        assert "user" not in create["member"]
        assert opened_["newly_created"] and opened_["id"] == posted["id"]
        assert update["flags"] & 32 and update["thread"]["id"] == thread["id"]
        assert (starter["type"], starter["referenced_message"]["id"]) == (21, posted["id"])
        assert (await few.read())["t"] == "THREAD_CREATE"


async def test_somebody_who_is_mentioned_in_a_private_thread_is_brought_into_it(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async with opened(scene, session) as socket:
        await socket.identify()
        await socket.read()
        thread = await scene.ann.create_thread(scene.text, "private", private=True)
        await scene.ann.post(thread, f"come in, <@{scene.app.user_id}>")
        heard = [await socket.read() for _ in range(3)]
        assert [each["t"] for each in heard] == ["THREAD_CREATE", "THREAD_MEMBERS_UPDATE", "MESSAGE_CREATE"]
        assert heard[0]["d"]["member"]["user_id"] == str(scene.app.user_id)


async def test_members_are_found_by_the_beginning_of_their_name(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    async with opened(scene, session) as socket:
        await socket.identify()
        await socket.read()
        await socket.send(8, {"guild_id": str(scene.guild.id), "query": "an", "limit": 5, "nonce": "n"})
        chunk = await socket.read()
        assert chunk["t"] == "GUILD_MEMBERS_CHUNK"
        assert [each["user"]["username"] for each in chunk["d"]["members"]] == ["ann"]
        assert chunk["d"]["nonce"] == "n"


async def test_each_shard_hears_of_its_servers_and_the_first_of_direct_messages(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    own = (scene.guild.id >> 22) % 2
    dm = await scene.ann.open_dm(scene.app.user_id)
    async with opened(scene, session) as one, opened(scene, session) as other:
        ready = await one.identify(shard=[own, 2])
        assert ready["d"]["shard"] == [own, 2]
        assert [each["id"] for each in ready["d"]["guilds"]] == [str(scene.guild.id)]
        await one.read()
        assert (await other.identify(shard=[1 - own, 2]))["d"]["guilds"] == []
        await scene.ann.post(scene.text, "in the server")
        await scene.ann.post(int(dm["id"]), "in private")
        heard = {own: [(await one.read())["d"]["content"]]}
        first = one if own == 0 else other
        heard.setdefault(0, []).append((await first.read())["d"]["content"])
        assert heard[own][0] == "in the server"
        assert heard[0][-1] == "in private"


@pytest.mark.parametrize("shard", [[2, 2], [-1, 2], [0], [0, 0], "0", None, [0, True]])
async def test_an_impossible_shard_is_refused(
    scene: Scene, session: aiohttp.ClientSession, shard: object
) -> None:
    async with opened(scene, session) as socket:
        await socket.send(2, {"token": TOKEN, "intents": ALL_INTENTS, "properties": {}, "shard": shard})
        assert await socket.closed() == 4010


async def test_too_many_servers_for_one_shard_are_refused(
    scene: Scene, session: aiohttp.ClientSession
) -> None:
    scene.discord.gateway.servers_per_shard_max = 1
    scene.discord.add_guild("Spinners", bot=scene.app)
    async with opened(scene, session) as socket:
        await socket.send(2, {"token": TOKEN, "intents": ALL_INTENTS, "properties": {}})
        assert await socket.closed() == 4011


async def test_shards_of_one_rate_limit_key_identify_five_seconds_apart(
    still: Scene, session: aiohttp.ClientSession
) -> None:
    still.discord.gateway.identify_s = 5.0
    still.discord.world.max_concurrency = 2
    async with (
        opened(still, session) as first,
        opened(still, session) as other,
        opened(still, session) as same,
    ):
        assert (await first.identify(shard=[0, 4]))["t"] == "READY"
        assert (await other.identify(shard=[1, 4]))["t"] == "READY"
        assert await same.identify(shard=[2, 4]) == {"op": 9, "d": False}
        still.clock.now += 5.0
        assert (await same.identify(shard=[2, 4]))["t"] == "READY"
