"""Counts the answers that Claude declines, for the score of the people who asked."""

from __future__ import annotations

import structlog

from bot.conversation import wording
from bot.conversation.abuse_score import REFUSAL
from bot.conversation.errors import StoreUnavailable
from bot.store.claim import Claim
from bot.turns.services import TurnServices

log = structlog.get_logger()


async def count(claim: Claim, services: TurnServices) -> tuple[str, ...]:
    """Count that Claude declined to answer a turn, once per answer; returns the notices for those who are paused.

    Of several people nobody can tell who was meant, so they share the refusal.
    """
    limits = services.person_limits
    if limits is None:
        return ()
    people = dict.fromkeys(each.asker for each in claim.batch.messages if each.asker is not None)
    home, now_ms = claim.meta.guild or claim.conversation, services.clock.now_ms()
    event = f"{claim.turn_id}.{claim.attempt.regeneration}"
    notices: list[str] = []
    try:
        for person in people:
            pause = await limits.add(home, person, event, REFUSAL / len(people), at_ms=now_ms)
            if pause is not None:
                log.info("person_paused", conversation=claim.conversation, until_ms=pause.until_ms)
                notices.append(wording.paused(person, pause.until_ms))
    except StoreUnavailable as error:
        log.warning("refusal_not_counted", conversation=claim.conversation, detail=str(error))
    return tuple(notices)
