"""Steps of the journal that outlast a short outage of the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.store.patience import patiently

T = TypeVar("T")

PERSIST_S = 30.0
"""A step is retried this long, so that a restart of the store does not lose a reply that cost money."""

PERSIST_PAUSE_S = 0.25


async def persist(step: Callable[[], Awaitable[T]]) -> T:
    """Take a step of the journal, which the lease still guards. Raises StoreUnavailable if the outage lasts."""
    return await patiently(step, within_s=PERSIST_S, pause_s=PERSIST_PAUSE_S)
