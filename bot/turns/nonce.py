"""Nonces: Discord answers a post with a repeated nonce with the message that the first post has made."""

from __future__ import annotations

import contextlib

from bot.conversation.errors import DiscordGone
from bot.render.mark import marked
from bot.render.outbox import Outbox, Outgoing
from bot.store.claim import Claim


def nonce(claim: Claim, part: str | int, series: str = "") -> str:
    """Return the nonce of a message of a turn: at most 25 characters, and different for each regeneration.

    Regenerations differ because the nonce of a message that is deleted by now brings nothing back.
    """
    if not claim.attempt.regeneration:
        return f"{claim.turn_id}-{part}{series}"
    return f"{claim.turn_id:x}-{part}{series}.{claim.attempt.regeneration:x}"  # 16 characters, up to 6, and a few


async def burn_nonce(outbox: Outbox, channel_id: int, taken: str) -> None:
    """Use up the nonce of a message that another worker was about to post, so that the message cannot land late."""
    # Silent, because the message exists for an instant and must notify nobody. DiscordGone means that the nonce was
    # used and its message deleted: the nonce is used up, and nothing has to be cancelled.
    with contextlib.suppress(DiscordGone):
        sent = await outbox.send(channel_id, Outgoing(marked("…"), nonce=taken, silent=True))
        await outbox.delete(channel_id, sent.id)
