"""The runs of calls that were allowed: each once, unless nobody knows whether it took effect."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import structlog
from structlog.contextvars import bound_contextvars

from bot.conversation.approval import Approval, is_held_up
from bot.conversation.clock import Clock
from bot.conversation.content import text_of
from bot.store.approvals import Approvals
from bot.tools.tool import Tool, ToolContext, ToolFailed
from bot.tools.toolbox import Toolbox
from bot.turns.approval_cards import ApprovalCards
from bot.turns.approval_rules import ApprovalRules, place_of
from bot.turns.persist import persist
from bot.turns.tool_result import error_text
from bot.turns.tool_run import ToolTimedOut, output_of

log = structlog.get_logger()

GONE = "The tool is not there any more."
TOO_SLOW = "it took too long, so nobody knows whether it took effect"
INTERRUPTED = "I was interrupted while this ran, so nobody knows whether it took effect"


class ApprovalRuns:
    """Runs calls in the background, and shows what became of them on their cards; `report` as in ApprovalDesk."""

    def __init__(
        self,
        approvals: Approvals,
        rules: ApprovalRules,
        toolbox: Toolbox,
        cards: ApprovalCards,
        clock: Clock,
        report: Callable[[str], None],
    ) -> None:
        self._approvals = approvals
        self._rules = rules
        self._toolbox = toolbox
        self._cards = cards
        self._clock = clock
        self._report = report
        self.running: set[asyncio.Task[None]] = set()

    def start(self, approval: Approval) -> None:
        """Begin to run a call that was allowed."""
        with bound_contextvars(conversation=approval.conversation, turn=approval.turn):
            task = asyncio.create_task(self.run(approval), name=f"approved-{approval.tool}")
        self.running.add(task)
        task.add_done_callback(self.running.discard)

    async def run(self, approval: Approval) -> None:
        """Run a call that was allowed, unless it was taken for interrupted meanwhile: then others decide on it."""
        tool = self._toolbox.find(approval.tool)
        why = None if tool is None else await self._rules.why_not(approval)
        if why is not None:
            found, taken = await self._change(
                approval, lambda each: each.withdrawn(why, self._clock.now_ms())
            )
            if found is not None and taken:
                self._report(found.state)
                log.info(
                    "approval_withdrawn", conversation=approval.conversation, tool=approval.tool, reason=why
                )
                await self._cards.show(found)
            return
        # The last step before the call: a worker that was held up until now makes no call beside another one.
        began_s = time.monotonic()
        begun, is_begun = await self._change(approval, lambda each: each.begun(self._clock.now_ms()))
        if begun is None or not is_begun or is_held_up(time.monotonic() - began_s):
            return
        is_done, outcome = (False, GONE) if tool is None else await self._called(tool, begun)
        log.info(
            "approved_tool_called",
            conversation=begun.conversation,
            tool=begun.tool,
            outcome="done" if is_done else "failed",
        )
        found, taken = await self._change(
            begun, lambda each: each.ended("done" if is_done else "failed", outcome, self._clock.now_ms())
        )
        if found is not None and (taken or found.has_ended):
            if taken:
                self._report(found.state)
            await self._cards.show(found)

    async def _change(
        self, before: Approval, step: Callable[[Approval], Approval | None]
    ) -> tuple[Approval | None, bool]:
        """Take a step if nothing has changed since; returns the call as it is then, and whether it was taken."""
        return await persist(
            lambda: self._approvals.change(
                before.conversation,
                before.id,
                lambda each: step(each) if each.stamp == before.stamp else None,
            )
        )

    async def _called(self, tool: Tool, approval: Approval) -> tuple[bool, str]:
        """Make a call; returns whether that went well, and the outcome."""
        context = ToolContext(
            place_of(approval),
            approval.asker,
            approval.key,
            approval.turn,
            frozenset(approval.roles),
            settled=dict(approval.settled),
        )
        try:
            output = await output_of(tool, context, json.loads(approval.arguments))
        except ToolTimedOut:
            return False, TOO_SLOW
        except ToolFailed as error:
            return False, error_text(str(error))
        return True, text_of(output.content, "\n")
