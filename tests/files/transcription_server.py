"""A server that speaks the usual transcription API, as strict as those that are hosted."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.multipart import BodyPartReader

KNOWN = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
"""The format is told by the name of the file."""

SIGNATURES = {"ogg": b"OggS", "wav": b"RIFF", "flac": b"fLaC"}


@dataclass(frozen=True)
class Heard:
    """A request that was accepted."""

    filename: str
    content_type: str
    data: bytes
    model: str


@dataclass
class TranscriptionServer:
    """Answers each recording with `text`, or with the next of the `faults`: a status, or raw bytes as the body."""

    text: str = "hello there"
    key: str = "voice-key"
    model: str = "whisper-1"
    faults: deque[int | bytes] = field(default_factory=deque)
    heard: list[Heard] = field(default_factory=list)
    requests: int = 0
    url: str = ""
    gate: asyncio.Event | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TranscriptionServer]:
        """Listen on a free port."""
        app = web.Application(client_max_size=30_000_000)
        app.router.add_post("/v1/audio/transcriptions", self._transcribe)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _transcribe(self, request: web.Request) -> web.StreamResponse:
        self.requests += 1
        fields, heard = await self._form(request)
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "Incorrect API key provided: " + request.headers.get("Authorization", ""))
        if heard is None or fields.get("response_format") != "json":
            return _error(400, "file: field required")
        extension = heard.filename.rpartition(".")[2]
        if extension not in KNOWN or not heard.data.startswith(SIGNATURES.get(extension, b"")):
            return _error(400, "Invalid file format.")
        if fields.get("model") != self.model:
            return _error(404, "The model does not exist")
        if self.gate is not None:
            # The status comes at once, the body when the gate is open.
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            self.reached.set()
            await self.gate.wait()
            await response.write(json.dumps({"text": self.text}).encode())
            return response
        match self.faults.popleft() if self.faults else None:
            case bytes() as body:
                return web.Response(body=body, content_type="application/json")
            case int() as status:
                return _error(status, f"no, because of {self.text}")
        self.heard.append(heard)
        return web.json_response({"text": self.text, "usage": {"type": "duration", "seconds": 2}})

    async def _form(self, request: web.Request) -> tuple[dict[str, str], Heard | None]:
        fields: dict[str, str] = {}
        found: tuple[str, str, bytes] | None = None
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "file":
                content_type = part.headers.get("Content-Type", "")
                found = (part.filename or "", content_type, bytes(await part.read()))
            else:
                fields[part.name or ""] = await part.text()
        heard = Heard(*found, model=fields.get("model", "")) if found is not None else None
        return fields, heard


def _error(status: int, message: str) -> web.Response:
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return web.json_response({"error": error}, status=status)
