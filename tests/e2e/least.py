"""Servers that speak the three protocols with the least they may, unlike the simulator in every detail."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import WSMsgType, web

from tests.patience import idle_timeout

BOT, GUILD, CHANNEL, PERSON = "1000", "2000", "3000", "4000"
AUTHOR = {"id": PERSON, "username": "ann", "discriminator": "0", "avatar": None}
OLD_REDIS_LACKS = (b"HELLO", b"CLIENT")


class LeastDiscord:
    """One channel in one server, which comes late; no route for the application, none for commands.

    Answers carry `charset=utf-8`, READY lacks all that it may, and names a gateway that is not there.
    """

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}
        self.threads: list[str] = []
        self._ids = itertools.count(5000)
        self._sequence = itertools.count(1)
        self._changed = asyncio.Event()
        self._socket: web.WebSocketResponse | None = None

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serve the API without a prefix and the gateway at /; yields host and port."""
        app = web.Application()
        app.router.add_get("/", self._gateway)
        app.router.add_get("/users/@me", self._me)
        app.router.add_post("/channels/{channel}/messages", self._post)
        app.router.add_patch("/channels/{channel}/messages/{message}", self._edit)
        app.router.add_post("/channels/{channel}/messages/{message}/threads", self._thread)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def until_shown(self, content: str, timeout_s: float = 15.0) -> None:
        """Wait until a message has this text."""
        async with idle_timeout(timeout_s):
            while content not in self.contents.values():
                self._changed.clear()
                await self._changed.wait()

    async def say(self, content: str) -> None:
        """Let somebody write in the channel."""
        message = self._message(str(next(self._ids)), CHANNEL, content, AUTHOR)
        await self._send("MESSAGE_CREATE", message | {"guild_id": GUILD, "mentions": [{"id": BOT, **_NAMED}]})

    async def appear(self) -> None:
        """Let the server be there at last."""
        channel = {"id": CHANNEL, "type": 0, "name": "general", "position": 0}
        role = {"id": GUILD, "name": "@everyone", "permissions": str(2**53 - 1)}
        me = {"user": {"id": BOT, **_NAMED}, "roles": [], "flags": 0}
        guild = {"id": GUILD, "name": "Looms", "channels": [channel], "roles": [role], "threads": []}
        await self._send("GUILD_CREATE", guild | {"members": [me]})

    async def _me(self, _: web.Request) -> web.Response:
        return web.json_response({"id": BOT, "username": "least"})

    async def _post(self, request: web.Request) -> web.Response:
        body, message_id = await request.json(), str(next(self._ids))
        self._show(message_id, body["content"])
        return web.json_response(self._message(message_id, request.match_info["channel"], body["content"]))

    async def _edit(self, request: web.Request) -> web.Response:
        body, message_id = await request.json(), request.match_info["message"]
        self._show(message_id, body["content"])
        return web.json_response(self._message(message_id, request.match_info["channel"], body["content"]))

    async def _thread(self, request: web.Request) -> web.Response:
        thread_id = request.match_info["message"]
        self.threads.append(thread_id)
        metadata = {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": _TIME}
        told = {"id": thread_id, "guild_id": GUILD, "parent_id": CHANNEL, "owner_id": BOT, "type": 11}
        counts = {"name": "a thread", "message_count": 0, "member_count": 1, "thread_metadata": metadata}
        return web.json_response(told | counts, status=201)

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45000}})
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                break
            op = json.loads(frame.data)["op"]
            if op == 1:
                await socket.send_json({"op": 11})
            elif op == 2:
                self._socket = socket
                ready = {"v": 10, "user": {"id": BOT, "username": "least"}, "session_id": "s"}
                unavailable = [{"id": GUILD, "unavailable": True}]
                elsewhere = "wss://127.0.0.1:9/nowhere"
                await self._send("READY", ready | {"guilds": unavailable, "resume_gateway_url": elsewhere})
            elif op == 6:
                await socket.send_json({"op": 9, "d": False})
        return socket

    async def drop(self) -> None:
        """Close the gateway connection."""
        if self._socket is not None:
            await self._socket.close(code=4000)

    async def _send(self, name: str, data: dict[str, Any]) -> None:
        if self._socket is not None:
            await self._socket.send_json({"op": 0, "t": name, "s": next(self._sequence), "d": data})

    def _show(self, message_id: str, content: str) -> None:
        self.contents[message_id] = content
        self._changed.set()

    def _message(
        self, message_id: str, channel: str, content: str, author: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        lists: dict[str, Any] = {"mentions": [], "mention_roles": [], "attachments": [], "embeds": []}
        told = {"id": message_id, "channel_id": channel, "content": content, "type": 0, "timestamp": _TIME}
        rest = {"edited_timestamp": None, "tts": False, "mention_everyone": False, "pinned": False}
        return told | rest | lists | {"author": author or {"id": BOT, **_NAMED}}


_TIME = "2026-11-22T12:00:00+00:00"
_NAMED = {"username": "least", "discriminator": "0", "avatar": None, "bot": True}


@contextlib.asynccontextmanager
async def least_claude(text: str) -> AsyncIterator[str]:
    """A server that knows the Messages API alone, and one answer; yields its address."""

    async def create(request: web.Request) -> web.StreamResponse:
        await request.read()
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        message = {"id": "m", "type": "message", "role": "assistant", "model": "any", "content": []}
        usage = {"input_tokens": 1, "output_tokens": 1}
        for event in (
            {"type": "message_start", "message": message | {"usage": usage}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ):
            await response.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
        return response

    app = web.Application()
    app.router.add_post("/v1/messages", create)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def old_redis(path: str) -> AsyncIterator[str]:
    """A server on a TCP port that knows neither HELLO nor CLIENT, before the one on a unix socket."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_unix_connection(path)
        pump = asyncio.create_task(_pump(there_reader, writer))
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n")
                parts, raw = [], head
                for _ in range(int(head[1:])):
                    size = await reader.readuntil(b"\r\n")
                    part = await reader.readexactly(int(size[1:]) + 2)
                    parts.append(part[:-2])
                    raw += size + part
                if parts[0].upper() in OLD_REDIS_LACKS:
                    writer.write(b"-ERR unknown command\r\n")
                else:
                    there_writer.write(raw)
        pump.cancel()
        there_writer.close()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
