"""An HTTP proxy with a password that alone knows where a name is, for `http://` and, by CONNECT, for `https://`.

Behind CONNECT the proxy is the server as well: it answers the handshake of TLS, and passes on what was encrypted.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.self_signed import self_signed, server_context

NAME = "beyond.test"
"""No name server knows it (RFC 6761)."""

CONNECT = re.compile(rb"CONNECT beyond\.test:(\d+) HTTP/1\.1\r\n")
ABSOLUTE = re.compile(rb"([A-Z]+) (?:http|ws)://beyond\.test:(\d+)(/\S*) HTTP/1\.1\r\n")
AUTHORIZATION = re.compile(rb"\r\nproxy-authorization: *basic ([^\r]+)\r\n", re.IGNORECASE)
HOST = re.compile(rb"(\r\nhost: *)beyond\.test", re.IGNORECASE)
REFUSED = (
    b'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="p"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class ConnectProxy:
    """Notes the targets of all requests: `CONNECT`, or the method and the path."""

    def __init__(self, credentials: str, certificate: ssl.SSLContext) -> None:
        self.port = 0
        self.requests: list[str] = []
        self.refused = 0
        self._expected = base64.b64encode(credentials.encode())
        self._certificate = certificate

    @classmethod
    @asynccontextmanager
    async def running(cls, credentials: str, folder: Path) -> AsyncIterator[ConnectProxy]:
        """Listen on a free port; `folder` gets the certificate, `ca.pem`."""
        proxy = cls(credentials, server_context(self_signed(folder / "ca.pem", NAME)))
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while await self._request(reader, writer):
                pass
        writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; returns whether another may follow on the connection."""
        head = await reader.readuntil(b"\r\n\r\n")
        given = AUTHORIZATION.search(head)
        if given is None or given[1] != self._expected:
            self.refused += 1
            writer.write(REFUSED)
            await writer.drain()
            return False
        if found := CONNECT.match(head):
            self.requests.append("CONNECT")
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            await writer.drain()
            await writer.start_tls(self._certificate)
            await _join(reader, writer, int(found[1]), b"")
        elif found := ABSOLUTE.match(head):
            self.requests.append(f"{found[1].decode()} {found[3].decode()}")
            # One request for each connection, so that each is seen and authorized.
            rest = AUTHORIZATION.sub(b"\r\n", head[found.end() - 2 :])
            if b"upgrade: websocket" not in rest.lower():
                rest = rest.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
            await _join(reader, writer, int(found[2]), found[1] + b" " + found[3] + b" HTTP/1.1" + rest)
        return False


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes) -> None:
    there, away = await asyncio.open_connection("127.0.0.1", port)
    away.write(_local(first))
    await asyncio.gather(_pass_on(reader, away), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(_local(piece))
            await writer.drain()
    writer.close()


def _local(piece: bytes) -> bytes:
    """Name the host as the servers want it, which serve this machine alone."""
    return HOST.sub(rb"\g<1>127.0.0.1", piece)
