"""The start of a conversation's thread from the message that began it."""

from __future__ import annotations

import asyncio

from bot.conversation.errors import DiscordNotNow
from bot.render.outbox import Outbox
from bot.store.claim import Claim


class ThreadOpening:
    """Starts the thread of one turn once, for all its writers; does nothing if the thread exists."""

    def __init__(self, outbox: Outbox, claim: Claim) -> None:
        self._outbox = outbox
        self._claim = claim
        self._call: asyncio.Future[None] | None = None

    async def wait(self) -> None:
        """Wait until the thread exists; raises the errors of the outbox to each caller."""
        claim = self._claim
        opens = claim.batch.messages[0].opens
        if opens is None or claim.meta.parent is None:
            return
        if self._call is None or _is_delayed(self._call):
            call = self._outbox.open_thread(claim.meta.parent, claim.turn_id, opens)
            self._call = asyncio.ensure_future(call)
        await asyncio.shield(self._call)

    def close(self) -> None:
        """Cancel the call."""
        if self._call is not None:
            self._call.cancel()


def _is_delayed(call: asyncio.Future[None]) -> bool:
    return call.done() and not call.cancelled() and isinstance(call.exception(), DiscordNotNow)
