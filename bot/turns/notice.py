"""The small remarks under a reply."""

from __future__ import annotations

from collections.abc import Sequence

from bot.conversation import wording
from bot.render.outbox import Outgoing
from bot.store.claim import Claim
from bot.turns.persist import persist
from bot.turns.revise import nonce
from bot.turns.services import TurnServices


async def put_below(claim: Claim, notices: Sequence[str], means: TurnServices) -> None:
    """Put notices under a reply, in place of those of the round before."""
    journal, outbox = means.journal, means.outbox
    if claim.notice is not None and claim.notice[0] != claim.again:
        await outbox.delete(claim.conversation, claim.notice[1])
    if notices:
        notice = Outgoing(lines(notices), nonce=nonce(claim, "n"), silent=True)
        sent = await outbox.send(claim.conversation, notice)
        await persist(lambda: journal.set_notice(claim, sent.id))
    elif claim.notice is not None:
        await persist(lambda: journal.set_notice(claim, None))


def lines(notices: Sequence[str]) -> str:
    """Notices as they are shown."""
    return "\n".join(wording.small(notice) for notice in notices)
