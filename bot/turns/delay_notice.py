"""The notice that an answer comes later: Discord does not allow it yet, or other replies come first."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import structlog

from bot.conversation import wording
from bot.conversation.errors import DiscordError, DiscordFull, DiscordNotNow, Fenced, StoreUnavailable
from bot.render.outbox import Outgoing
from bot.store.claim import Claim
from bot.turns.nonce import nonce
from bot.turns.services import TurnServices

log = structlog.get_logger()

PATIENCE_S = 3.0
"""Delays up to this are too short for a notice."""


class DelayNotice:
    """Posts the notice once per turn, and deletes it when the answer is shown.

    Discord limits calls by route and channel: while a thread accepts no posts, or cannot be started, its parent
    channel may.
    """

    def __init__(self, claim: Claim, services: TurnServices, may_write: Callable[[], bool]) -> None:
        self._claim = claim
        self._services = services
        self._may_write = may_write
        self._posted = claim.attempt.delay_notice

    @property
    def is_posted(self) -> bool:
        """Whether people have read that an answer comes later."""
        return self._posted is not None

    async def post(self, refused: DiscordNotNow) -> None:
        """Post the notice of a delay by Discord."""
        if refused.for_s <= PATIENCE_S:
            return
        full = isinstance(refused, DiscordFull)
        await self._post(
            lambda where: wording.THREADS_FULL if full else wording.later(refused.for_s, where=where)
        )

    async def post_waiting(self) -> None:
        """Post the notice that other replies to the same person come first."""
        await self._post(wording.waits_for_others)

    async def post_queued(self, before: int) -> None:
        """Post the notice that so many replies to others come first."""
        await self._post(lambda where: wording.waits_in_line(before, where=where))

    async def _post(self, sentence: Callable[[str], str]) -> None:
        """Post the notice where Discord allows it."""
        claim, meta = self._claim, self._claim.meta
        if self._posted is not None or not claim.batch.messages:
            return
        begins = claim.batch.messages[0].opens is not None and not claim.attempt.replies
        channels = [(claim.conversation, "here"), (meta.parent, f"in <#{claim.conversation}>")]
        for channel_id, where in [(meta.parent, "in a thread")] if begins else channels:
            if channel_id is None or not self._may_write():
                continue
            reply_to = claim.turn_id if begins else None
            notice = Outgoing(
                wording.small(sentence(where)), nonce=nonce(claim, "w"), reply_to=reply_to, silent=True
            )
            # To its end even if the turn is cancelled: nobody else knows of a notice that Discord has.
            sending = asyncio.create_task(self._send(channel_id, notice), name=f"notice-{claim.conversation}")
            self._services.notices.add(sending)
            sending.add_done_callback(self._services.notices.discard)
            if await asyncio.shield(sending):
                return

    async def _send(self, channel_id: int, notice: Outgoing) -> bool:
        """Post the notice, and journal it for later attempts; False if it cannot be posted."""
        try:
            sent = await self._services.outbox.send(channel_id, notice)
        except DiscordError as error:
            log.debug("notice_failed", channel=channel_id, kind=type(error).__name__)
            return False
        self._posted = (channel_id, sent.id)
        try:
            await self._services.journal.set_delay_notice(self._claim, channel_id, sent.id)
        except StoreUnavailable:
            # The notice stays, unless this attempt ends the turn.
            log.debug("notice_not_journalled", channel=channel_id)
        except Fenced:
            # The turn has ended, or whoever goes on with it does not know of the notice.
            await self.delete()
        return True

    async def delete(self) -> None:
        """Delete the notice, if there is one."""
        if self._posted is not None:
            with contextlib.suppress(DiscordError):
                await self._services.outbox.delete(*self._posted)
