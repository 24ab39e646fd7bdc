"""A simulated server as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from typing import Protocol

STDIN = 0
CHUNK_BYTES = 4096


class Server(Protocol):
    """A server with a start and a stop."""

    async def start(self, *, port: int) -> None:
        """Listen; port 0 takes any free port."""

    async def stop(self) -> None:
        """Stop listening."""

    def endpoints(self) -> dict[str, str]:
        """Return what a client needs to connect, once the server listens."""


async def serve(server: Server, port: int, *, die_with_parent: bool) -> None:
    """Run a server until SIGTERM or SIGINT; print its endpoints as one line of JSON once it listens.

    With `die_with_parent` the end of standard input ends the server too, so that it never outlives its parent.
    """
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await server.start(port=port)
    try:
        sys.stdout.write(json.dumps(server.endpoints()) + "\n")
        sys.stdout.flush()
        if die_with_parent:
            _watch_stdin(loop, ended)
        await ended.wait()
    finally:
        await server.stop()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    def watch() -> None:
        while os.read(STDIN, CHUNK_BYTES):
            pass
        loop.call_soon_threadsafe(ended.set)

    # A thread, since standard input may be a file or a terminal; a daemon, since a read cannot be cancelled.
    threading.Thread(target=watch, name="stdin", daemon=True).start()
