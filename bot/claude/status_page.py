"""The status page of the Claude API: whether it reports an incident, for the line below a message without an answer.

The page is asked only then. Of its text nothing is shown: one of four words is read.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.config.proxy import proxy_for
from bot.config.public_address import is_private_host
from bot.telemetry.public_resolver import PublicResolver

log = structlog.get_logger()

STATUS_S = 3.0
"""The person waits for the line meanwhile."""

CACHED_S = 60.0
"""Many threads fail in the same minute."""

BYTES_MAX = 64 * 1024
"""The answer of /api/v2/status.json has 300 bytes, that of /api/v2/summary.json some thousands."""

API_PATHS = ("/api/v2/status.json", "/api/v2/summary.json")
INDICATORS = {"none": False, "minor": True, "major": True, "critical": True}
"""The values of `status.indicator` that are understood (Atlassian Statuspage, "Status API")."""


class StatusPage:
    """Tells whether there is an incident; private addresses are asked only if the operator has set `private`."""

    def __init__(
        self, url: str, *, private: bool = False, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._private = private
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: bool | None = None
        self._known_until_s = 0.0
        parts = urlsplit(url)
        path = next(
            (parts.path.removesuffix(end) for end in API_PATHS if parts.path.endswith(end)), parts.path
        )
        host = parts.netloc.rpartition("@")[2]
        self.link = f"{parts.scheme}://{host}{path}"

    async def has_incident(self) -> bool | None:
        """Return whether the page reports an incident, None if it does not tell; an answer counts for a minute."""
        async with self._lock:
            if self._clock() >= self._known_until_s:
                self._known = await self._asked()
                self._known_until_s = self._clock() + CACHED_S
            return self._known

    async def _asked(self) -> bool | None:
        if is_private_host(self._url) and not self._private:
            return None
        proxy = proxy_for(self._url)
        # The proxy looks the name up itself, and may stand in a private network.
        is_open = self._private or proxy is not None
        resolver = aiohttp.ThreadedResolver() if is_open else PublicResolver()
        try:
            async with (
                asyncio.timeout(STATUS_S),
                aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver)) as session,
                session.get(self._url, allow_redirects=False, proxy=proxy) as response,
            ):
                body = await _bounded(response) if response.status == 200 else None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # The text of an exception of aiohttp may name the address, and that a password.
            log.info("status_page_failed", kind=type(error).__name__)
            return None
        indicator = _indicator(body)
        log.info("status_page_read", indicator=indicator if indicator in INDICATORS else "unknown")
        return INDICATORS.get(indicator)


async def _bounded(response: aiohttp.ClientResponse) -> bytes | None:
    """Return the body, None if it is too large for a status."""
    body = b""
    async for chunk in response.content.iter_chunked(BYTES_MAX):
        body += chunk
        if len(body) > BYTES_MAX:
            return None
    return body


def _indicator(body: bytes | None) -> str:
    try:
        found = json.loads(body or b"")["status"]["indicator"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""
