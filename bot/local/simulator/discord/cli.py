"""The local Discord as a process of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path

from bot.local.simulator import process
from bot.local.simulator.discord.seed import seed
from bot.local.simulator.discord.service import Discord
from bot.local.simulator.discord.state import StateInUse, claimed


def serve(
    port: int = 8765,
    state: Path | None = None,
    round_trip_s: float = 0.0,
    die_with_parent: bool = False,
) -> None:
    """Run a local Discord with a page until SIGTERM or SIGINT; print one JSON line with its addresses and the token.

    The bot's token is new at each start, and no argument of the process, which every user of the machine could read.
    The world is kept in `state`.
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
    discord = Discord(state, round_trip_s)
    seed(discord, secrets.token_urlsafe())
    await process.serve(discord, port, die_with_parent=die_with_parent)
