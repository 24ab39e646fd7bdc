"""Counts the answers that Claude declines, for the score of the people who asked."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.conversation import wording
from bot.conversation.abuse_score import REFUSAL
from bot.conversation.errors import StoreUnavailable
from bot.conversation.message import Message
from bot.store.claim import Claim
from bot.turns.services import TurnServices

log = structlog.get_logger()


async def count(claim: Claim, messages: Sequence[Message], services: TurnServices) -> tuple[str, ...]:
    """Count that Claude declined to answer a turn, once per answer; returns the notices for those who are paused.

    `messages` are those of the turn as Claude was shown them. Of several people nobody can tell who was meant, so
    they share the refusal. Whoever was quoted from the room has asked nothing, so that share counts for nobody. An
    answer that somebody else has requested anew does not count.
    """
    limits = services.person_limits
    if limits is None or claim.attempt.by_another:
        return ()
    people = dict.fromkeys(each.asker for each in claim.batch.messages if each.asker is not None)
    share = REFUSAL / max(1, len(people.keys() | _quoted_from_the_room(messages)))
    home, now_ms = claim.meta.guild or claim.conversation, services.clock.now_ms()
    event = f"{claim.turn_id}.{claim.attempt.regeneration}"
    notices: list[str] = []
    try:
        for person in people:
            pause = await limits.add(home, person, event, share, at_ms=now_ms)
            if pause is not None:
                log.info("person_paused", conversation=claim.conversation, until_ms=pause.until_ms)
                notices.append(wording.paused(person, pause.until_ms, is_direct=claim.meta.guild is None))
    except StoreUnavailable as error:
        log.warning("refusal_not_counted", conversation=claim.conversation, detail=str(error))
    return tuple(notices)


def _quoted_from_the_room(messages: Sequence[Message]) -> set[int]:
    """Return the people whose messages from before a first mention Claude was shown."""
    room = (quote for message in messages for quote in message.quotes if quote.kind == "room")
    said = (each for quote in room for each in quote.messages)
    return {each.author.id for each in said if each.author is not None and not each.by_app and not each.own}
