"""The right to migrate, which one instance has at a time, and loses when it is killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio import Redis

from bot.conversation.errors import StoreUnavailable
from bot.store.keys import Keys
from bot.store.scripts import Scripts
from bot.store.scripts.value import CompareAndSet

LEASE_S = 15
"""How long another instance waits for one that was killed while it migrated."""

RENEW_S = 3.0


class LeaseLost(Exception):
    """The holder was frozen for longer than the lease lasts; another instance may migrate by now."""


class MigrationLease:
    """The lease; every renewal changes its text, by which the holder is told from a holder of another time."""

    def __init__(self, redis: Redis, keys: Keys, *, instance: str) -> None:
        self._scripts = Scripts(redis)
        self._key = keys.migration_lease
        self._instance = instance
        self._renewals = 0

    @asynccontextmanager
    async def held(self) -> AsyncIterator[bool]:
        """Hold the lease within the context, False if another instance holds it.

        Where the lease is lost, the work of the context is cancelled, and the context ends with LeaseLost.
        """
        if not await self._move("", self._text):
            yield False
            return
        working, lost = asyncio.current_task(), asyncio.Event()
        renewing = asyncio.create_task(self._renew(working, lost), name="migration-lease")
        try:
            yield True
        except asyncio.CancelledError:
            if not lost.is_set():
                raise
            if working is not None:
                working.uncancel()
            raise LeaseLost from None
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            if not lost.is_set():
                with suppress(StoreUnavailable):
                    await self._move(self._text, "")

    @property
    def _text(self) -> str:
        return f"{self._instance} {self._renewals}"

    async def _renew(self, working: asyncio.Task[object] | None, lost: asyncio.Event) -> None:
        while not lost.is_set():
            await asyncio.sleep(RENEW_S)
            try:
                if await self._move(self._text, f"{self._instance} {self._renewals + 1}"):
                    self._renewals += 1
                    continue
            except StoreUnavailable:
                continue  # what is done under the lease meets the same failure
            lost.set()
            if working is not None:
                working.cancel()

    async def _move(self, before: str, after: str) -> bool:
        call = CompareAndSet(
            step="migration_lease", value=self._key, before=before, after=after, ttl_s=LEASE_S
        )
        return bool(await self._scripts.run(call))
