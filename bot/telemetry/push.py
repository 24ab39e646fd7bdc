"""Requests to the operator's monitors, which are no part of the service: short, bounded, and without redirects."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from bot.config.proxy import proxy_for
from bot.config.public_address import is_private_host
from bot.telemetry.public_resolver import PublicResolver

PUSH_S = 10.0


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a request: the `status`, or the kind of `failure`; neither quotes the address."""

    status: int = 0
    failure: str = ""
    retry_after: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the server has taken the request."""
        return 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """Why the request is not done, in a word."""
        return self.failure or f"status {self.status}"


async def push(
    url: str, *, private: bool, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Pushed:
    """GET an address, or POST a body; private addresses are asked only if the operator has allowed it."""
    if is_private_host(url) and not private:
        return Pushed(failure="a private address")
    proxy = proxy_for(url)
    # The proxy looks the name up itself, and may stand in a private network.
    is_open = private or proxy is not None
    resolver = aiohttp.ThreadedResolver() if is_open else PublicResolver()
    try:
        async with (
            asyncio.timeout(PUSH_S),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=resolver)) as session,
            session.request(
                "GET" if body is None else "POST",
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=proxy,
            ) as response,
        ):
            return Pushed(response.status, retry_after=response.headers.get("Retry-After", ""))
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        return Pushed(failure=type(error).__name__)
