"""discord.py's rate limits, less a wait of whoever is done.

discord.py 2.7.1 returns from the call that takes the last token of a bucket only when the bucket is full again: up to
5 s after the message stands there, in which the turn it ends would hold up the next question.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from discord.http import Ratelimit


class Bucket(Ratelimit):
    """A bucket in which the next call waits for a token, and not the one that has taken the last."""

    __slots__ = ("_refreshing",)

    def __init__(self, max_ratelimit_timeout: float | None) -> None:
        super().__init__(max_ratelimit_timeout)
        self._refreshing: asyncio.Task[None] | None = None

    async def __aexit__(self, *error: object) -> None:
        left = self.remaining - (self.outgoing - 1)
        if left > 0 or self._sleeping.locked():
            await super().__aexit__(*cast("tuple[Any, Any, Any]", error))
            return
        self.outgoing -= 1
        # It wakes whoever waits by then; they do not count the time for themselves as long as this does.
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name="bucket")
