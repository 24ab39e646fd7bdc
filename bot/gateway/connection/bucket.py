"""discord.py's rate limit buckets, without the wait after a call.

In discord.py 2.7.1 the call that takes the last token of a bucket returns only when the bucket is full again: up to
5 s after the message was posted. A turn that ends with such a call would delay the next one.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from discord.http import Ratelimit


class Bucket(Ratelimit):
    """A bucket in which the next call waits for a token, not the call that took the last one."""

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
        # The task wakes the calls that wait by then; they do not run a timer of their own meanwhile.
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name="bucket")
