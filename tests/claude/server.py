"""A small server that speaks the Messages API by a script: each POST gets the next answer."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

# What a script may hold besides bytes: keep the connection open and silent, or cut it off.
Step = bytes | Literal["hang", "drop"] | float


@dataclass(frozen=True)
class Answer:
    """One answer: its status and headers, then its body, step by step (a number waits so many seconds)."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before_headers: Literal["hang", "drop"] | None = None
    content_type: str = "text/event-stream"


def sse(kind: str, **fields: Any) -> bytes:
    """One event as it stands on the wire."""
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()


PING = sse("ping")


def opening(**usage: Any) -> bytes:
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 10, "output_tokens": 1, **usage},
    }
    return sse("message_start", message=message)


def block(*parts: str, index: int = 0) -> tuple[bytes, ...]:
    """A whole text block."""
    start = sse("content_block_start", index=index, content_block={"type": "text", "text": ""})
    stop = sse("content_block_stop", index=index)
    return (start, *(delta(part, index=index) for part in parts), stop)


def delta(text: str, *, index: int = 0) -> bytes:
    return sse("content_block_delta", index=index, delta={"type": "text_delta", "text": text})


def closing(stop_reason: str | None = "end_turn", *, details: Any = None, **usage: Any) -> tuple[bytes, ...]:
    change = {"stop_reason": stop_reason, "stop_sequence": None, "stop_details": details}
    return (
        sse("message_delta", delta=change, usage={"output_tokens": 7, **usage}),
        sse("message_stop"),
    )


def reply(*parts: str) -> Answer:
    """A whole reply that goes well."""
    return Answer((opening(), PING, *block(*parts), *closing()), headers={"request-id": "req_1"})


def refusal(
    status: int,
    kind: str,
    message: str = "no",
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """An error with the body that the API gives it."""
    error: dict[str, Any] = {"type": kind, "message": message}
    if code is not None:
        error["details"] = {"error_code": code}
    body = json.dumps({"type": "error", "error": error, "request_id": "req_9"}).encode()
    return Answer(
        (body,), status, {"request-id": "req_9", **(headers or {})}, content_type="application/json"
    )


@dataclass
class Server:
    """The server's address, its script, and what it has seen."""

    url: str = ""
    answers: deque[Answer] = field(default_factory=deque)
    models: dict[str, Answer] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    peers: list[Any] = field(default_factory=list)
    waiting: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.read())
        self.headers.append(dict(request.headers))
        self.peers.append(request.transport and request.transport.get_extra_info("peername"))
        return await self._play(request, self.answers.popleft())

    async def catalogue(self, request: web.Request) -> web.StreamResponse:
        nothing = refusal(404, "not_found_error")
        return await self._play(request, self.models.get(request.path, nothing))

    async def _play(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, headers=answer.headers)
        response.content_type = answer.content_type
        try:
            if answer.before_headers is not None:
                await self._step(request, response, answer.before_headers)
            await response.prepare(request)
            for step in answer.steps:
                await self._step(request, response, step)
        except (asyncio.CancelledError, ConnectionError):
            self.left.set()
            raise
        return response

    async def _step(self, request: web.Request, response: web.StreamResponse, step: Step) -> None:
        if isinstance(step, bytes):
            await response.write(step)
        elif isinstance(step, float):
            await asyncio.sleep(step)
        elif step == "hang":
            self.waiting.set()
            await asyncio.Event().wait()
        elif request.transport is not None:
            request.transport.abort()
            await asyncio.Event().wait()


@asynccontextmanager
async def serve() -> AsyncIterator[Server]:
    """Run a server on a free port of the loopback interface."""
    server = Server()
    app = web.Application()
    app.router.add_post("/v1/messages", server.messages)
    app.router.add_post("/v1/messages/count_tokens", server.messages)
    app.router.add_get("/v1/models", server.catalogue)
    app.router.add_get("/v1/models/{id}", server.catalogue)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        server.url = f"http://{host}:{port}"
        yield server
    finally:
        await runner.cleanup()
