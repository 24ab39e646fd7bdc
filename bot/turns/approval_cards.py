"""The cards of calls that wait for a permission, on Discord."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bot.conversation import approval_card
from bot.conversation.approval import Approval
from bot.conversation.errors import DiscordError, DiscordForbidden, DiscordGone, DiscordRejected
from bot.render.controls import NONE, OF_CARDS, Controls
from bot.render.outbox import Change, Outbox, Outgoing
from bot.store.approvals import Approvals
from bot.turns.persist import persist

log = structlog.get_logger()


class ApprovalCards:
    """Posts, changes and deletes cards; what Discord refuses is logged, and tried again with the next change."""

    def __init__(self, approvals: Approvals, outbox: Outbox) -> None:
        self._approvals = approvals
        self._outbox = outbox

    async def post(self, approval: Approval) -> None:
        """Post the card of a call; one that Discord refuses stays without."""
        outgoing = Outgoing(
            approval_card.card(approval),
            nonce=f"{approval.id}-p",
            silent=True,
            controls=Controls(approval.id, OF_CARDS),
        )
        try:
            sent = await self._outbox.send(approval.conversation, outgoing)
        except DiscordError as error:
            self._log_refusal(approval, error)
            return
        found, _ = await persist(
            lambda: self._approvals.change(approval.conversation, approval.id, _with_card(sent.id))
        )
        if found is None:
            await self.remove(approval, sent.id)
        elif found.state != approval.state:
            await self.show(found)

    async def remove(self, approval: Approval, card: int) -> None:
        """Delete a card."""
        try:
            await self._outbox.delete(approval.conversation, card)
        except DiscordError as error:
            self._log_refusal(approval, error)

    async def show(self, approval: Approval) -> None:
        """Write the card anew; without buttons once nobody can decide any more."""
        if approval.card is None:
            return
        controls = Controls(approval.id, OF_CARDS) if approval.state == "waiting" else NONE
        change = Change(approval_card.card(approval), controls=controls)
        try:
            await self._outbox.edit(approval.conversation, approval.card, change)
        except DiscordError as error:
            self._log_refusal(approval, error)

    def _log_refusal(self, approval: Approval, error: DiscordError) -> None:
        refused = isinstance(error, (DiscordForbidden, DiscordGone, DiscordRejected))
        log.info(
            "card_not_shown",
            conversation=approval.conversation,
            kind=type(error).__name__,
            again=not refused,
        )


def _with_card(card: int) -> Callable[[Approval], Approval | None]:
    def step(approval: Approval) -> Approval | None:
        return None if approval.card == card else approval.with_card(card)

    return step
