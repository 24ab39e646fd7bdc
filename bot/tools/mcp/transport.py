"""The transport of the MCP client: connects to checked addresses alone, and reads bounded answers.

A proxy is told the checked address, and never the name, which it would resolve by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore2
import httpx2

from bot.tls import tls_context
from bot.tools.mcp.address import AddressRefused, NotResolved, checked_addresses
from bot.tools.mcp.answers import Answers

CONNECT_S = 10.0
MOST_CONNECTIONS = 8
PORTS = {"https": 443, "http": 80}


class AddressGuard(httpcore2.AsyncNetworkBackend):
    """Resolves, checks and connects; each connection is checked anew."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of a host that answers."""
        try:
            addresses = await checked_addresses(host, port, private=self._private)
        except (AddressRefused, NotResolved) as error:
            raise httpcore2.ConnectError(str(error)) from None
        failure: Exception = httpcore2.ConnectError("no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Reads at most `most_bytes` of each answer, which must not be compressed."""

    def __init__(self, *, private: bool, most_bytes: int, answers: Answers, proxy: str | None = None) -> None:
        context = tls_context()
        super().__init__(verify=context, trust_env=False, proxy=proxy)
        self._passes_proxy = proxy is not None
        self._private = private
        if not self._passes_proxy:
            # The transport has no parameter for its network backend.
            self._pool = httpcore2.AsyncConnectionPool(
                ssl_context=context,
                max_connections=MOST_CONNECTIONS,
                network_backend=AddressGuard(private=private),
            )
        self._most_bytes = most_bytes
        self._answers = answers

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        if self._passes_proxy:
            request = await _to_checked_address(request, private=self._private)
        response = await super().handle_async_request(request)
        self._answers.note(response.status_code)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise httpx2.ReadError("the answer is compressed")
        if isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Bounded(response.stream, self._most_bytes, self._answers)
        return response


async def _to_checked_address(request: httpx2.Request, *, private: bool) -> httpx2.Request:
    """Return a request to an address of its host; the certificate must be that of the name all the same."""
    url, host = request.url, request.url.host
    try:
        addresses = await checked_addresses(host, url.port or PORTS[url.scheme], private=private)
    except (AddressRefused, NotResolved) as error:
        raise httpx2.ConnectError(str(error)) from None
    return httpx2.Request(
        request.method,
        url.copy_with(host=addresses[0]),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, most_bytes: int, answers: Answers) -> None:
        self._stream = stream
        self._room = most_bytes
        self._answers = answers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._room -= len(chunk)
            if self._room < 0:
                self._answers.is_too_large = True
                raise httpx2.ReadError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
