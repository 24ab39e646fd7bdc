"""An HTTP proxy that alone knows where a name is: what is reached by that name has come through it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

NAME = "beyond.test"
"""No name server knows it (RFC 6761)."""

FIRST_LINE = re.compile(rb"^([A-Z]+) http://beyond\.test:(\d+)/(\S*)")
PIECE_BYTES = 1 << 16


class ForwardProxy:
    """Passes on plain requests for `NAME` to this machine, and notes the first path of each connection."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.url = ""

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[ForwardProxy]:
        """Listen on a free port."""
        proxy = cls()
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield proxy
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            first = await reader.read(PIECE_BYTES)
            if found := FIRST_LINE.match(first):
                self.paths.append(found[3].decode())
                there, away = await asyncio.open_connection("127.0.0.1", int(found[2]))
                away.write(_local(first))
                await asyncio.gather(_pass_on(reader, away), _pass_on(there, writer))
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE_BYTES):
            writer.write(_local(piece))
            await writer.drain()
    writer.close()


def _local(piece: bytes) -> bytes:
    """Write the request as a server wants it."""
    piece = re.sub(rb"^([A-Z]+) http://beyond\.test:\d+/", rb"\1 /", piece)
    return (
        piece.replace(NAME.encode(), b"127.0.0.1", 1) if b"Host: " in piece or b"host: " in piece else piece
    )
