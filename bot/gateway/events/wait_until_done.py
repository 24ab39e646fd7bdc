"""Waits for a turn that is finishing: its reply is complete on Discord, and the store has yet to be told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.2
POLLS = 60
"""Finishing takes one or two calls. A notice, or a message to delete, may wait up to some 5 s for the channel's rate
limit; after a crash the turn finishes when its lease has expired and another worker has taken it."""


async def wait_until_done(
    read: Callable[[], Awaitable[T]], is_finishing: Callable[[T], bool], *, poll_s: float = POLL_S
) -> T:
    """Read until no turn is finishing; returns what was read last, also if the turn does not finish in time."""
    for _ in range(POLLS - 1):
        state = await read()
        if not is_finishing(state):
            return state
        await asyncio.sleep(poll_s)
    return await read()
