"""The body of a request, as the API reads it."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from .failures import Failure, refused


async def read_json(request: web.Request) -> Any:
    """Return the JSON of a request; raises the Failure that the API answers with."""
    try:
        raw = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise Failure(413, "Request exceeds the maximum size") from error
    try:
        body = json.loads(raw)
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise refused("The request body is not valid JSON: no low surrogate in string") from error
    except ValueError as error:
        raise refused(f"The request body is not valid JSON: {error}") from error
    return body
