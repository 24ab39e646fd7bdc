"""Calls of tools that wait until somebody allows them: the cards, the decisions, the calls that run afterwards.

No turn waits for a decision. What is to be done is derived from the stored calls: a card that is missing is posted, a
call that was allowed runs once, one that nobody decides expires.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import structlog
from structlog.contextvars import bound_contextvars

from bot.conversation.approval import Approval
from bot.conversation.clock import Clock
from bot.conversation.content import text_of
from bot.conversation.errors import (
    StoreUnavailable,
)
from bot.conversation.tool_settings import OFF, ON, state_for
from bot.render.outbox import Outbox
from bot.store.approvals import Approvals
from bot.store.scope_settings import ScopeSettings
from bot.tools.gate import Allowed, Refused, Verdict, Waiting
from bot.tools.tool import Tool, ToolContext, ToolFailed, ToolPlace
from bot.tools.toolbox import Toolbox
from bot.turns.approval_cards import ApprovalCards
from bot.turns.persist import persist
from bot.turns.tool_result import error_text
from bot.turns.tool_run import ToolTimedOut, output_of

log = structlog.get_logger()

RETRY_S = 60.0
"""After a failure of the store or of Discord."""

CARD_S = 20.0
"""How soon a card is posted by the watch whose turn has not posted it."""

ASKED = (
    "This waits for somebody's permission: a card with buttons stands below your reply. It has not been done yet. "
    "Say so in a few words and end your reply; you will be told what became of it."
)
SWITCHED_OFF = "This tool is switched off here, or for the person who asks."
GONE = "The tool is not there any more."
TOO_SLOW = "it took too long, so nobody knows whether it took effect"


class ApprovalDesk:
    """Opens calls that wait, posts their cards, and runs those that are allowed.

    `report` is called with each event of a call: opened, allowed, refused, expired, withdrawn, done, failed.
    """

    def __init__(
        self,
        approvals: Approvals,
        scope_settings: ScopeSettings,
        toolbox: Toolbox,
        outbox: Outbox,
        clock: Clock,
        report: Callable[[str], None] = lambda _event: None,
    ) -> None:
        self._approvals = approvals
        self._scope_settings = scope_settings
        self._toolbox = toolbox
        self._cards = ApprovalCards(approvals, outbox)
        self._clock = clock
        self._report = report
        self._opened: dict[int, set[int]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def gate(self, tool: Tool, context: ToolContext, arguments: Mapping[str, Any]) -> Verdict:
        """Let a call pass, or open it as one that waits: by the settings of the place, else by the tool."""
        place = context.place
        value = await self._set_for(tool.name, place, context.roles)
        if value == OFF:
            return Refused(SWITCHED_OFF)
        if value == ON or not (value or tool.asks):
            return Allowed()
        settles = tool.settles
        try:
            settled = {} if settles is None else await persist(lambda: settles(context, arguments))
        except ToolFailed as error:
            return Refused(str(error))
        now_ms = self._clock.now_ms()
        approval = Approval(
            id=int(context.key[:13], 16),
            tool=tool.name,
            arguments=json.dumps(arguments),
            conversation=place.conversation,
            channel=place.channel,
            server=place.server,
            is_private=place.is_private,
            asker=context.asker,
            roles=tuple(sorted(context.roles)),
            turn=context.turn,
            key=context.key,
            created_ms=now_ms,
            since_ms=now_ms,
            settled=tuple(settled.items()),
        )
        await persist(lambda: self._approvals.open(approval))
        self._opened.setdefault(context.turn, set()).add(approval.id)
        await persist(lambda: self._approvals.due.schedule(place.conversation, CARD_S))
        self._report("opened")
        log.info("approval_opened", conversation=place.conversation, turn=context.turn, tool=tool.name)
        return Waiting(ASKED, approval.id)

    async def post_cards(self, conversation: int, turn: int) -> None:
        """Post the cards of a turn that is shown; one that Discord refuses stays without, and expires."""
        opened = self._opened.pop(turn, None)
        if opened is None:
            return
        for each in await persist(lambda: self._approvals.of(conversation)):
            if each.id in opened:
                await self._cards.post(each)

    async def _set_for(self, tool: str, place: ToolPlace, roles: Collection[int]) -> str | None:
        """Return what is set for a tool in a place, for a person with these roles."""
        by_scope = await persist(
            lambda: self._scope_settings.by_scope(
                thread=place.conversation, channel=place.channel, server=place.server
            )
        )
        return state_for(by_scope, tool, roles if place.server is None else {*roles, place.server})

    async def allow(self, conversation: int, approval: int, by: int) -> tuple[Approval | None, bool]:
        """Allow a call and begin it.

        Returns the call as it is then, None if it is not known any more, and whether this decision counts.
        """
        now_ms = self._clock.now_ms()
        # Before the change: a call that is allowed and whose worker is gone has to be taken up.
        await self._approvals.due.schedule(conversation, RETRY_S)
        found, taken = await self._approvals.change(
            conversation, approval, lambda each: each.allowed(by, now_ms)
        )
        if found is not None and taken:
            self._report("allowed")
            await self._cards.show(found)
            self._start(found)
        return found, taken

    async def refuse(
        self, conversation: int, approval: int, by: int, reason: str
    ) -> tuple[Approval | None, bool]:
        """Refuse a call; returns what `allow` does."""
        now_ms = self._clock.now_ms()
        found, taken = await self._approvals.change(
            conversation, approval, lambda each: each.refused(by, reason, now_ms)
        )
        if found is not None and taken:
            self._report("refused")
            await self._cards.show(found)
        return found, taken

    async def find(self, conversation: int, approval: int) -> Approval | None:
        """Return a call, None if it is not known any more, or its question was deleted."""
        found = await self._approvals.find(conversation, approval)
        return None if found is None or await self._was_taken_back(found) else found

    async def watch(self, *, every_s: float) -> None:
        """Post cards that are missing, end what has expired, take up what was interrupted; until cancelled."""
        while True:
            try:
                for item in await self._approvals.due.take(RETRY_S):
                    again_s = await self._look(item.id)
                    await self._approvals.due.done(item, again_s)
            except StoreUnavailable as error:
                log.info("approvals_delayed", detail=str(error))
            await asyncio.sleep(every_s)

    async def _look(self, conversation: int) -> float | None:
        """Look after the calls of a conversation; returns in how many seconds to look again, None for never."""
        now_ms = self._clock.now_ms()
        next_s: list[float] = []
        for each in await self._approvals.of(conversation):
            if each.has_ended or await self._was_taken_back(each):
                continue
            tool = self._toolbox.find(each.tool)
            limit_s, repeats = (0.0, False) if tool is None else (tool.time_limit_s, tool.repeats)

            def step(found: Approval, limit_s: float = limit_s, repeats: bool = repeats) -> Approval | None:
                return found.expired(now_ms) or found.interrupted(limit_s, repeats=repeats, now_ms=now_ms)

            after, taken = await self._approvals.change(conversation, each.id, step)
            if after is None:
                continue
            if taken:
                if after.has_ended:
                    self._report(after.state)
                log.info("approval_taken_up", conversation=conversation, tool=after.tool, state=after.state)
                await self._cards.show(after)
                if after.state == "running":
                    self._start(after)
            elif after.card is None and after.state == "waiting":
                await self._cards.post(after)
            if not after.has_ended:
                next_s.append(RETRY_S if after.state == "running" else (after.ends_ms - now_ms) / 1000 + 1)
        return min(next_s, default=None)

    async def _was_taken_back(self, approval: Approval) -> bool:
        """Remove a call that waits, with its card, if its question was deleted."""
        if approval.state != "waiting" or not await self._approvals.is_withdrawn(approval):
            return False
        now_ms = self._clock.now_ms()
        conversation = approval.conversation
        _, taken = await self._approvals.change(
            conversation, approval.id, lambda each: each.taken_back(now_ms)
        )
        if taken:
            self._report("withdrawn")
            log.info("approval_taken_back", conversation=conversation, tool=approval.tool)
            if approval.card is not None:
                await self._cards.remove(approval, approval.card)
            await self._approvals.forget(conversation, approval.id)
        return taken

    def _start(self, approval: Approval) -> None:
        with bound_contextvars(conversation=approval.conversation, turn=approval.turn):
            task = asyncio.create_task(self._run(approval), name=f"approved-{approval.tool}")
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, approval: Approval) -> None:
        """Run a call that was allowed, and show its outcome."""
        tool = self._toolbox.find(approval.tool)
        if tool is None:
            ended, outcome = "failed", GONE
        elif await self._is_off(approval):
            ended, outcome = "failed", SWITCHED_OFF
        else:
            ended, outcome = await self._called(tool, approval)
        log.info(
            "approved_tool_called", conversation=approval.conversation, tool=approval.tool, outcome=ended
        )
        now_ms = self._clock.now_ms()
        found, taken = await persist(
            lambda: self._approvals.change(
                approval.conversation,
                approval.id,
                lambda each: each.ended("done" if ended == "done" else "failed", outcome, now_ms),
            )
        )
        if found is not None and taken:
            self._report(found.state)
            await self._cards.show(found)

    async def _is_off(self, approval: Approval) -> bool:
        """Whether the tool was switched off while the call waited."""
        return await self._set_for(approval.tool, _place(approval), approval.roles) == OFF

    async def _called(self, tool: Tool, approval: Approval) -> tuple[str, str]:
        context = ToolContext(
            _place(approval),
            approval.asker,
            approval.key,
            approval.turn,
            frozenset(approval.roles),
            settled=dict(approval.settled),
        )
        try:
            output = await output_of(tool, context, json.loads(approval.arguments))
        except ToolTimedOut:
            return "failed", TOO_SLOW
        except ToolFailed as error:
            return "failed", error_text(str(error))
        return "done", text_of(output.content, "\n")


def _place(approval: Approval) -> ToolPlace:
    return ToolPlace(approval.conversation, approval.channel, approval.server, is_private=approval.is_private)
