"""Replies on Discord that the store has forgotten, and whose messages other turns have answered since."""

from __future__ import annotations

from collections.abc import Sequence

from bot.render.outbox import Seen
from bot.store.claim import Claim
from bot.turns.reply_search import replies_to_others
from bot.turns.services import TurnServices


async def forgotten_replies(
    claim: Claim, seen: Sequence[Seen], services: TurnServices
) -> tuple[tuple[Seen, ...], ...]:
    """Return such replies among the bot's messages after the turn's first one, each with its parts.

    A rolled-back store has forgotten a turn; then the last of its messages, to which the reply points, was answered
    by a turn of its own, before the others came back. The forgotten turn may have used this turn's nonces.
    """
    found = replies_to_others(seen, claim.batch.members)
    if not found:
        return ()
    answers = await services.journal.answers_to(claim, tuple(found))
    return tuple(
        parts
        for reference, replies in found.items()
        if reference in answers
        for parts in replies
        if parts[0].id not in answers[reference]
    )
