"""Requests to the control API: reading their JSON and answering with one line where something is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.local.simulator.discord.errors import ApiError
from bot.local.simulator.discord.model import Json

Handler = Callable[[web.Request], Awaitable[Any]]


def answering(handler: Handler) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Make a handler answer with JSON; what it refuses becomes `{"error": "one readable line"}`."""

    async def handle(request: web.Request) -> web.Response:
        try:
            return _json(await handler(request), 200)
        except ApiError as error:
            return _json({"error": _line(error)}, error.status if error.status in (403, 404) else 400)

    return handle


def _json(payload: Any, status: int) -> web.Response:
    return web.Response(status=status, text=json.dumps(payload), content_type="application/json")


def _line(error: ApiError) -> str:
    """An ApiError in one line: the first problem of an `errors` tree."""
    node: Any = error.errors
    path: list[str] = []
    while isinstance(node, dict) and "_errors" not in node and node:
        key = next(iter(node))
        path.append(key)
        node = node[key]
    if not isinstance(node, dict) or not node:
        return error.message
    where = ".".join(path)
    return f"{where}: {node['_errors'][0]['message']}" if where else str(node["_errors"][0]["message"])


async def read_object(request: web.Request) -> Json:
    """Read the JSON object of a request."""
    try:
        return as_object(json.loads(await request.read() or b"{}"))
    except ValueError:
        raise ApiError(400, 0, "The body is no JSON.") from None


def as_object(body: Any) -> Json:
    """Return the body if it is an object."""
    if not isinstance(body, dict):
        raise ApiError(400, 0, "The body is no JSON object.")
    return body


def id_of(holder: Any, key: str) -> int:
    """Return an id of a body or a query."""
    text = str(holder.get(key) or "")
    if not text.isdigit():
        raise ApiError(400, 0, f"{key!r} is missing or no id.")
    return int(text)


def text_of(body: Json, key: str) -> str:
    """Return a text that is not blank."""
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ApiError(400, 0, f"{key!r} is missing or empty.")
    return value


def object_of(body: Json, key: str) -> Json:
    """Return an object, empty if it is missing."""
    value = body.get(key) or {}
    if not isinstance(value, dict):
        raise ApiError(400, 0, f"{key!r} is no object.")
    return value
