"""A way to Redis that can be made slow, or closed, and that counts what passes."""

from __future__ import annotations

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

COMMAND = re.compile(rb"\*\d+\r\n\$\d+\r\n")
"""How each command begins on the wire (RESP); a text that people wrote hardly holds it."""

PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Traffic:
    """Counts since the start; a round trip is whatever a client sends until the server answers."""

    commands: float = 0
    trips: float = 0
    sent: float = 0
    received: float = 0

    def less(self, other: Traffic, times: float = 1.0) -> Traffic:
        """Return what is left without so many times the other."""
        return Traffic(
            self.commands - times * other.commands,
            self.trips - times * other.trips,
            self.sent - times * other.sent,
            self.received - times * other.received,
        )

    def each(self, parts: float) -> Traffic:
        """Return the same for each of so many parts."""
        return Traffic(self.commands / parts, self.trips / parts, self.sent / parts, self.received / parts)


class RedisProxy:
    """Passes bytes to and fro; `delay_s` holds up each answer, `gone` breaks and refuses every connection."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._writers: set[asyncio.StreamWriter] = set()
        self.delay_s = 0.0
        self.gone = False
        self.traffic = Traffic()
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def before(cls, redis_url: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[RedisProxy]:
        """Stand in front of a server on a unix socket, by `tls` if given, and name where in `url`."""
        proxy = cls(redis_url.removeprefix("unix://"))
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0, ssl=tls)
        scheme = "redis" if tls is None else "rediss"
        proxy.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        try:
            yield proxy
        finally:
            server.close()
            proxy.leave()

    def lead_to(self, redis_url: str) -> None:
        """Lead new connections to another server; those that are there stay with the old one."""
        self._path = redis_url.removeprefix("unix://")

    def leave(self) -> None:
        """Break all connections and refuse new ones."""
        self.gone = True
        for writer in self._writers:
            writer.transport.abort()

    def come_back(self) -> None:
        """Take connections again, and hold nothing up."""
        self.gone = False
        self.delay_s = 0.0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.gone:
            writer.transport.abort()
            return
        server_reader, server_writer = await asyncio.open_unix_connection(self._path)
        self._writers |= {writer, server_writer}
        answered = [True]
        await asyncio.gather(
            self._up(reader, server_writer, answered), self._down(server_reader, writer, answered)
        )
        self._writers -= {writer, server_writer}

    async def _up(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: list[bool]
    ) -> None:
        tail = b""
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                found = len(COMMAND.findall(tail + piece)) - len(COMMAND.findall(tail))
                tail = piece[-16:]
                self.traffic = self.traffic.less(Traffic(-found, -int(answered[0]), -len(piece)))
                answered[0] = False
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def _down(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answered: list[bool]
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(PIECE_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                self.traffic = self.traffic.less(Traffic(received=-len(piece)))
                answered[0] = True
                writer.write(piece)
                await writer.drain()
        writer.close()
