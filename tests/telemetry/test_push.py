"""Requests to the operator's monitors."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.telemetry import push as push_module
from bot.telemetry.push import push
from tests.patience import idle_timeout
from tests.self_signed import self_signed, server_context
from tests.telemetry.push_server import push_server

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def test_an_address_is_asked_and_the_status_returned() -> None:
    with push_server() as server:
        result = await push(f"{server.url}/ping/1", private=True)
        found = server.next()
    assert (result.is_done, result.status) == (True, 200)
    assert (found.method, found.path) == ("GET", "/ping/1")


async def test_a_body_is_posted() -> None:
    with push_server() as server:
        await push(server.url, private=True, body=b"{}", headers={"X-Key": "k"})
        found = server.next()
    assert (found.method, found.body, found.headers["X-Key"]) == ("POST", b"{}", "k")


async def test_a_private_address_is_asked_only_where_the_operator_allows_it() -> None:
    with push_server() as server:
        result = await push(server.url, private=False)
        named = await push(f"http://localhost.localdomain.:{server.port}", private=False)
        assert server.received.empty()
    assert (result.is_done, result.problem) == (False, "a private address")
    assert not named.is_done


async def test_a_redirect_is_not_followed() -> None:
    with push_server() as server:
        server.status, server.headers = 302, {"Location": f"{server.url}/elsewhere"}
        result = await push(server.url, private=True)
        assert server.received.qsize() == 1
    assert (result.is_done, result.problem) == (False, "status 302")


async def test_a_server_that_is_not_there_is_a_kind_of_failure_without_the_address() -> None:
    with push_server() as server:
        port = server.port
    result = await push(f"http://user:hidden-word@127.0.0.1:{port}/", private=True)
    assert not result.is_done
    assert "hidden-word" not in result.problem
    assert "127.0.0.1" not in result.problem


# A monitor that is not well


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Take the request, and answer nothing."""
    await reader.read()


async def drop_by_drop(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with a header that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.01)


async def resetting(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def failing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 500."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer 200 with a body that never ends."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


@contextlib.asynccontextmanager
async def monitor(serve: Serve, **options: Any) -> AsyncIterator[int]:
    """Serve on a port of this machine, until all who have come have left."""
    serving: list[asyncio.Task[None]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.create_task(handle(reader, writer)))

    async with await asyncio.start_server(accept, "127.0.0.1", 0, **options) as server:
        yield int(server.sockets[0].getsockname()[1])
        async with idle_timeout(30):
            await asyncio.gather(*serving)


@pytest.mark.parametrize(
    ("serve", "problem"),
    [
        (silent, "TimeoutError"),
        (drop_by_drop, "TimeoutError"),
        (resetting, "Client|ServerDisconnected"),
        (failing, "status 500"),
    ],
)
async def test_a_monitor_that_does_not_answer_well_is_left_within_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, problem: str
) -> None:
    monkeypatch.setattr(push_module, "PUSH_S", 0.3)
    async with monitor(serve) as port:
        result = await push(f"http://127.0.0.1:{port}/ping/hidden-word", private=True)
    assert not result.is_done
    assert any(each in result.problem for each in problem.split("|"))
    assert "hidden-word" not in result.problem


async def test_the_body_of_an_answer_is_not_read() -> None:
    async with monitor(endless) as port:
        result = await push(f"http://127.0.0.1:{port}", private=True)
    assert result.is_done


async def test_a_certificate_that_nobody_has_signed_is_refused(tmp_path: Path) -> None:
    pem = self_signed(tmp_path / "monitor.pem", "127.0.0.1")
    async with monitor(failing, ssl=server_context(pem)) as port:
        result = await push(f"https://127.0.0.1:{port}", private=True)
    assert result.problem == "ClientConnectorCertificateError"


async def test_a_name_that_stands_for_nothing_is_a_failure_and_no_error() -> None:
    assert not (await push("http://monitor.invalid", private=False)).is_done
