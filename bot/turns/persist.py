"""Journal steps that outlast a restart of the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.conversation.errors import StoreUnavailable
from bot.retry import Schedule, retry

T = TypeVar("T")

PERSIST = Schedule(0.25, within_s=30.0)
"""A restart of the store takes less; a reply that cost money must not be lost to it."""


async def persist(step: Callable[[], Awaitable[T]]) -> T:
    """Repeat a journal step until the store answers; StoreUnavailable when the schedule is exhausted.

    A step may run twice after a lost answer, as every write to the store may; the lease decides whether it counts.
    """
    return await retry(step, PERSIST, on=StoreUnavailable)
