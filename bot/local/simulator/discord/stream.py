"""Server-sent events for the page: the gateway events that a user sees."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.local.simulator.discord.drafts import EPHEMERAL
from bot.local.simulator.discord.hub import Hub
from bot.local.simulator.discord.model import Json
from bot.local.simulator.discord.sessions import personal
from bot.local.simulator.discord.world import Event

# Short enough that no proxy or browser closes the stream.
PING_S = 15.0


class Stream:
    """Serves `/control/events`; `close` ends all streams, so that the server can stop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._open: set[asyncio.Queue[str | None]] = set()

    def add_to(self, app: web.Application) -> None:
        """Serve the stream."""
        app.router.add_get("/control/events", self._serve)

    def close(self) -> None:
        """End every stream."""
        for queue in self._open:
            queue.put_nowait(None)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        text = request.query.get("as", "")
        if not text.isdigit() or int(text) not in self._hub.world.users:
            return web.json_response({"error": "'as' is missing or no user."}, status=404)
        user_id = int(text)
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        unlisten = self._hub.listen(lambda events: self._take(queue, events, user_id))
        self._open.add(queue)
        try:
            await response.write(b": connected\n\n")
            await self._write(response, queue)
        except ConnectionError:
            pass
        finally:
            unlisten()
            self._open.discard(queue)
        return response

    def _take(self, queue: asyncio.Queue[str | None], events: list[Event], user_id: int) -> None:
        world = self._hub.world
        for event in events:
            if event.people and world.concerns(event, user_id):
                data = _marked(personal(world, event, user_id))
                queue.put_nowait(f"event: {event.name}\ndata: {json.dumps(data)}\n\n")

    async def _write(self, response: web.StreamResponse, queue: asyncio.Queue[str | None]) -> None:
        while True:
            try:
                chunk = await asyncio.wait_for(queue.get(), PING_S)
            except TimeoutError:
                chunk = ": ping\n\n"
            if chunk is None:
                return
            await response.write(chunk.encode())


def _marked(data: Json) -> Json:
    """Add `ephemeral` to a message that only this user sees."""
    if "author" in data and int(data.get("flags") or 0) & EPHEMERAL:
        return data | {"ephemeral": True}
    return data
