"""A step of the protocol that is done although the store is away for a moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.store.patience import patiently

T = TypeVar("T")

PERSIST_S = 30.0
"""A reply that cost money is not thrown away because the store restarts: writing it down is tried this long."""

PERSIST_PAUSE_S = 0.25


async def persist(step: Callable[[], Awaitable[T]]) -> T:
    """Do a step of the journal; the lease decides if it still may. StoreUnavailable if the store stays away."""
    return await patiently(step, within_s=PERSIST_S, pause_s=PERSIST_PAUSE_S)
