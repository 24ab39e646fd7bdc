"""The requests to the local Claude and their outcomes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from .access import key_of

SECRET_HEADERS = frozenset({"authorization", "x-api-key"})


@dataclass(slots=True)
class Call:
    """One request. Times are the server's clock, in seconds; `finished` is None while it runs.

    `first_text` and `last_text` are when the first and the latest text delta were sent, `deltas` is how many there
    were. `content` are the blocks of the answer, `refusal` is the message of an error in its place. `hung_up` means
    that the client disconnected before the end of the answer. `workspace` is the `digest` of the key,
    which is not kept.
    """

    method: str
    path: str
    headers: dict[str, str]
    started: float
    body: Any = None
    finished: float | None = None
    status: int | None = None
    usage: dict[str, Any] | None = None
    message_id: str | None = None
    request_id: str = ""
    refusal: str = ""
    deltas: int = 0
    content: list[dict[str, Any]] = field(default_factory=list)
    first_text: float | None = None
    last_text: float | None = None
    hung_up: bool = False
    workspace: str = ""


def call_of(request: web.Request, started: float, request_id: str) -> Call:
    """Return the record of a request that begins, without its key."""
    return Call(
        request.method,
        request.path,
        without_key(request.headers),
        started,
        request_id=request_id,
        workspace=digest(key_of(request.headers)),
    )


def digest(key: str) -> str:
    """Return a name for a key."""
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def without_key(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name, less those that hold the key."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in SECRET_HEADERS}
