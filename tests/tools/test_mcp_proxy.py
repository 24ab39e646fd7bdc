"""A proxy gets checked addresses alone, and the certificate must be that of the server's name."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from bot.tools.mcp import transport
from bot.tools.mcp.answers import Answers
from bot.tools.mcp.transport import BoundedTransport
from tests.self_signed import self_signed, server_context
from tests.tools.test_mcp_address import resolving

NAME, PUBLIC = "wiki.example", "93.184.215.14"


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve on a free port; each connection has ended at the end."""
    running: set[asyncio.Task[None]] = set()

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        with contextlib.suppress(OSError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(one, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]
    if running:
        await asyncio.wait(running)


@dataclass
class Tunnel:
    """A proxy that leads every tunnel to one server of this machine, and notes where it was asked to lead."""

    to: int
    asked: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Tunnel]:
        async with serving(self._serve) as port:
            self.url = f"http://127.0.0.1:{port}"
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        self.asked.append(head.split()[1])
        there, away = await asyncio.open_connection("127.0.0.1", self.to)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass_on(reader, away), _pass_on(there, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def https_server(pem: Path) -> AsyncIterator[tuple[int, list[str]]]:
    """A server with a certificate, which notes the heads of requests."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        await writer.drain()

    context = server_context(pem)
    async with serving(serve, context) as port:
        yield port, heads


async def fetched(proxy: str, url: str) -> str:
    """Fetch a page through a proxy."""
    made = BoundedTransport(private=False, most_bytes=1000, answers=Answers(), proxy=proxy)
    async with httpx2.AsyncClient(transport=made, trust_env=False) as http:
        return (await http.get(url)).text


async def test_the_proxy_is_told_the_checked_address_and_the_server_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = self_signed(tmp_path / "server.pem", NAME)
    monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(pem)))
    async with https_server(pem) as (port, heads), Tunnel(port).running() as tunnel:
        resolving(monkeypatch, PUBLIC)
        with_password = tunnel.url.replace("//", "//weaver:secret@")
        assert await fetched(with_password, f"https://{NAME}/mcp") == "hello"
        assert tunnel.asked == [f"{PUBLIC}:443"]
        assert "Proxy-Authorization: Basic " in tunnel.heads[0]
        assert NAME not in tunnel.heads[0]
        assert f"host: {NAME}\r\n" in heads[0].lower()
        assert "proxy-authorization" not in heads[0].lower()


async def test_security_a_private_address_is_refused_before_the_proxy_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Tunnel(1).running() as tunnel:
        for url in (
            "https://127.0.0.1/mcp",
            "https://[::1]/mcp",
            "https://localhost/mcp",
            "https://169.254.169.254/",
        ):
            with pytest.raises(httpx2.ConnectError, match="private"):
                await fetched(tunnel.url, url)
        resolving(monkeypatch, "10.1.2.3")
        with pytest.raises(httpx2.ConnectError, match="private"):
            await fetched(tunnel.url, f"https://{NAME}/mcp")
        assert tunnel.asked == []


async def test_security_the_certificate_of_another_name_is_refused_behind_the_proxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = self_signed(tmp_path / "server.pem", "other.example")
    monkeypatch.setattr(transport, "tls_context", lambda: ssl.create_default_context(cafile=str(pem)))
    async with https_server(pem) as (port, heads), Tunnel(port).running() as tunnel:
        resolving(monkeypatch, PUBLIC)
        with pytest.raises(httpx2.ConnectError, match="not valid for"):
            await fetched(tunnel.url, f"https://{NAME}/mcp")
        assert heads == []
