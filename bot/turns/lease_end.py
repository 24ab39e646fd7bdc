"""The end of a lease: released here, or taken over by another worker."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from bot.conversation.errors import (
    StoreUnavailable,
)
from bot.store.claim import Claim, UnreadableConversation
from bot.store.journal import Journal

log = structlog.get_logger()

RELEASE_S = 2.0
"""The longest wait for a release; a lease that is not released lapses."""


class LeaseEnd:
    """Ends leases; `lost` is called for each turn that another worker has taken over from here."""

    def __init__(self, journal: Journal, lost: Callable[[], None]) -> None:
        self._journal = journal
        self._lost = lost

    async def release(
        self, claim: Claim | UnreadableConversation, *, blameless: bool, not_within_s: float = 0.0
    ) -> None:
        """Release the lease of a claim; a lease that cannot be released lapses."""
        try:
            async with asyncio.timeout(RELEASE_S):
                await self._journal.release(claim, blameless=blameless, not_within_s=not_within_s)
        except (StoreUnavailable, TimeoutError):
            log.debug("lease_not_released", conversation=claim.conversation)

    async def log_fenced(self, conversation: int) -> None:
        """Log why a turn was not ended here; a person's action is no reason for a warning."""
        with contextlib.suppress(StoreUnavailable):
            if await self._journal.revoked(conversation):
                log.info("turn_called_off", conversation=conversation)
                return
        self._lost()
        log.warning(
            "turn_taken_over", conversation=conversation, hint="this bot, its host or its Redis was too slow"
        )
