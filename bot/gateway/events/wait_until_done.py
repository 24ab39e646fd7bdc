"""A turn that is just being finished: its reply stands there whole, and only its end has yet to be noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PAUSE_S = 0.2
LOOKS = 60
"""It takes a call or two. A notice, or a surplus message to delete, may have to wait for room in the channel, at most
some 5 s; after a crash it ends when its lease has lapsed and somebody else has taken it."""


async def when_finished(
    look: Callable[[], Awaitable[T]], is_finishing: Callable[[T], bool], *, pause_s: float = PAUSE_S
) -> T:
    """Look until no turn is just being finished; returns what was seen last, also where it does not end."""
    for _ in range(LOOKS - 1):
        seen = await look()
        if not is_finishing(seen):
            return seen
        await asyncio.sleep(pause_s)
    return await look()
