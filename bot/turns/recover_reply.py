"""What an earlier try at a turn has left on Discord: found, and taken over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from bot.conversation import prompt, wording
from bot.conversation.errors import AnsweredBefore, DiscordGone, DiscordRejected
from bot.conversation.message import created_ms
from bot.conversation.request import Usage
from bot.conversation.tokens import PRIOR, estimate
from bot.conversation.turn import Turn, exchange
from bot.render.mark import is_marked
from bot.render.outbox import Outgoing, Seen
from bot.render.plan import Posted
from bot.render.rejoin import rejoin
from bot.store.claim import Claim, State
from bot.store.codec import Result
from bot.turns.reply_search import answered_later, as_posted, find_reply
from bot.turns.revise import nonce, take_down, take_up, too_old
from bot.turns.services import TurnServices

log = structlog.get_logger()

NONCE_SAFE_S = 60.0
"""So long a repeated nonce surely brings back the same message ("the past few minutes", Discord, Create Message)."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """A reply that stands on Discord: `claim` holds just what it answers, `parts` are its messages.

    It stands `apart` if another reply has been begun since. If it is finished, `turn` and `result` are what is to be
    committed for it, else both are None. If nothing of it stands, `beneath` is the notice that a reply to a thread's
    first message is to point to, because something else has been written before.
    """

    claim: Claim
    parts: tuple[Posted, ...] = ()
    apart: bool = False
    turn: Turn | None = None
    result: Result | None = None
    beneath: int | None = None


def tried_before(claim: Claim) -> bool:
    """Whether an earlier try may have posted something; what it posted it may have deleted since.

    Not every try is counted, but whatever had posted something, or was about to, has left its state.
    """
    return claim.tries > 1 or claim.state is not State.CLAIMED


async def adopt(claim: Claim, means: TurnServices) -> Adopted | None:
    """Look on Discord before writing there, if an earlier try may have, and journal what it has posted.

    That the journal knows of no post proves little: a store that went back has forgotten it. Raises AnsweredBefore if
    what stands there answers more than is known by now.
    """
    if claim.again:
        parts, apart = await take_up(claim, means)
        if not parts and claim.reply_to is None:  # somebody has deleted it
            seen = await means.outbox.own_messages(claim.conversation, claim.lead)
            return await _beneath_a_notice(claim, seen, means) or Adopted(claim)
        return Adopted(claim, parts, apart)
    old = means.clock.now_ms() - created_ms(claim.lead) > NONCE_SAFE_S * 1000
    overtaken = claim.reply_to is None and bool(claim.history)
    if not (tried_before(claim) or claim.listed or old or overtaken):
        return None
    try:
        seen = await means.outbox.own_messages(claim.conversation, claim.lead)
    except DiscordRejected:
        return None  # a server without this list: the nonce alone must do
    except DiscordGone:
        if claim.messages[0].opens is None and (tried_before(claim) or claim.listed):
            raise
        return None  # the thread was not started yet, or posting will tell
    found = find_reply(seen, claim.members, claim.conversation)
    if found is None:
        later = answered_later(seen, claim.members)
        if later and claim.tries <= means.policy.tries and not await means.journal.knows(claim, later):
            # One of them may answer this turn's messages as well: the listing will tell, if it is waited for.
            raise AnsweredBefore
        return await _beneath_a_notice(claim, seen, means)
    await means.journal.adopt(claim, found.members, [part.id for part in found.parts])
    kept = tuple(message for message in claim.messages if message.id in found.members)
    claim = replace(claim, members=found.members, messages=kept)
    parts = as_posted(found.parts)
    unfinished = any(is_marked(part.content) for part in parts)
    log.info("reply_found", conversation=claim.conversation, turn=claim.lead, unfinished=unfinished)
    if unfinished:
        if too_old(parts, means):
            return Adopted(claim, await take_down(claim, parts, means))
        return Adopted(claim, parts, found.apart)
    result = _read(parts)
    return Adopted(claim, parts, found.apart, _entry(claim, result, means.policy.model), result)


async def _beneath_a_notice(claim: Claim, seen: Sequence[Seen], means: TurnServices) -> Adopted | None:
    """Prepare for a reply to a thread's first message that comes behind other replies: see bot/turns/look.py."""
    if claim.reply_to is not None or all(message.silent for message in seen):
        return None
    text = wording.small(wording.TO_THE_FIRST_MESSAGE)
    for message in seen:
        if message.silent and message.content == text:
            return Adopted(claim, beneath=message.id)
    notice = Outgoing(text, nonce=nonce(claim, "t"), silent=True)
    return Adopted(claim, beneath=(await means.outbox.send(claim.conversation, notice)).id)


def _read(parts: Sequence[Posted]) -> Result:
    """Tell notices, which are an answer too, from a reply."""
    text = rejoin([part.content for part in parts])
    if text.startswith(wording.SMALL):
        return Result("", tuple(line.removeprefix(wording.SMALL) for line in text.splitlines()))
    return Result(text, as_shown=any(part.files for part in parts))


def _entry(claim: Claim, result: Result, model: str) -> Turn:
    question = prompt.question(claim.messages)
    return Turn(
        id=claim.lead,
        sent=exchange(question, result.reply),
        outcome="answered" if result.reply else "failed",
        model=model,
        user_tokens=PRIOR.blocks(question.blocks),
        reply_tokens=estimate(result.reply),
        usage=Usage(),
        window_start=claim.meta.window_start,
        prefix_key="",
        members=tuple(message.id for message in claim.messages),
    )
