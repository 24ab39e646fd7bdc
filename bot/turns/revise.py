"""A turn that is done anew: its reply is written over, continued, stopped, or taken away.

The protocol, beside that of a first answer, which it shares from the claim on:

- *Anew or more* (Regenerate, Continue, an edit of what the last turn answers): one script takes the last turn from
  `done` back to `posted`, with its messages pending again and the ids of its reply kept; the round is counted.
  Whoever claims it looks for the reply on Discord, and never takes it for the answer, however finished it looks:
  only the journal knows which round wrote it. The messages are edited, what is surplus is deleted at the end. The
  commit puts the entry of the history in the place that the turn had; by then, and no earlier, the old answer is
  gone. Nonces carry the round, because those of messages that are deleted by now bring nothing back. Killed anywhere
  before the commit, the round is done again by whoever comes next; after it, the new text is shown. A round that
  ends without any text (Claude is away, or it was stopped) shows the old answer again.
- *Stop*: a flag at the turn, which the holder of the lease reads with each renewal, at once if the doorbell rings.
  The stream is cut and concluded as if it had ended there. If the holder is gone, its successor asks nothing more:
  what stands on Discord is the reply.
- *An edit or a deletion before the end*: one script changes the message and fences the holder off; what is left of
  the turn is taken up anew as after a crash. If nothing is left of it, its reply is taken away.
- *A refusal* (the thread is locked, a permission is gone): what stands there by then is committed, unless more of it
  is already, and the turn ends as one that is done, though `halted`. So it is the last one, and is what a round anew
  writes over. It is settled, which shows what is missing and says that half of it is half of it, a while later, when
  its thread is unlocked, and when the next reply could be shown.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.conversation import prompt, wording
from bot.conversation.errors import DiscordGone, DiscordRejected
from bot.conversation.message import created_ms
from bot.conversation.request import Usage
from bot.conversation.tokens import PRIOR, estimate
from bot.conversation.turn import Turn, exchange
from bot.conversation.visible import is_blank
from bot.render.mark import is_marked, marked, unmarked
from bot.render.outbox import Outbox, Outgoing, Seen
from bot.render.plan import Posted
from bot.render.rejoin import rejoin
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.turns.conclusion import Conclusion
from bot.turns.reply_generator import Asked
from bot.turns.reply_search import as_posted, find_reply, strays
from bot.turns.services import TurnServices

log = structlog.get_logger()

EDITABLE_S = 55 * 60.0
"""Messages older than an hour may be edited only a few times (Discord, error 30046), which is no way to write; a
reply takes some minutes to be written."""


def nonce(claim: Claim, part: str | int, series: str = "") -> str:
    """Name a message of a turn for Discord, at most 25 characters; another one in each round."""
    if not claim.again:
        return f"{claim.lead}-{part}{series}"
    return f"{claim.lead:x}-{part}{series}.{claim.again:x}"  # 16 characters and up to 6 and a few


async def take_up(claim: Claim, means: TurnServices) -> tuple[tuple[Posted, ...], bool]:
    """Find the messages of the reply from the rounds before, and journal those that are still there.

    Returns them, and whether something else stands behind them.
    """
    try:
        parts, apart = await standing(claim, means)
    except DiscordRejected:  # a server without this list: what the journal knows must do
        return tuple(Posted(message, "") for message in claim.replies.values()), False
    if too_old(parts, means):
        return await take_down(claim, parts, means), False
    await means.journal.adopt(claim, claim.members, [part.message_id for part in parts])
    return parts, apart


def too_old(parts: Sequence[Posted], means: TurnServices) -> bool:
    """Whether a reply is better posted anew than written over, because Discord limits the edits of old messages."""
    now_ms = means.clock.now_ms()
    return any(now_ms - created_ms(part.message_id) > EDITABLE_S * 1000 for part in parts)


async def take_down(claim: Claim, parts: Sequence[Posted], means: TurnServices) -> tuple[Posted, ...]:
    """Delete the messages of a reply, which are posted anew; its text is in the history, or is asked for again."""
    # From the end on: what is left after a crash is found again by its first one.
    for part in reversed(parts):
        await means.outbox.delete(claim.conversation, part.message_id)
    await means.journal.adopt(claim, claim.members, [])
    return ()


async def standing(claim: Claim, means: TurnServices) -> tuple[tuple[Posted, ...], bool]:
    """Find the messages of a reply on Discord, and whether something else stands behind them."""
    found, apart = _parts(claim, await means.outbox.own_messages(claim.conversation, claim.lead))
    others = await means.journal.of_others(claim)
    parts = tuple(part for part in found if part.id not in others)
    return as_posted(parts), apart or len(parts) < len(found)


def as_it_stands(
    claim: Claim,
    parts: Sequence[Posted],
    model: str,
    said: tuple[str, str] = (wording.STOPPED, wording.STOPPED_EARLY),
) -> tuple[Turn, Result]:
    """What a turn comes to that was stopped while nobody worked on it: what was written of its reply by then.

    Below it stands the first of what is `said`, or the second in its place, where there is none. Of a round anew that
    is the earlier answer: how far the new one came cannot be told from what is shown.
    """
    if claim.own is not None and claim.own.reply:
        return kept(claim, claim.own, (wording.STOPPED, wording.EARLIER_STANDS))
    shown = [part.content for part in parts if part.content]
    text = "" if all(unmarked(content) in wording.STATUS for content in shown) else rejoin(shown).strip()
    if is_blank(text) or text.startswith(wording.SMALL):
        text = ""  # why there was no answer stands there, which Claude did not say
    notices = (said[0] if text else said[1],)
    result = Result(text, notices, as_shown=bool(text) and any(part.files for part in parts))
    question = prompt.question(claim.messages)
    turn = Turn(
        id=claim.lead,
        sent=exchange(question, text),
        outcome="answered" if text else "failed",
        model=model,
        user_tokens=PRIOR.blocks(question.blocks),
        reply_tokens=estimate(text),
        usage=Usage(),
        window_start=claim.meta.window_start,
        prefix_key="",
        members=tuple(message.id for message in claim.messages),
    )
    if claim.own is not None:
        turn = replace(turn, preface=claim.own.preface, side_usage=claim.own.side_usage, cost=claim.own.cost)
    return turn, result


def not_worse(claim: Claim, asked: Asked) -> Asked:
    """Return what came of a round, or the earlier answer where nothing did: that is better than none.

    A refusal is something where the message was edited: what is refused must not be sent again. Text that was
    answered before was accepted.
    """
    own, conclusion, now = claim.own, asked.conclusion, asked.turn
    if own is None or not own.reply or conclusion.outcome == "answered":
        return asked
    if conclusion.outcome == "refused" and now.question != own.question:
        return asked
    own = replace(
        own.asked(now.question),
        user_tokens=now.user_tokens,
        members=now.members,
        window_start=now.window_start,
        preface=now.preface,
        side_usage=now.side_usage,
        cost=now.cost,
    )
    turn, result = kept(claim, own, (*conclusion.notices, wording.EARLIER_STANDS))
    if not own.was_continued:
        # The same would have been read for the earlier answer, and what was written instead is not sent.
        read = replace(now.usage, output=0, thinking=0)
        turn = replace(turn, usage=read, prefix_key=now.prefix_key, asked_ms=now.asked_ms)
    conclusion = Conclusion("answered", result.reply, result.notices, open_end=result.open_end)
    return Asked(turn, conclusion, asked.cut)


async def withdraw(claim: Claim, means: TurnServices) -> None:
    """Take away the reply to messages that are all deleted."""
    outbox, place = means.outbox, claim.conversation
    try:
        seen = await outbox.own_messages(place, claim.lead)
    except (DiscordGone, DiscordRejected):
        seen = ()
    others = await means.journal.of_others(claim)
    seen = tuple(message for message in seen if message.id not in others)
    parts, _ = _parts(claim, seen)
    found = {part.id for part in parts} | set(claim.replies.values())
    if claim.reply_to is None:
        beneath = wording.small(wording.TO_THE_FIRST_MESSAGE)
        found |= {message.id for message in seen if message.silent and message.content == beneath}
    found |= {stray.id for stray in strays(seen, claim.reply_to, ()) if is_marked(stray.content)}
    if claim.notice is not None:
        found.add(claim.notice[1])
    for message in sorted(found):
        await outbox.delete(place, message)
    if claim.sign is not None:
        await outbox.delete(*claim.sign)
    for part in claim.in_doubt:
        await burn_nonce(outbox, place, nonce(claim, part))
    log.info("reply_withdrawn", conversation=place, turn=claim.lead, messages=len(found))


async def burn_nonce(outbox: Outbox, place: int, taken: str) -> None:
    """Take the nonce of a message that somebody was about to post, so that it cannot land any more."""
    # Silent, as it stands there for an instant and is to ring for nobody. Gone is what the nonce has made before: it
    # is taken, and no reason to cancel anything.
    with contextlib.suppress(DiscordGone):
        sent = await outbox.send(place, Outgoing(marked("…"), nonce=taken, silent=True))
        await outbox.delete(place, sent.id)


def _parts(claim: Claim, seen: Sequence[Seen]) -> tuple[tuple[Seen, ...], bool]:
    known = set(claim.replies.values())
    found = find_reply(seen, claim.members, claim.conversation)
    if found is not None:
        return found.parts, found.apart
    return tuple(part for part in seen if part.id in known), False


def kept(claim: Claim, own: Turn, notices: tuple[str, ...]) -> tuple[Turn, Result]:
    """Return the earlier answer as what comes of a round that brought none."""
    turn = replace(own, id=claim.lead, outcome="answered", usage=Usage(), prefix_key="")
    return turn, Result(own.reply, notices, own.open_end)
