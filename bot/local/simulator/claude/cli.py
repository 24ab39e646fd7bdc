"""The local Claude as a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bot.local.simulator import process

from .server import Claude


def serve(
    port: int = 0,
    key: str | None = None,
    first_token_s: float = 0.4,
    tokens_per_s: float = 60.0,
    files: Path | None = None,
    die_with_parent: bool = False,
) -> None:
    """Run a local Claude until SIGTERM or SIGINT; print one JSON line with its base_url once it listens."""
    claude = Claude(key=key, first_token_s=first_token_s, tokens_per_s=tokens_per_s, files=files)
    asyncio.run(process.serve(claude, port, die_with_parent=die_with_parent))
