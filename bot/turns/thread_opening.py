"""The start of a conversation's thread from the message that began it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.conversation import prompt
from bot.conversation.errors import DiscordNotNow
from bot.render.indicator import Indicator
from bot.render.outbox import Outbox
from bot.render.pace import Pace
from bot.store.claim import Claim

TITLE_PATIENCE_S = 4.0
"""The longest wait for a title. Until then people see only the typing indicator; after it a status line is due."""


class ThreadOpening:
    """Starts the thread of one turn once, for all its writers; does nothing if the thread exists.

    The thread is never renamed: a title that comes after the start of the thread is lost. While the thread waits for
    its title, the bot is shown typing in the channel.
    """

    def __init__(self, outbox: Outbox, claim: Claim, pace: Pace, may_write: Callable[[], bool]) -> None:
        self._outbox = outbox
        self._claim = claim
        self._pace = pace
        self._may_write = may_write
        self._call: asyncio.Future[None] | None = None
        self._title: str | None = None
        self._settled: asyncio.Event | None = None

    def expect_title(self) -> None:
        """Let the thread wait for its title, if the message that opens the thread asks for one."""
        claim = self._claim
        if self._settled is None and not claim.attempt.regeneration and claim.batch.messages[0].asks_title:
            self._settled = asyncio.Event()

    def settle_title(self, title: str | None) -> None:
        """Set the title, None if the reply has none; the first call counts."""
        if self._settled is not None and not self._settled.is_set():
            self._title = title
            self._settled.set()

    async def wait(self) -> None:
        """Wait until the thread exists; raises the errors of the outbox to each caller."""
        claim = self._claim
        opens = claim.batch.messages[0].opens
        if opens is None or claim.meta.parent is None:
            return
        if self._call is None or _is_delayed(self._call):
            self._call = asyncio.ensure_future(self._open(claim.meta.parent, opens))
        await asyncio.shield(self._call)

    def close(self) -> None:
        """Cancel the call."""
        if self._call is not None:
            self._call.cancel()

    async def _open(self, channel_id: int, words: str) -> None:
        if self._settled is not None:
            indicator = Indicator(self._outbox, channel_id, self._pace, self._may_write)
            indicator.start()
            try:
                async with asyncio.timeout(TITLE_PATIENCE_S):
                    await self._settled.wait()
            except TimeoutError:
                self.settle_title(None)
            finally:
                indicator.stop()
        name = prompt.thread_name_of_title(self._title) if self._title is not None else None
        await self._outbox.open_thread(channel_id, self._claim.turn_id, name or words)


def _is_delayed(call: asyncio.Future[None]) -> bool:
    return call.done() and not call.cancelled() and isinstance(call.exception(), DiscordNotNow)
