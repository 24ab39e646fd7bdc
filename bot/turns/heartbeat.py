"""The renewal of a lease while its turn runs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from types import TracebackType
from typing import Self

import structlog

from bot.conversation.errors import Fenced, StoreUnavailable
from bot.store.claim import Claim
from bot.store.journal import Journal

log = structlog.get_logger()

WRITE_SHARE = 2 / 3
"""Discord cannot check a lease, so calls to Discord stop when this share of the lease has passed without renewal: the
rest is for a call in flight to arrive before another worker may write."""

RETRY_S = 0.5
"""The pause before the next renewal after one that did not reach the store."""


class Heartbeat:
    """Renews a claim's lease in the background; if the lease is lost, cancels the body and raises Fenced.

    Renews at once when `wakeup` is set. `stopped` is set when a person asks to end the turn with the text written so
    far.
    """

    def __init__(
        self,
        journal: Journal,
        claim: Claim,
        *,
        lease_s: float,
        heartbeat_s: float,
        wakeup: asyncio.Event | None = None,
    ) -> None:
        self._journal = journal
        self._claim = claim
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._renewed_s = time.monotonic()
        self._lost = False
        self._wakeup = wakeup or asyncio.Event()
        self.stopped = asyncio.Event()
        if claim.attempt.stopped:
            self.stopped.set()

    def may_write(self) -> bool:
        """Whether the lease is fresh enough for a call to Discord."""
        return not self._lost and time.monotonic() < self._renewed_s + self._lease_s * WRITE_SHARE

    async def __aenter__(self) -> Self:
        body = asyncio.current_task()
        if body is None:
            raise RuntimeError("a heartbeat needs a task to guard")
        self._body = body
        self._beat = asyncio.create_task(self._renew_until_lost(), name=f"lease-{self._claim.conversation}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Repeated, because a call to Redis may swallow a cancellation, and the turn would wait here for ever.
        while not self._beat.done():
            self._beat.cancel()
            await asyncio.wait([self._beat], timeout=RETRY_S)
        is_body_cancelled = kind is asyncio.CancelledError and self._lost and self._body.uncancel() == 0
        del self._beat, self._body  # the ended task would keep this object, and whatever knows it
        if is_body_cancelled:
            raise Fenced("renew") from error

    async def _renew_until_lost(self) -> None:
        wait_s = self._heartbeat_s
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wakeup.wait()
            self._wakeup.clear()
            sent_s = time.monotonic()
            try:
                if await self._journal.renew(self._claim):
                    self.stopped.set()
            except StoreUnavailable:
                wait_s = RETRY_S
                continue
            except Fenced:
                self._lost = True
                self._body.cancel()
                return
            self._renewed_s, wait_s = sent_s, self._heartbeat_s
