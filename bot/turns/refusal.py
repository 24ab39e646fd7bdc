"""The end of a turn that Discord refuses to show."""

from __future__ import annotations

import structlog

from bot.conversation import reply_wording, wording
from bot.conversation.decision import Cause
from bot.conversation.errors import (
    DiscordError,
    DiscordForbidden,
    DiscordGone,
    DiscordNotNow,
    DiscordRejected,
)
from bot.store.codec import Result
from bot.store.journal import Done
from bot.turns import decided
from bot.turns.life import TurnLife
from bot.turns.notices import post_instead, post_missing_permission
from bot.turns.persist import persist
from bot.turns.revise import keep_earlier
from bot.turns.shown_entry import partial_entry
from bot.turns.shown_reply import find_shown

log = structlog.get_logger()

REFUSED = (reply_wording.HALTED, reply_wording.HALTED_EARLY)
STOPPED = (reply_wording.STOPPED, reply_wording.STOPPED_EARLY)


def outcome_of(error: DiscordError) -> str:
    """Return the turn's label in the metrics."""
    for kind, outcome in (
        (DiscordGone, "gone"),
        (DiscordForbidden, "forbidden"),
        (DiscordRejected, "rejected"),
        (DiscordNotNow, "postponed"),
    ):
        if isinstance(error, kind):
            return outcome
    return "broken_off"


async def end_refused(life: TurnLife, error: DiscordError) -> Done:
    """End the turn and tell people why; raises an error after which a later attempt continues the turn."""
    claim, services = life.claim, life.services
    match error:
        case DiscordGone():
            # A person has deleted the thread or the reply: nobody is left to answer.
            log.info("turn_cancelled", conversation=claim.conversation, turn=claim.turn_id, reason="gone")
            await decided.note(claim, Cause.GONE, services)
            return await _cancel(life)
        case DiscordForbidden():
            await decided.note(claim, Cause.BOT_LACKS_PERMISSION, services, error.permission)
            await post_missing_permission(claim, error.permission, services)
            return await _halt(life, REFUSED)
        case DiscordRejected():
            log.warning("discord_rejected", conversation=claim.conversation, code=error.code)
            await decided.note(claim, Cause.REJECTED, services)
            await post_instead(claim, lambda _: wording.NOT_POSSIBLE_HERE, services)
            return await _halt(life, REFUSED)
        case DiscordNotNow() if life.stopped.is_set() and not life.committed:
            return await _halt(life, STOPPED)
        case DiscordNotNow():
            # A later attempt shows what is committed by now, without another request.
            await decided.note(claim, Cause.NOT_NOW, services)
            await life.reply.delay_notice.post(error)
    raise error


async def _cancel(life: TurnLife) -> Done:
    """End a turn that can have no reply; a regeneration keeps the earlier answer."""
    claim = life.claim
    # No earlier turn becomes the last one: a person who regenerates means this turn.
    if claim.attempt.regeneration:
        done = await _keep_earlier(life)
    else:
        done = Done(await life.services.journal.cancel(claim, last=True))
    # Only after the end of the turn: the next attempt would take a partial reply without its mark for an answer.
    await life.reply.finalize_partial()
    return done


async def _halt(life: TurnLife, notices: tuple[str, str]) -> Done:
    """End the turn with the text that Discord shows; it stays the last turn and can be regenerated."""
    claim, reply, journal = life.claim, life.reply, life.services.journal
    if claim.attempt.regeneration or (claim.batch.messages[0].opens is not None and not reply.has_posts):
        return await _cancel(life)  # without a thread nobody can regenerate the turn
    committed = life.committed
    if not committed:
        try:
            parts, _ = await find_shown(claim, life.services)
        except DiscordError:
            parts = reply.writer.posted
        turn, result = partial_entry(claim, parts, life.services.policy.model, notices)
        turn = await life.with_consulted(turn)
        await life.commit(turn, result)
    buttons = reply.newest
    reply.timeline.shown(reply.writer.posted)
    done = await persist(
        lambda: journal.acknowledge(
            claim,
            reconcile=True,
            buttons=buttons,
            halted=True,
            timeline=reply.timeline.value,
            parts=reply.parts,
        )
    )
    log.info("turn_halted", conversation=claim.conversation, turn=claim.turn_id, committed=committed)
    await reply.finalize_partial()
    return done


async def _keep_earlier(life: TurnLife) -> Done:
    """End a regeneration with the earlier answer, so that the turn can be regenerated again."""
    claim = life.claim
    turn, result = claim.earlier.entry, Result("", (reply_wording.HALTED_EARLY,))
    if turn is not None and turn.reply:
        turn, result = keep_earlier(claim, turn, (reply_wording.EARLIER_STANDS,))
        turn = await life.with_consulted(turn)
    await life.commit(turn, result)
    # The reconciliation repairs the messages in the thread, if Discord allows it by then.
    buttons = claim.meta.buttons
    return await life.services.journal.acknowledge(
        claim, reconcile=True, buttons=buttons, halted=True, timeline=life.reply.timeline.value
    )
