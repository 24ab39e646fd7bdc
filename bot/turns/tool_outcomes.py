"""What became of calls that waited for a permission: Claude is told with the next message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace

from bot.conversation.approval import Approval, ended_since
from bot.conversation.message import Quote, Quoted, created_ms
from bot.conversation.turn import UNSENT, Turn
from bot.store.approvals import Approvals
from bot.store.claim import Claim, Meta
from bot.turns.persist import persist
from bot.turns.prepare import Declined, Prepared

_REMARKS = {
    "done": "allowed, and done",
    "failed": "allowed, and failed",
    "refused": "refused",
    "expired": "nobody allowed it in time, so it was not done",
    "withdrawn": "not allowed any more, so it was not done",
}

LEFT_BEHIND = (
    "not decided when this conversation was branched off from another one: it is decided there, and you are not "
    "told of it; call the tool again if that is wanted here"
)


@dataclass(frozen=True, slots=True)
class ToolOutcomes:
    """A step of the preparation: puts the outcomes since the turn before into the first message.

    Which outcomes a turn has is decided by the times of messages: each belongs to the turn whose newest message came
    after it, and after those of the turn before. So none is left out, none is told twice, and every attempt at a turn
    has the same. Only a conversation in which a call has waited is looked up.

    The first turn of a branch is told of the calls that waited in the conversation from which it was branched off.
    Calls that wait still are decided there, and the branch is told that it hears no more of them.
    """

    approvals: Approvals
    meta_of: Callable[[int], Awaitable[Meta | None]]

    async def __call__(self, claim: Claim, prepared: Prepared) -> Prepared | Declined:
        """Add the outcomes as quotes."""
        waited = [turn for turn in claim.history if any(each.approval for each in turn.consulted)]
        if not waited or not prepared.messages:
            return prepared
        before = [turn for turn in claim.history if turn.outcome not in UNSENT]
        since_ms = max(
            (created_ms(each) for turn in before for each in turn.members or (turn.id,)), default=0
        )
        until_ms = created_ms(max(claim.batch.members))
        is_first = all(_is_copied(turn, claim) for turn in before)
        copied = {
            each.approval: each.tool
            for turn in waited
            for each in turn.consulted
            if each.approval and is_first and _is_copied(turn, claim)
        }
        found = await persist(lambda: self._found(claim, copied))
        reset_at = claim.meta.floor or 0  # what was asked before is forgotten
        ended = [
            each
            for each in ended_since(found, since_ms)
            if each.since_ms <= until_ms and each.turn > reset_at
        ]
        known = {each.id for each in found if each.has_ended and each.since_ms <= until_ms}
        left_behind = [tool for approval, tool in copied.items() if approval not in known]
        quotes = (*map(_quote, ended), *(_left_behind(claim, tool) for tool in left_behind))
        if not quotes:
            return prepared
        first, *others = prepared.messages
        return replace(prepared, messages=(replace(first, quotes=(*first.quotes, *quotes)), *others))

    async def _found(self, claim: Claim, copied: Collection[int]) -> Sequence[Approval]:
        """Return the calls of a conversation, and the `copied` ones from where it was branched off."""
        found = list(await self.approvals.of(claim.conversation))
        source, missing = claim.meta.branch_of, set(copied)
        while source is not None and missing:
            theirs = [each for each in await self.approvals.of(source) if each.id in missing]
            found += theirs
            missing -= {each.id for each in theirs}
            meta = await self.meta_of(source)  # which may be a branch as well
            source = None if meta is None else meta.branch_of
        return found


def _is_copied(turn: Turn, claim: Claim) -> bool:
    """Whether a turn is older than its conversation, which is a branch."""
    return claim.meta.branch_of is not None and turn.id < claim.conversation


def _quote(approval: Approval) -> Quote:
    said = "" if approval.state == "withdrawn" else approval.outcome or approval.reason
    return Quote(
        "tool",
        approval.conversation,
        (Quoted(approval.card or approval.turn, text=said, by_app=True),),
        title=approval.tool,
        remark=_REMARKS.get(approval.state, ""),
    )


def _left_behind(claim: Claim, tool: str) -> Quote:
    said = Quoted(claim.turn_id, by_app=True)
    return Quote("tool", claim.conversation, (said,), title=tool, remark=LEFT_BEHIND)
