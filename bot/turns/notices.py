"""The small notices of a turn: below a reply, or in place of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError, DiscordNotNow, DiscordUnavailable
from bot.render.outbox import Outgoing, fits
from bot.store.claim import Claim, UnreadableConversation
from bot.turns.nonce import nonce
from bot.turns.persist import persist
from bot.turns.services import TurnServices

log = structlog.get_logger()


def lines(notices: Sequence[str]) -> str:
    """Return the notices as they are shown."""
    return "\n".join(wording.small(notice) for notice in notices)


def bounded_lines(notices: Sequence[str]) -> str:
    """Return the notices that fit into one message, as they are shown, and the number of the others."""
    for shown in range(len(notices), 0, -1):
        left_out = len(notices) - shown
        text = lines([*notices[:shown], *([wording.more_notices(left_out)] if left_out else [])])
        if fits(text):
            return text
    return lines([wording.more_notices(len(notices))])


async def put_below(claim: Claim, notices: Sequence[str], services: TurnServices) -> None:
    """Post notices below a reply, in place of those of an earlier regeneration."""
    journal, outbox = services.journal, services.outbox
    before = claim.earlier.notice
    if before is not None and before[0] != claim.attempt.regeneration:
        await outbox.delete(claim.conversation, before[1])
    if notices:
        notice = Outgoing(bounded_lines(notices), nonce=nonce(claim, "n"), silent=True)
        sent = await outbox.send(claim.conversation, notice)
        await persist(lambda: journal.set_notice(claim, sent.id))
    elif before is not None:
        await persist(lambda: journal.set_notice(claim, None))


async def post_missing_permission(claim: Claim, permission: str, services: TurnServices) -> None:
    """Log and post which permission the bot needs for the answer."""
    log.warning(
        "permission_missing",
        conversation=claim.conversation,
        permission=permission or "unknown",
        hint="give the bot's role this permission in the server or the channel",
    )
    await post_instead(claim, lambda where: wording.missing_permission(permission, where=where), services)


async def post_instead(claim: Claim, sentence: Callable[[str], str], services: TurnServices) -> None:
    """Post why there is no answer: in the thread, or else in the thread's parent channel.

    `sentence` makes the notice from the words for where the answer is missing.
    """
    thread = "in a thread" if claim.batch.messages[0].opens else f"in <#{claim.conversation}>"
    for channel_id, words in ((claim.conversation, "here"), (claim.meta.parent, thread)):
        if channel_id is None:
            continue
        text = wording.small(sentence(words))
        try:
            await services.outbox.send(
                channel_id, Outgoing(text, nonce=f"{claim.turn_id}-{words[:2]}", silent=True)
            )
        except DiscordError as error:
            log.debug("notice_failed", channel=channel_id, kind=type(error).__name__)
            continue
        return


async def post_budget_notice(claim: Claim, notice: str, services: TurnServices) -> None:
    """Tell the person that the answer waits for a limit: below the message, in the thread or else in its channel."""
    for channel_id in (claim.conversation, claim.meta.parent):
        if channel_id is None:
            continue
        outgoing = Outgoing(wording.small(notice), nonce=nonce(claim, "b"), silent=True)
        try:
            await services.outbox.send(channel_id, outgoing)
        except DiscordError as error:
            log.debug("notice_failed", channel=channel_id, kind=type(error).__name__)
            continue
        return


async def post_unreadable(claim: UnreadableConversation, services: TurnServices) -> None:
    """Tell the thread, once, that the conversation needs /reset, or a version that can read it."""
    if claim.notified:
        return
    log.error(
        "conversation_unreadable",
        conversation=claim.conversation,
        turn=claim.turn_id,
        hint="Redis holds what another version of the bot wrote, or what no key of privacy.keys decrypts: "
        "start that version, add that key, or use /reset in the thread",
    )
    notice = Outgoing(wording.small(wording.UNREADABLE), nonce=f"{claim.turn_id}-u", silent=True)
    try:
        await services.outbox.send(claim.conversation, notice)
    except (DiscordUnavailable, DiscordNotNow):
        return  # the conversation is claimed again soon
    except DiscordError as error:
        log.debug("notice_failed", channel=claim.conversation, kind=type(error).__name__)
    await services.journal.set_unreadable_notice(claim)
