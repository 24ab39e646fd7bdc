"""One connection to a remote server through the official client."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bot.config.proxy import proxy_for
from bot.config.settings import McpSettings
from bot.tools.mcp.address import checked_addresses
from bot.tools.mcp.answers import Answers
from bot.version import version

if TYPE_CHECKING:
    from mcp import Client

KB = 1000


@asynccontextmanager
async def connected(settings: McpSettings, answers: Answers) -> AsyncIterator[Client]:
    """Connect, and disconnect at the end; AddressRefused, NotResolved, and whatever the client raises.

    `answers` is told of each answer, because the client's errors do not name the status.
    The client knows no requests of servers (sampling, elicitation, roots), so that a server cannot ask for anything.
    """
    # The package takes a second to load, and most bots have no remote server.
    import httpx2
    from mcp import Client, Implementation
    from mcp.client.streamable_http import streamable_http_client

    from bot.tools.mcp.transport import CONNECT_S, PORTS, BoundedTransport

    # The client logs what it cannot read, which is what the server has sent.
    logging.getLogger("mcp").setLevel(logging.CRITICAL + 1)
    parts = urlsplit(settings.url)
    await checked_addresses(parts.hostname or "", parts.port or PORTS[parts.scheme], private=settings.private)
    headers = {"Accept-Encoding": "identity"}
    if settings.secret is not None:
        headers["Authorization"] = f"Bearer {settings.secret.get_secret_value()}"
    most_bytes = settings.max_kb * KB
    # A server with a private address is on this side of the proxy.
    proxy = None if settings.private else proxy_for(settings.url)
    http = httpx2.AsyncClient(
        transport=BoundedTransport(
            private=settings.private, most_bytes=most_bytes, answers=answers, proxy=proxy
        ),
        headers=headers,
        timeout=httpx2.Timeout(settings.timeout_s, connect=min(CONNECT_S, settings.timeout_s)),
        trust_env=False,
    )
    async with http:
        transport = streamable_http_client(settings.url, http_client=http, max_sse_event_size=most_bytes)
        info = Implementation(name="bobbin", version=version())
        async with Client(
            transport, cache=None, read_timeout_seconds=settings.timeout_s, client_info=info
        ) as client:
            yield client
