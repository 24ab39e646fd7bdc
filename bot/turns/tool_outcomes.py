"""What became of calls that waited for a permission: Claude is told with the next message."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.conversation.approval import Approval, ended_since
from bot.conversation.message import Quote, Quoted, created_ms
from bot.conversation.turn import UNSENT
from bot.store.approvals import Approvals
from bot.store.claim import Claim
from bot.turns.persist import persist
from bot.turns.prepare import Declined, Prepared

_REMARKS = {
    "done": "allowed, and done",
    "failed": "allowed, and failed",
    "refused": "refused",
    "expired": "nobody allowed it in time, so it was not done",
    "withdrawn": "not allowed any more, so it was not done",
}


@dataclass(frozen=True, slots=True)
class ToolOutcomes:
    """A step of the preparation: puts the outcomes since the turn before into the first message.

    Which outcomes a turn has is decided by the times of messages: each belongs to the turn whose newest message came
    after it, and after those of the turn before. So none is left out, none is told twice, and every attempt at a turn
    has the same. Only a conversation in which a call has waited is looked up.
    """

    approvals: Approvals

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared | Declined:
        """Add the outcomes as quotes."""
        waited = [turn for turn in claim.history if any(each.approval for each in turn.consulted)]
        if not waited or not prepared.messages:
            return prepared
        before = [turn.members or (turn.id,) for turn in claim.history if turn.outcome not in UNSENT]
        since_ms = max((created_ms(each) for members in before for each in members), default=0)
        until_ms = created_ms(max(claim.batch.members))
        found = await persist(lambda: self.approvals.of(claim.conversation))
        reset_at = claim.meta.floor or 0  # what was asked before is forgotten
        ended = [
            each
            for each in ended_since(found, since_ms)
            if each.since_ms <= until_ms and each.turn > reset_at
        ]
        if not ended:
            return prepared
        first, *others = prepared.messages
        first = replace(first, quotes=(*first.quotes, *map(_quote, ended)))
        return replace(prepared, messages=(first, *others))


def _quote(approval: Approval) -> Quote:
    said = "" if approval.state == "withdrawn" else approval.outcome or approval.reason
    return Quote(
        "tool",
        approval.conversation,
        (Quoted(approval.card or approval.turn, text=said, by_app=True),),
        title=approval.tool,
        remark=_REMARKS.get(approval.state, ""),
    )
