"""A way to Discord's gateway that can be closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class GatewayWay:
    """Passes bytes to and fro; `leave` breaks all connections and has new ones refused until `come_back`."""

    def __init__(self, gateway_url: str) -> None:
        parts = urlsplit(gateway_url)
        self._to = (parts.hostname or "", parts.port or 0)
        self._path = parts.path
        self._writers: set[asyncio.StreamWriter] = set()
        self._is_closed = False
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def before(cls, gateway_url: str) -> AsyncIterator[GatewayWay]:
        """Stand in front of a gateway, and name where in `url`."""
        way = cls(gateway_url)
        server = await asyncio.start_server(way._serve, "127.0.0.1", 0)
        way.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}{way._path}"
        try:
            yield way
        finally:
            server.close()
            way.leave()

    def leave(self) -> None:
        """Break all connections and refuse new ones."""
        self._is_closed = True
        for writer in self._writers:
            writer.transport.abort()

    def come_back(self) -> None:
        """Take connections again."""
        self._is_closed = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_closed:
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection(*self._to)
        self._writers |= {writer, there_writer}
        await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        self._writers -= {writer, there_writer}


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
    sink.close()
