"""The local Discord as a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

from bot.local.simulator.discord.seed import seed
from bot.local.simulator.discord.service import Discord
from bot.local.simulator.discord.state import StateInUse, claimed

_STDIN = 0
_CHUNK_BYTES = 4096


def serve(
    port: int = 8765,
    state: Path | None = None,
    round_trip_s: float = 0.0,
    die_with_parent: bool = False,
) -> None:
    """Run a local Discord with a page until SIGTERM or SIGINT; print one JSON line with its addresses and the token.

    The bot's token is a new one at each start, and stands in no argument, which every user of the machine could read.
    The world is kept in STATE. With --die-with-parent it also ends when its standard input does.
    """
    try:
        with claimed(state):
            asyncio.run(_serve(state, port, round_trip_s, die_with_parent=die_with_parent))
    except StateInUse as error:
        sys.exit(str(error))
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        sys.exit(
            f"The local Discord cannot listen on port {port}: {reason}. Choose another with --port, or 0 for any."
        )


async def _serve(state: Path | None, port: int, round_trip_s: float, *, die_with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    discord = Discord(state, round_trip_s)
    token = secrets.token_urlsafe()
    seed(discord, token)
    await discord.start(port=port)
    try:
        told = {
            "api_url": discord.api_url,
            "gateway_url": discord.gateway_url,
            "page_url": discord.page_url,
            "token": token,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        if die_with_parent:
            _watch_stdin(loop, ended)
        await ended.wait()
    finally:
        await discord.stop()


def _watch_stdin(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    def watch() -> None:
        while os.read(_STDIN, _CHUNK_BYTES):
            pass
        loop.call_soon_threadsafe(ended.set)

    # A thread, since standard input may be a file or a terminal; a daemon, since a read cannot be called off.
    threading.Thread(target=watch, name="stdin", daemon=True).start()
