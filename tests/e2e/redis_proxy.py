"""A way to Redis that can be made slow, or closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class RedisProxy:
    """Passes bytes to and fro; `delay_s` holds up each answer, `gone` breaks and refuses every connection."""

    def __init__(self, socket_path: str) -> None:
        self._path = socket_path
        self._writers: set[asyncio.StreamWriter] = set()
        self.delay_s = 0.0
        self.gone = False
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def before(cls, redis_url: str) -> AsyncIterator[RedisProxy]:
        """Stand in front of a server on a unix socket."""
        proxy = cls(redis_url.removeprefix("unix://"))
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.url = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        try:
            yield proxy
        finally:
            server.close()
            proxy.leave()

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
        await asyncio.gather(
            self._pass(reader, server_writer, slow=False), self._pass(server_reader, writer, slow=True)
        )
        self._writers -= {writer, server_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slow: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := await reader.read(65536):
                if slow and self.delay_s:
                    await asyncio.sleep(self.delay_s)
                writer.write(piece)
                await writer.drain()
        writer.close()
