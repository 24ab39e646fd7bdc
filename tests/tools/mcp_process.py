"""A real MCP server for tests: the official package's own, over streamable HTTP, in a process of its own."""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.forked_process import ForkedProcess, Pipe

LIBRARIES = (
    *("uvicorn", "mcp.server.mcpserver", "mcp_types"),
    *("uvicorn.protocols.http.auto", "uvicorn.protocols.websockets.auto", "uvicorn.lifespan.on"),
)
"""What the server imports."""

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def mcp_process(port: int, **environment: str) -> AsyncIterator[None]:
    """Run a server on a port, and kill it at the end."""
    read_end, write_end = os.pipe()
    output = await Pipe.open(read_end)
    process = await ForkedProcess.start(
        "tests.tools.mcp_server", (str(port),), environment, write_end, libraries=LIBRARIES
    )
    try:
        assert await output.reader.readline() == b"ready\n"
        yield
    finally:
        process.kill()
        await process.wait()
        await output.close()
