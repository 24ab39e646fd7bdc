"""Looks after calls that wait for a permission: missing cards, expiry, calls that were interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from bot.conversation.approval import NOBODY, Approval
from bot.conversation.clock import Clock
from bot.conversation.errors import StoreUnavailable
from bot.store.approvals import Approvals
from bot.store.due_queue import DueItem
from bot.tools.toolbox import Toolbox
from bot.turns.approval_cards import ApprovalCards
from bot.turns.approval_runs import INTERRUPTED, ApprovalRuns

log = structlog.get_logger()

T = TypeVar("T")

RETRY_S = 60.0
"""After a failure of the store or of Discord."""


class ApprovalWatch:
    """Does what is derived from the stored calls and left undone by their workers; `report` as in ApprovalDesk.

    `was_taken_back` ends a call that waits, with its card, if its question was deleted, and says whether it did.
    """

    def __init__(
        self,
        approvals: Approvals,
        toolbox: Toolbox,
        cards: ApprovalCards,
        runs: ApprovalRuns,
        clock: Clock,
        report: Callable[[str], None],
        *,
        was_taken_back: Callable[[Approval], Awaitable[bool]],
    ) -> None:
        self._approvals = approvals
        self._toolbox = toolbox
        self._cards = cards
        self._runs = runs
        self._clock = clock
        self._report = report
        self._was_taken_back = was_taken_back
        self._distrusts_cards = False

    async def run(self, *, every_s: float) -> None:
        """Post cards that are missing, end what has expired, take up what was interrupted; until cancelled."""
        while True:
            try:
                if self._distrusts_cards:
                    await self._write_anew()
                for item in await self._approvals.due.take(RETRY_S):
                    await self._look_after(item)
            except StoreUnavailable as error:
                log.info("approvals_delayed", detail=str(error))
            await asyncio.sleep(every_s)

    def distrust_cards(self) -> None:
        """Have every card written anew that waits: a store that has gone back does not know what the card says."""
        self._distrusts_cards = True

    async def _look_after(self, item: DueItem) -> None:
        try:
            again_s = await self.look(item.id)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("approvals_failed", conversation=item.id)  # due again in RETRY_S
            return
        await self._approvals.due.done(item, again_s)

    async def look(self, conversation: int) -> float | None:
        """Look after the calls of a conversation; returns in how many seconds to look again, None for never."""
        found = await self._approvals.of(conversation)
        waits = [await self._tried(each, self._look_at) for each in found]
        return min((wait_s for wait_s in waits if wait_s is not None), default=None)

    async def _tried(self, approval: Approval, do: Callable[[Approval], Awaitable[T]]) -> T | float:
        """Do something for one call; whatever that raises, others do not wait for it."""
        try:
            return await do(approval)
        except StoreUnavailable:
            raise
        except Exception:  # discord.py raises anything for unexpected data
            log.exception("approval_failed", conversation=approval.conversation, tool=approval.tool)
            return RETRY_S

    async def _look_at(self, approval: Approval) -> float | None:
        """Look after one call; returns what `look` does."""
        is_reset = await self._approvals.is_reset(approval)
        if approval.has_ended:
            is_shown = approval.is_shown or await self._cards.show(approval)
            return await self._ended(approval, is_shown=is_shown, is_reset=is_reset)
        if not is_reset and await self._was_taken_back(approval):
            return None
        after, taken = await self._next(approval, is_reset=is_reset)
        if after is None:
            return None
        is_shown = True
        if taken:
            is_shown = await self._taken_up(after)
        elif after.card is None and after.state == "waiting":
            await self._cards.post(after)
        elif not after.is_shown and after.state == "waiting":
            is_shown = await self._cards.show(after)
        if after.has_ended:
            return await self._ended(after, is_shown=is_shown, is_reset=is_reset)
        if not is_shown or after.state == "running":
            return RETRY_S
        return (after.ends_ms - self._clock.now_ms()) / 1000 + 1

    async def _ended(self, approval: Approval, *, is_shown: bool, is_reset: bool) -> float | None:
        """Forget what nobody needs once the card is written.

        That is what was said in a call of a conversation that was reset, and the whole call of a person who was
        forgotten.
        """
        if is_shown and approval.asker == NOBODY:
            await self._approvals.forget(approval.conversation, approval.id)
        elif is_shown and is_reset:
            await self._approvals.change(approval.conversation, approval.id, Approval.without_words)
        return None if is_shown else RETRY_S

    async def _next(self, approval: Approval, *, is_reset: bool) -> tuple[Approval | None, bool]:
        """End a call that has expired or whose conversation was reset, or take it up if it was interrupted."""
        now_ms = self._clock.now_ms()
        tool = self._toolbox.find(approval.tool)
        limit_s, repeats = (0.0, False) if tool is None else (tool.time_limit_s, tool.repeats)

        def step(found: Approval) -> Approval | None:
            if is_reset and found.state == "waiting":
                return found.withdrawn("reset", now_ms)
            taken_up = found.interrupted(limit_s, repeats=repeats, now_ms=now_ms)
            if is_reset and taken_up is not None:
                return found.ended("failed", INTERRUPTED, now_ms)
            return found.expired(now_ms) or taken_up

        return await self._approvals.change(approval.conversation, approval.id, step)

    async def _taken_up(self, approval: Approval) -> bool:
        """Run a call again if it is to be, and show what the watch has made of it; returns whether it is shown."""
        log.info(
            "approval_taken_up", conversation=approval.conversation, tool=approval.tool, state=approval.state
        )
        if approval.has_ended:
            self._report(approval.state)
        elif approval.state == "running":
            self._runs.start(approval)
        return await self._cards.show(approval)

    async def _write_anew(self) -> None:
        for conversation in await self._approvals.due.all():
            for each in await self._approvals.of(conversation):
                if each.state == "waiting":
                    await self._tried(each, self._cards.show)
        self._distrusts_cards = False
