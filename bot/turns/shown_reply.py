"""The messages of a turn's reply as Discord shows them: found, or deleted."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import structlog

from bot.conversation import reply_wording, wording
from bot.conversation.errors import DiscordForbidden, DiscordGone, DiscordRejected
from bot.conversation.message import created_ms
from bot.render.mark import is_marked
from bot.render.outbox import Seen
from bot.render.plan import Posted
from bot.store.claim import Claim
from bot.turns.nonce import burn_nonce, nonce
from bot.turns.reply_search import as_posted, find_reply, orphan_parts, with_others_apart
from bot.turns.services import TurnServices

log = structlog.get_logger()

EDITABLE_S = 55 * 60.0
"""Discord limits the edits of messages older than an hour to a few (error 30046), too few to stream a reply, which
takes some minutes."""


async def find_shown(claim: Claim, services: TurnServices) -> tuple[tuple[Posted, ...], bool]:
    """Return the messages of the reply, and whether another reply was posted after them."""
    others = await services.journal.messages_of_other_turns(claim)
    seen = with_others_apart(await services.outbox.own_messages(claim.conversation, claim.turn_id), others)
    found, followed = _parts(claim, seen)
    parts = tuple(part for part in found if part.id not in others)
    return as_posted(parts), followed or len(parts) < len(found)


def too_old(parts: Sequence[Posted], services: TurnServices) -> bool:
    """Whether the reply has to be reposted, because Discord limits the edits of old messages."""
    now_ms = services.clock.now_ms()
    return any(now_ms - created_ms(part.message_id) > EDITABLE_S * 1000 for part in parts)


async def delete_for_repost(
    claim: Claim, parts: Sequence[Posted], services: TurnServices
) -> tuple[Posted, ...]:
    """Delete the messages of a reply that is posted again; its text is in the history, or is generated again."""
    # The first message last: after a crash the remaining messages are found by the first one.
    for part in reversed(parts):
        await services.outbox.delete(claim.conversation, part.message_id)
    await services.journal.adopt(claim, claim.batch.members, [])
    return ()


async def withdraw(claim: Claim, services: TurnServices) -> None:
    """Delete the reply, and the notices, of a turn whose messages are all deleted."""
    outbox, channel_id = services.outbox, claim.conversation
    if claim.attempt.delay_notice is not None:
        # First, and by itself: it may stand in another channel than the reply.
        with contextlib.suppress(DiscordForbidden, DiscordRejected):
            await outbox.delete(*claim.attempt.delay_notice)
    try:
        seen = await outbox.own_messages(channel_id, claim.turn_id)
    except (DiscordGone, DiscordRejected):
        seen = ()
    others = await services.journal.messages_of_other_turns(claim)
    seen = with_others_apart(seen, others)
    parts, _ = _parts(claim, seen)
    found = {part.id for part in parts if part.id not in others} | set(claim.attempt.replies.values())
    if claim.reply_to is None:
        beneath = wording.small(reply_wording.TO_THE_FIRST_MESSAGE)
        found |= {message.id for message in seen if message.silent and message.content == beneath}
    orphans = (part for part in orphan_parts(seen, claim.reply_to, ()) if part.id not in others)
    found |= {part.id for part in orphans if is_marked(part.content)}
    if claim.earlier.notice is not None:
        found.add(claim.earlier.notice[1])
    for message in sorted(found):
        await outbox.delete(channel_id, message)
    for part in claim.attempt.unconfirmed:
        await burn_nonce(outbox, channel_id, nonce(claim, part))
    log.info("reply_withdrawn", conversation=channel_id, turn=claim.turn_id, messages=len(found))


def _parts(claim: Claim, seen: Sequence[Seen]) -> tuple[tuple[Seen, ...], bool]:
    found = find_reply(seen, claim.batch.members, claim.conversation)
    if found is not None:
        return found.parts, found.followed
    known = set(claim.attempt.replies.values())
    return tuple(part for part in seen if part.id in known), False
