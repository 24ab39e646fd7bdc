"""Which conversations need attention: a hint that may be too much and is never too little."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.keys import PULSE_S, Keys
from bot.store.scripts import Scripts

HINTS_AT_ONCE = 500
"""One look reads no more than this; the oldest come first, so that none waits for ever."""


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A conversation that may have work; `score` is what it had on the list, as Redis writes it."""

    conversation: int
    score: str


class WorkQueue:
    """Reads and clears the list of conversations that need attention."""

    def __init__(self, redis: Redis, keys: Keys) -> None:
        self._redis = redis
        self._keys = keys
        self._scripts = Scripts(redis)

    async def hints(self) -> tuple[WorkItem, ...]:
        """Return the conversations on the list, those that wait longest first."""
        with translated():
            found = await self._redis.zrange(self._keys.work, 0, HINTS_AT_ONCE - 1, withscores=True)
        return tuple(WorkItem(int(entry[0]), f"{float(entry[1]):.0f}") for entry in found)

    async def waits(self, hint: WorkItem) -> bool:
        """Say whether a conversation on the list has messages that wait, or a turn to settle."""
        keys = self._keys
        with translated():
            found = await self._redis.exists(
                keys.pending(hint.conversation), keys.settling(hint.conversation)
            )
        return bool(found)

    async def beat(self, instance: str, before: str, now: str) -> bool:
        """Say whether the store still knows the beat before; it does not after a roll-back or a loss."""
        with translated():
            kept = await self._scripts.run("pulse", [self._keys.pulse(instance)], [before, now, PULSE_S])
        return bool(kept)

    async def rest(self, hint: WorkItem) -> None:
        """Take a conversation off the list, unless something has come since the hint was read."""
        with translated():
            await self._scripts.run("rest", [self._keys.work], [str(hint.conversation), hint.score])
