"""Calls of tools that wait until somebody allows them: the cards, the decisions, the calls that run afterwards.

No turn waits for a decision. What is to be done is derived from the stored calls: a card that is missing is posted, a
call that was allowed runs once, one that nobody decides expires.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import structlog

from bot.conversation.approval import Approval, Withdrawal
from bot.conversation.clock import Clock
from bot.conversation.identity import Identity
from bot.conversation.tool_settings import OFF, ON
from bot.render.outbox import Outbox
from bot.store.approvals import Approvals
from bot.tools.gate import Allowed, Refused, Verdict, Waiting
from bot.tools.tool import Tool, ToolContext, ToolFailed
from bot.tools.toolbox import Toolbox
from bot.turns.approval_cards import ApprovalCards
from bot.turns.approval_rules import ApprovalRules
from bot.turns.approval_runs import ApprovalRuns
from bot.turns.approval_watch import RETRY_S, ApprovalWatch
from bot.turns.approval_withdrawal import ApprovalWithdrawal
from bot.turns.persist import persist

log = structlog.get_logger()

CARD_S = 20.0
"""How soon a card is posted by the watch whose turn has not posted it."""

TURNS_MAX = 1000
"""Of so many turns the desk posts the cards once they are shown; some fail, and the watch posts what is left."""

ASKED = (
    "This waits for somebody's permission: a card with buttons stands below your reply. It has not been done yet. "
    "Say so in a few words and end your reply; you will be told what became of it."
)
SWITCHED_OFF = "This tool is switched off here, or for a person who asks."
WHO = (
    "Several people wrote before this reply, so nobody can tell for whom this is. Ask the person who wants it to say "
    "so again in a message of their own."
)


class ApprovalDesk:
    """Opens calls that wait, posts their cards, and has those run that are allowed.

    `rules` say which calls are allowed at all. `report` is called with each event of a call: opened, allowed,
    refused, expired, withdrawn, done, failed.
    """

    def __init__(
        self,
        approvals: Approvals,
        rules: ApprovalRules,
        toolbox: Toolbox,
        outbox: Outbox,
        clock: Clock,
        report: Callable[[str], None] = lambda _event: None,
    ) -> None:
        self._approvals = approvals
        self._rules = rules
        self._toolbox = toolbox
        self._withdrawal = ApprovalWithdrawal(approvals, clock, report)
        self._cards = ApprovalCards(approvals, outbox, self._withdrawal)
        self._clock = clock
        self._report = report
        self._opened: dict[int, None] = {}
        self._runs = ApprovalRuns(approvals, rules, toolbox, self._cards, clock, report)
        self.watch = ApprovalWatch(
            approvals, toolbox, self._cards, self._runs, clock, report, was_taken_back=self._was_taken_back
        )

    async def gate(self, tool: Tool, context: ToolContext, arguments: Mapping[str, Any]) -> Verdict:
        """Let a call pass, or open it as one that waits: by the settings of the place, else by the tool."""
        place = context.place
        if tool.personal and context.others:
            return Refused(WHO)
        # What one of them may not do, nobody does for them by writing at the same time.
        values = await self._rules.values(tool.name, place, (context.roles, *context.others))
        if OFF in values:
            return Refused(SWITCHED_OFF)
        if all(value == ON or not (value or tool.asks) for value in values):
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
        self._opened[context.turn] = None
        if len(self._opened) > TURNS_MAX:
            del self._opened[next(iter(self._opened))]
        await persist(lambda: self._approvals.due.schedule(place.conversation, CARD_S))
        self._report("opened")
        log.info("approval_opened", conversation=place.conversation, turn=context.turn, tool=tool.name)
        return Waiting(ASKED, approval.id)

    async def post_cards(self, conversation: int, turn: int) -> None:
        """Post the cards of a turn that is shown; one that Discord refuses stays without, and expires."""
        if turn not in self._opened:
            return
        del self._opened[turn]
        for each in await persist(lambda: self._approvals.of(conversation)):
            # The watch may have posted the card, and somebody decided, while the turn went on.
            if each.turn == turn and each.card is None and each.state == "waiting":
                await self._cards.post(each)

    async def checked(self, waiting: Approval) -> Approval:
        """Return a call with the roles that its asker has now, or as it ends because it is not allowed any more.

        Raises DiscordError if the roles decide, and cannot be found out.
        """
        if waiting.state != "waiting":
            return waiting
        waiting = await self._rules.with_roles(waiting)
        why = await self._rules.why_not(waiting)
        return waiting if why is None else await self._withdraw(waiting, why) or waiting

    async def _withdraw(self, approval: Approval, why: Withdrawal) -> Approval | None:
        """End a call that is not to be made; returns the call as it is then, None if it is not known any more."""
        await persist(lambda: self._approvals.due.schedule(approval.conversation, RETRY_S))
        found, taken = await self._withdrawal.end(approval, why)
        if found is not None and taken:
            await self._cards.show(found)
        return found

    async def allow(self, conversation: int, approval: int, by: int) -> tuple[Approval | None, bool]:
        """Allow a call and begin it, if it is allowed still.

        Returns the call as it is then, None if it is not known any more, and whether this decision counts. Raises
        DiscordError as `checked` does.
        """
        waiting = await self.find(conversation, approval)
        if waiting is None:
            return None, False
        waiting = await self.checked(waiting)
        if waiting.has_ended:
            return waiting, False
        roles = waiting.roles
        now_ms = self._clock.now_ms()
        # Before the change: a call that is allowed and whose worker is gone has to be taken up.
        await self._approvals.due.schedule(conversation, RETRY_S)
        found, taken = await self._approvals.change(
            conversation, approval, lambda each: replace(each, roles=roles).allowed(by, now_ms)
        )
        if found is not None and taken:
            self._report("allowed")
            self._runs.start(found)  # the call does not wait for its card
            await self._cards.show(found)
        return found, taken

    async def refuse(
        self, conversation: int, approval: int, by: int, reason: str
    ) -> tuple[Approval | None, bool]:
        """Refuse a call; returns what `allow` does."""
        now_ms = self._clock.now_ms()
        await self._approvals.due.schedule(conversation, RETRY_S)
        found, taken = await self._approvals.change(
            conversation, approval, lambda each: each.refused(by, reason, now_ms)
        )
        if found is not None and taken:
            self._report("refused")
            await self._cards.show(found)
        return found, taken

    async def find(self, conversation: int, approval: int, card: int | None = None) -> Approval | None:
        """Return a call, None if it is not known any more, or its question was deleted; note an unknown `card`."""
        if (found := await self._approvals.find(conversation, approval)) is None:
            return None
        if card is not None and found.card != card:
            found = await self._cards.note(found, card)
        if found.state == "waiting" and await self._approvals.is_reset(found):
            return await self._withdraw(found, "reset")
        return None if await self._was_taken_back(found) else found

    async def look_soon(self, conversation: int) -> None:
        """Have the watch look after the calls of a conversation at once, if there are any."""
        await self._approvals.look_soon(conversation)

    async def forget(self, conversation: int, who: Identity) -> None:
        """End the calls that a person has asked for who is about to be forgotten; the cards lose their words.

        The watch knows of a card that cannot be written now, also once the call is erased.
        """
        for each in await self._approvals.of(conversation):
            is_theirs = each.asker == who.person and each.turn <= who.before
            if is_theirs and not each.has_ended:
                await self._withdraw(each, "forgotten")

    async def _was_taken_back(self, approval: Approval) -> bool:
        """Remove a call that waits, with its card, if its question was deleted."""
        if approval.state != "waiting" or not await self._approvals.is_withdrawn(approval):
            return False
        now_ms = self._clock.now_ms()
        conversation = approval.conversation
        found, taken = await self._approvals.change(
            conversation, approval.id, lambda each: each.taken_back(now_ms)
        )
        if found is not None and taken:
            self._report("withdrawn")
            log.info("approval_taken_back", conversation=conversation, tool=approval.tool)
            if found.card is not None:
                await self._cards.remove(found, found.card)
            await self._approvals.forget(conversation, approval.id)
        return taken
