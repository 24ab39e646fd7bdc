"""The share of this process in the calls that Discord allows the bot per second.

All processes of a bot share one limit. Each holds a part of the calls of a window, and a call counts from its
beginning until a window after its end (`bot/render/schedule.py`); a part goes to another process only once no call
occupies it. So the processes together never exceed the limit, whatever the network delays. While Redis is away, each
process keeps to an equal part. A process that makes no calls keeps one of its share, and renews it rarely.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Protocol

import structlog

from bot.conversation.errors import StoreUnavailable
from bot.render.pace import Pace
from bot.store.call_shares import CallShare
from bot.store.key_lifetimes import CALL_SHARE_S

log = structlog.get_logger()

ALONE_S = 1.0
"""Between two renewals of a process that is alone ..."""

SHARED_S = 0.5
"""... and of one that is not, so that what it does not need is soon free for the others."""

IDLE_S = 15.0
"""Of a process that makes no calls; its next call ends the pause."""

SHORT_S = 0.02
"""A process whose calls wait for its share asks for more so soon ..."""

STILL_SHORT_S = 0.25
"""... and again after this time if there was nothing to be had."""

STORE_S = 1.0
LEAVE_S = 0.3
"""A Redis that does not answer must not hold a stop up."""

KEEPS_S = CALL_SHARE_S - 0.5
"""After so long without a renewal a process keeps to an equal part."""

EQUAL_AFTER_S = 2 * CALL_SHARE_S
"""After so long without Redis every process that makes calls has noticed, and keeps to an equal part."""


class Shares(Protocol):
    """Where the processes agree on their shares."""

    async def renew(self, *, total: int, held: int, occupied: int, wanted: int, idle: bool) -> CallShare:
        """Renew the share of this process; raises StoreUnavailable."""
        ...

    async def leave(self) -> None:
        """Give the share back; raises StoreUnavailable."""
        ...


class SharedRate:
    """Renews the share, and limits the calls of `pace` by it."""

    def __init__(self, pace: Pace, shares: Shares) -> None:
        self._pace = pace
        self._shares = shares
        self._total = pace.limit
        self._processes = 1
        self._renewed_s: float | None = None
        self._short = asyncio.Event()
        self._away_since_s: float | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None

    async def join(self) -> None:
        """Take the first share, and keep it; to be called before the first call to Discord."""
        self._pace.limit = 0
        self._pace.on_short = self._short.set
        await self.renew()
        self._watching = asyncio.create_task(self._watch(), name="shared-rate")

    async def _watch(self) -> None:
        """Renew the share until cancelled: now and then, and when calls wait for it."""
        while True:
            try:
                await self._wait_and_renew()
            except Exception:
                log.exception("call_share_failed")
                await asyncio.sleep(ALONE_S)

    async def _wait_and_renew(self) -> None:
        every_s = ALONE_S if self._processes == 1 else SHARED_S
        if self._pace.is_idle:
            every_s = IDLE_S
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(every_s):
                await self._short.wait()
        self._short.clear()
        before = self._pace.limit
        await self.renew()
        gives_back = self._pace.limit < before  # the others have that once the store knows of it
        is_still_short = self._pace.is_short and not gives_back and self._pace.limit == before
        await asyncio.sleep(STILL_SHORT_S if is_still_short else SHORT_S)
        if gives_back or self._pace.is_short:
            self._short.set()

    async def renew(self) -> None:
        """Renew the share, or do without Redis."""
        began_s = time.monotonic()
        held, demand = self._pace.limit, self._pace.demand
        is_idle = demand.wanted == 0 and self._renewed_s is not None  # calls follow the first renewal
        try:
            async with asyncio.timeout(STORE_S):
                share = await self._shares.renew(
                    total=self._total,
                    held=held,
                    occupied=demand.occupied,
                    wanted=demand.wanted,
                    idle=is_idle,
                )
        except (StoreUnavailable, TimeoutError):
            self._do_without(began_s)
            return
        if self._away_since_s is not None:
            log.info("call_share_restored", calls=share.calls, processes=share.processes)
        self._away_since_s = None
        self._renewed_s, self._processes = began_s, share.processes
        self._pace.limit = share.calls
        # A call that was begun meanwhile has asked for more already.
        self._pace.is_idle = is_idle and self._pace.demand.wanted == 0
        self._set_expiry(began_s + KEEPS_S - time.monotonic())

    async def leave(self) -> None:
        """Give the share back, so that the next process has it at once."""
        for running in (self._expiry, self._watching):
            if running is not None:
                running.cancel()
        with contextlib.suppress(StoreUnavailable, TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await self._shares.leave()

    @property
    def _equal(self) -> int:
        return max(1, self._total // self._processes)

    def _set_expiry(self, in_s: float) -> None:
        """Keep to an equal part before the others may have the share; also after the event loop was blocked."""
        if self._expiry is not None:
            self._expiry.cancel()
        self._expiry = asyncio.get_running_loop().call_later(max(0.0, in_s), self._expire)

    def _expire(self) -> None:
        self._pace.limit = min(self._pace.limit, self._equal)

    def _do_without(self, now_s: float) -> None:
        equal = self._equal
        self._pace.is_idle = False
        if self._away_since_s is None:
            self._away_since_s = now_s
            log.info("call_share_unknown", calls=equal, processes=self._processes)
        if self._renewed_s is None or now_s - self._away_since_s >= EQUAL_AFTER_S:
            self._pace.limit = equal
