"""The local Claude as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading

from .server import Claude

STDIN = 0
CHUNK_BYTES = 4096


def serve(
    port: int = 0,
    key: str | None = None,
    first_token_s: float = 0.4,
    tokens_per_s: float = 60.0,
    die_with_parent: bool = False,
) -> None:
    """Run a local Claude until SIGTERM or SIGINT; print one JSON line with its base_url once it listens.

    With die_with_parent it also ends when its standard input does, so that it never outlives who started it.
    """
    claude = Claude(key=key, first_token_s=first_token_s, tokens_per_s=tokens_per_s)
    asyncio.run(_serve(claude, port, die_with_parent=die_with_parent))


async def _serve(claude: Claude, port: int, *, die_with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await claude.start(port=port)
    try:
        sys.stdout.write(json.dumps({"base_url": claude.base_url}) + "\n")
        sys.stdout.flush()
        if die_with_parent:
            _watch_stdin(loop, ended)
        await ended.wait()
    finally:
        await claude.stop()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    def watch() -> None:
        while os.read(STDIN, CHUNK_BYTES):
            pass
        loop.call_soon_threadsafe(ended.set)

    # A thread, since standard input may be a file or a terminal; a daemon, since a read cannot be called off.
    threading.Thread(target=watch, name="stdin", daemon=True).start()
