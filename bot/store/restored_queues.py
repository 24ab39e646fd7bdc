"""The queues of what is due, derived from the keys that are due: a backup reads them at another moment than these."""

from __future__ import annotations

from collections.abc import Mapping

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import Keys

DUE: Mapping[str, tuple[str, ...]] = {
    "work": ("{C}:q", "{C}:s"),
    "approvals": ("{C}:p",),
    "reminders": ("{C}:m",),
    "sweeps": ("{C}:u", "{C}:b", "{C}:x"),
    "audits": ("{S}:audit",),
    "forgetting": ("{P}:forget",),
    "branching": ("{P}:branches",),
}
"""The contracts of the keys whose tags stand in each queue. An entry too many costs a look."""

MERGED = frozenset({*DUE, "forgotten"})
"""Sorted sets to which a backup adds: what is derived, and who was forgotten since, is there already."""


async def schedule(redis: Redis, keys: Keys, contract: str, tag: str, now_ms: int) -> None:
    """Have what a key holds looked at, unless it is in the queue."""
    for queue, contracts in DUE.items():
        if contract in contracts:
            with translated():
                await redis.zadd(f"{keys.prefix}:{queue}", {tag: now_ms}, nx=True)
