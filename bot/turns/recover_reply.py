"""Recovery: the reply that an earlier attempt has left on Discord is found and taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.conversation import reply_wording, wording
from bot.conversation.errors import AnsweredBefore, DiscordGone, DiscordRejected
from bot.conversation.message import created_ms
from bot.conversation.turn import Turn
from bot.render.mark import is_marked
from bot.render.outbox import Outgoing, Seen
from bot.render.plan import Posted
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.turns.forgotten_reply import forgotten_replies
from bot.turns.nonce import nonce
from bot.turns.reply_search import answered_later, as_posted, find_reply
from bot.turns.revise import take_up
from bot.turns.services import TurnServices
from bot.turns.shown_entry import finished_entry
from bot.turns.shown_reply import delete_for_repost, too_old

log = structlog.get_logger()

NONCE_SAFE_S = 60.0
"""A repeated nonce brings back its message for at least this long ("past few minutes", Discord, Create Message)."""


@dataclass(frozen=True, slots=True)
class RecoveredReply:
    """A reply that Discord shows: `claim` holds just the messages that it answers, `parts` are its messages.

    `followed`: another reply was posted after it. If the reply is finished, `finished` is what to commit for it. If
    no message of it exists, `beneath` is the notice that a reply to a thread's starter message has to reference,
    because other messages of the bot precede the reply. `nonces_taken` counts the forgotten replies that may have
    used the turn's nonces.
    """

    claim: Claim
    parts: tuple[Posted, ...] = ()
    followed: bool = False
    finished: tuple[Turn, Result] | None = None
    beneath: int | None = None
    nonces_taken: int = 0


async def recover_reply(claim: Claim, services: TurnServices) -> RecoveredReply | None:
    """Look for the reply on Discord if an earlier attempt may have posted it, and journal its messages.

    A journal without posts proves little: a rolled-back store has forgotten them. Raises AnsweredBefore if the reply
    on Discord answers messages that the store does not know yet.
    """
    if claim.attempt.regeneration:
        parts, followed = await take_up(claim, services)
        if not parts and claim.reply_to is None:  # a person has deleted the reply
            seen = await services.outbox.own_messages(claim.conversation, claim.turn_id)
            return await _beneath_notice(claim, seen, services) or RecoveredReply(claim)
        return RecoveredReply(claim, parts, followed)
    old = services.clock.now_ms() - created_ms(claim.turn_id) > NONCE_SAFE_S * 1000
    overtaken = claim.reply_to is None and bool(claim.history)
    if not (claim.has_earlier_attempt or claim.batch.listed or old or overtaken):
        return None
    try:
        seen = await services.outbox.own_messages(claim.conversation, claim.turn_id)
    except DiscordRejected:
        return None  # a server without this listing: the nonce alone must suffice
    except DiscordGone:
        if claim.batch.messages[0].opens is None and (claim.has_earlier_attempt or claim.batch.listed):
            raise
        return None  # the thread was not started yet, or posting will show that it is gone
    found = find_reply(seen, claim.batch.members, claim.conversation)
    if found is None:
        later = answered_later(seen, claim.batch.members)
        attempts_left = claim.attempt.number <= services.policy.tries
        if later and attempts_left and not await services.journal.has_records(claim, later):
            # A reply to one of them may answer this turn's messages as well: wait for the listing.
            raise AnsweredBefore
        recovered = await _beneath_notice(claim, seen, services)
        if forgotten := await forgotten_replies(claim, seen, services):
            return replace(recovered or RecoveredReply(claim), nonces_taken=len(forgotten))
        return recovered
    await services.journal.adopt(claim, found.members, [part.id for part in found.parts])
    messages = tuple(message for message in claim.batch.messages if message.id in found.members)
    claim = replace(claim, batch=replace(claim.batch, members=found.members, messages=messages))
    parts = as_posted(found.parts)
    unfinished = any(is_marked(part.content) for part in parts)
    log.info("reply_found", conversation=claim.conversation, turn=claim.turn_id, unfinished=unfinished)
    if not unfinished:
        finished = finished_entry(claim, parts, services.policy.model)
        return RecoveredReply(claim, parts, found.followed, finished)
    if too_old(parts, services):
        return RecoveredReply(claim, await delete_for_repost(claim, parts, services))
    return RecoveredReply(claim, parts, found.followed)


async def _beneath_notice(
    claim: Claim, seen: Sequence[Seen], services: TurnServices
) -> RecoveredReply | None:
    """Prepare a reply to a thread's starter message that comes after other replies: see `reply_search`."""
    if claim.reply_to is not None or all(message.silent for message in seen):
        return None
    text = wording.small(reply_wording.TO_THE_FIRST_MESSAGE)
    for message in seen:
        if message.silent and message.content == text:
            return RecoveredReply(claim, beneath=message.id)
    notice = Outgoing(text, nonce=nonce(claim, "t"), silent=True)
    sent = await services.outbox.send(claim.conversation, notice)
    return RecoveredReply(claim, beneath=sent.id)
