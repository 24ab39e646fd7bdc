"""A sign for people whose answer Discord does not let be shown yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError, DiscordFull, DiscordNotNow, StoreUnavailable
from bot.render.outbox import Outgoing
from bot.store.claim import Claim
from bot.turns.revise import nonce
from bot.turns.services import TurnServices

log = structlog.get_logger()

PATIENCE_S = 3.0
"""Whoever waits for longer is told so."""


class Delay:
    """Tells, once for a turn, that its answer comes later, and takes the word back when it is there.

    Limits count by route and channel: what cannot be shown in a thread, or a thread that cannot be started, leaves
    posts to the channel that it hangs from.
    """

    def __init__(self, claim: Claim, means: TurnServices, may_write: Callable[[], bool]) -> None:
        self._claim = claim
        self._means = means
        self._may_write = may_write
        self._sign = claim.sign

    async def tell(self, refused: DiscordNotNow) -> None:
        """Tell of it where that can be."""
        claim, meta = self._claim, self._claim.meta
        if self._sign is not None or refused.for_s <= PATIENCE_S or not claim.messages:
            return
        begins = claim.messages[0].opens is not None and not claim.replies
        places = [(claim.conversation, "here"), (meta.parent, f"in <#{claim.conversation}>")]
        for place, where in [(meta.parent, "in a thread")] if begins else places:
            if place is None or not self._may_write():
                continue
            reply_to = claim.lead if begins else None
            full = isinstance(refused, DiscordFull)
            text = wording.THREADS_FULL if full else wording.later(refused.for_s, place=where)
            notice = Outgoing(wording.small(text), nonce=nonce(claim, "w"), reply_to=reply_to, silent=True)
            try:
                sent = await self._means.outbox.send(place, notice)
            except DiscordError as error:
                log.debug("notice_failed", place=place, kind=type(error).__name__)
                continue
            self._sign = (place, sent.id)
            with contextlib.suppress(StoreUnavailable):  # then it stays there
                await self._means.journal.set_delay_notice(claim, place, sent.id)
            return

    async def end(self) -> None:
        """Take the word back: what it told of is there."""
        if self._sign is not None:
            with contextlib.suppress(DiscordError):
                await self._means.outbox.delete(*self._sign)
