"""Ends calls that nobody has refused and that are not to be made."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.conversation.approval import Approval, Withdrawal
from bot.conversation.clock import Clock
from bot.store.approvals import Approvals
from bot.turns.persist import persist

log = structlog.get_logger()


class ApprovalWithdrawal:
    """Notes in the store that a call has ended, and reports it; the card is left to the caller."""

    def __init__(self, approvals: Approvals, clock: Clock, report: Callable[[str], None]) -> None:
        self._approvals = approvals
        self._clock = clock
        self._report = report

    async def end(self, approval: Approval, why: Withdrawal) -> tuple[Approval | None, bool]:
        """End a call; returns what `Approvals.change` does."""
        now_ms = self._clock.now_ms()
        found, taken = await persist(
            lambda: self._approvals.change(
                approval.conversation, approval.id, lambda each: each.withdrawn(why, now_ms)
            )
        )
        if found is not None and taken:
            self._report(found.state)
            log.info("approval_withdrawn", conversation=approval.conversation, tool=approval.tool, reason=why)
        return found, taken
