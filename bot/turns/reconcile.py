"""Reconciliation: a finished turn is compared with Discord, because a late call may have changed its messages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

import structlog

from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordRejected, DiscordTooOld
from bot.render.controls import NONE, when_done
from bot.render.draft import Draft
from bot.render.style import Style
from bot.store.claim import Claim
from bot.store.codec import Result
from bot.store.states import State
from bot.turns.forgotten_reply import forgotten_replies
from bot.turns.notices import lines, put_below
from bot.turns.posted_reply import PostedReply
from bot.turns.reply_search import (
    as_posted,
    find_reply,
    orphan_parts,
    superseded_parts,
    with_others_apart,
)
from bot.turns.services import TurnServices

log = structlog.get_logger()


async def reconcile(claim: Claim, may_write: Callable[[], bool], services: TurnServices) -> None:
    """Compare a finished turn with Discord, repair its messages and note that it is reconciled."""
    shown = True
    try:
        if claim.attempt.state is State.DONE and claim.attempt.result is not None:
            await repair(claim, claim.attempt.result, may_write, services)
    except (DiscordGone, DiscordForbidden, DiscordRejected, DiscordTooOld) as error:
        shown = not isinstance(error, (DiscordForbidden, DiscordRejected))
        log.info("turn_not_reconciled", conversation=claim.conversation, kind=type(error).__name__)
    await services.journal.reconciled(claim, shown=shown)


async def repair(claim: Claim, result: Result, may_write: Callable[[], bool], services: TurnServices) -> None:
    """Make Discord show the committed text, and delete what other attempts have posted."""
    others = await services.journal.messages_of_other_turns(claim)
    messages = with_others_apart(
        await services.outbox.own_messages(claim.conversation, claim.turn_id), others
    )
    seen = {message.id: message for message in messages if message.id not in others}
    text = result.reply or lines(result.notices)
    known = list(claim.attempt.replies.values())
    # The journal may name more messages: those of an earlier, longer attempt, which are deleted by now.
    needed = known[: _parts_of(text, result, services)]
    if not needed or any(message not in seen for message in needed):
        return  # a person has deleted a part of the reply
    known = [message for message in known if message in seen]
    forgotten = await forgotten_replies(claim, messages, services)
    superseded = superseded_parts(messages, claim.batch.members, claim.reply_to, claim.conversation)
    for part in (*superseded, *chain.from_iterable(forgotten)):
        if part.id in seen and part.id not in known and may_write():
            await services.outbox.delete(claim.conversation, part.id)
    # In the thread's order: an unknown part may be between two known ones.
    orphans = (orphan.id for orphan in orphan_parts(messages, claim.reply_to, known) if orphan.id in seen)
    parts = sorted([*known, *orphans])
    members = claim.batch.members
    found = find_reply(messages, members, claim.conversation) if members else None
    reply = PostedReply(
        claim,
        services,
        may_write,
        found=as_posted([seen[message] for message in parts]),
        followed=found is not None and found.followed,
        as_shown=result.as_shown,
        keeps_made=True,
    )
    controls = NONE
    if claim.meta.buttons in parts:
        controls = when_done(claim.turn_id, truncated=result.open_end, answered=bool(result.reply))
    await reply.rewrite(text, controls, truncated=result.truncated)
    if claim.attempt.halted and result.reply and may_write():
        await put_below(claim, result.notices, services)


def _parts_of(text: str, result: Result, services: TurnServices) -> int:
    draft = Draft(style=Style() if result.as_shown else services.style)
    draft.push(text)
    draft.finish(truncated=result.truncated)
    return len(draft.parts)
