"""The server that `mcp_process` starts: `python -m tests.tools.mcp_server PORT`.

What its tools say and bring is set by variables of the environment.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp_types import ImageContent, ResourceLink, TextContent, ToolAnnotations

from tests.tools.mcp_process import PNG

HUGE = 3_000_000


def _server() -> MCPServer[Any]:
    said = os.environ.get
    server = MCPServer("wiki")
    reading = ToolAnnotations(read_only_hint=said("READ_ONLY", "1") == "1")

    @server.tool(description=said("DESCRIPTION", "Search the wiki."), annotations=reading)
    def search(query: str) -> list[TextContent]:
        return [TextContent(text=said("RESULT", f"Nothing is known of {query}."))]

    @server.tool(description="Write a note.")
    def note(text: str) -> list[TextContent]:
        with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as notes:
            notes.write(text + "\n")
        return [TextContent(text="Written.")]

    @server.tool(annotations=reading)
    def fail() -> str:
        """Fail."""
        raise ValueError(said("RESULT", "the loom is broken"))

    @server.tool(annotations=reading)
    async def hang() -> str:
        """Never end."""
        await asyncio.Event().wait()
        return ""

    @server.tool(annotations=reading)
    def pictures() -> list[ImageContent | TextContent | ResourceLink]:
        """Return blocks of several kinds."""
        return [
            TextContent(text="Two pictures:"),
            ImageContent(data=PNG, mime_type="image/gif"),
            ImageContent(data="aGVsbG8=", mime_type="image/png"),
            ResourceLink(name="loom", uri="https://wiki.example/loom"),
        ]

    @server.tool(annotations=reading)
    def huge() -> list[TextContent]:
        """Return very much."""
        return [TextContent(text="x" * HUGE)]

    return server


class _Guarded:
    """Wants a token, if one is set; leads elsewhere, if an address is set."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token, elsewhere = os.environ.get("TOKEN"), os.environ.get("ELSEWHERE")
        headers = dict(scope.get("headers") or ())
        if scope["type"] == "http" and elsewhere:
            location = [(b"location", elsewhere.encode())]
            await send({"type": "http.response.start", "status": 307, "headers": location})
            await send({"type": "http.response.body", "body": b""})
        elif (
            scope["type"] == "http" and token and headers.get(b"authorization") != f"Bearer {token}".encode()
        ):
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self._app(scope, receive, send)


async def _serve(port: int) -> None:
    app = _Guarded(_server().streamable_http_app())
    listening = socket.create_server(("127.0.0.1", port))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await uvicorn.Server(uvicorn.Config(app, log_level="error")).serve([listening])


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
