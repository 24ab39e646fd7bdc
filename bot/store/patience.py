"""Waits for a store that is unavailable for a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.conversation.errors import StoreUnavailable

T = TypeVar("T")


async def patiently(
    step: Callable[[], Awaitable[T]],
    *,
    within_s: float,
    pause_s: float,
) -> T:
    """Repeat a step until the store answers; StoreUnavailable if the store has not answered within `within_s`.

    The step may be repeated after a lost answer, as every write to the store may.
    """
    until_s = time.monotonic() + within_s
    while True:
        try:
            return await step()
        except StoreUnavailable:
            if time.monotonic() > until_s:
                raise
            await asyncio.sleep(pause_s)
