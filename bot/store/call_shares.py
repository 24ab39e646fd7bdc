"""How many calls to Discord each process may make, of those that Discord allows the bot."""

from __future__ import annotations

import time
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.store.connection import translated
from bot.store.key_lifetimes import CALL_SHARE_S, IDLE_CALL_SHARE_S
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.limits import ShareCalls

LAST_CALLS_MS = 1500
"""Discord counts a call for a second; the rest is for clocks that differ."""


@dataclass(frozen=True, slots=True)
class CallShare:
    """`calls` are those that may count at a time; `processes` is the number of processes that share."""

    calls: int
    processes: int


class CallShares:
    """The shares of all processes; one that does not renew its share for CALL_SHARE_S loses it.

    An idle one has IDLE_CALL_SHARE_S.
    """

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._redis = redis
        self._keys = keys
        self._instance = instance
        self._scripts = Scripts(redis)

    async def renew(
        self, *, total: int, held: int, occupied: int, wanted: int, idle: bool = False
    ) -> CallShare:
        """Renew the share of this process.

        `held` is the share so far, `occupied` the calls that count, `wanted` those that count and those that wait.
        A process that is `idle` keeps one call, and gets its part of the rest as soon as it wants more.
        A share is never larger than what no other process holds.
        """
        calls, processes = await self._scripts.run(
            ShareCalls(
                shares=self._keys.call_shares,
                instance=self._instance,
                total=total,
                held=held,
                occupied=occupied,
                wanted=wanted,
                alive_ms=round(CALL_SHARE_S * 1000),
                idle_ms=round(IDLE_CALL_SHARE_S * 1000) if idle else 0,
            )
        )
        return CallShare(int(calls), int(processes))

    async def leave(self) -> None:
        """Give the share back once the last calls do not count any more."""
        key, now_ms = self._keys.call_shares, round(time.time() * 1000)
        with translated():
            share = await self._redis.hget(key, self._instance)
            if share is not None:
                held = str(share).split()[0]
                pipe = self._redis.pipeline(transaction=True)
                pipe.hset(key, self._instance, f"{held} 0 {now_ms + LAST_CALLS_MS}")
                # The key may have expired. Nobody's share lasts longer.
                pipe.expire(key, round(IDLE_CALL_SHARE_S))
                await pipe.execute()
