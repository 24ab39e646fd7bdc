"""An event of Discord's that finds the store away is held until it is back: Discord tells of each only once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.conversation.errors import StoreUnavailable
from bot.store.patience import patiently

T = TypeVar("T")

HOLD_S = 60.0
"""A restart of the store takes less; whoever wrote is told by then, or it is in the log."""

PAUSE_S = 0.5


async def held(
    step: Callable[[], Awaitable[T]], told: Callable[[StoreUnavailable], None] = lambda _: None
) -> T:
    """Repeat a step until the store answers; StoreUnavailable if it stays away. Each failure is `told`."""
    return await patiently(step, within_s=HOLD_S, pause_s=PAUSE_S, told=told)
