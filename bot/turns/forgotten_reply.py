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
    by a turn of its own, before the others came back. The forgotten turn may have used this turn's nonces. A reply is
    forgotten only beside the reply of that turn: the store may have forgotten some parts of a reply that stands.
    """
    found = replies_to_others(seen, claim.batch.members)
    if not found:
        return ()
    answers = await services.journal.answers_to(claim, tuple(found))
    forgotten: list[tuple[Seen, ...]] = []
    for reference, replies in found.items():
        answer = answers.get(reference, frozenset())
        known = [any(part.id in answer for part in parts) for parts in replies]
        if any(known):
            forgotten += [parts for parts, is_known in zip(replies, known, strict=True) if not is_known]
    return tuple(forgotten)
