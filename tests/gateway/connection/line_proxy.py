"""A way to a server that can refuse connections, accept them silently, and freeze those that are there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

Mode = Literal["open", "refusing", "silent", "frozen"]


class LineProxy:
    """Passes bytes to a port. `refusing` breaks every connection at once; `silent` accepts new ones, and answers
    nothing; with `frozen` nothing passes on those that are there either, and none of them closes."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.mode: Mode = "open"
        self.accepted = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thawed = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def before(cls, port: int) -> AsyncIterator[LineProxy]:
        """Stand in front of a server of this machine."""
        proxy = cls(port)
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        try:
            yield proxy
        finally:
            server.close()
            proxy.become("refusing")

    def become(self, mode: Mode) -> None:
        """Change what happens to connections."""
        self.mode = mode
        self._thawed.clear() if mode == "frozen" else self._thawed.set()
        if mode == "refusing":
            for writer in self._writers:
                writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._writers.add(writer)
        if self.mode == "refusing":
            writer.transport.abort()
        elif self.mode in ("silent", "frozen"):
            with contextlib.suppress(OSError):
                while await reader.read(65536):
                    pass
            writer.close()
        else:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._to)
            self._writers.add(there_writer)
            await asyncio.gather(self._pump(reader, there_writer), self._pump(there_reader, writer))
            self._writers.discard(there_writer)
        self._writers.discard(writer)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        frozen = False
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                # What was frozen once never passes: the network has forgotten the connection.
                frozen = frozen or self.mode == "frozen"
                if not frozen:
                    sink.write(data)
        sink.close()
