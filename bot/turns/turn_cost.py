"""The cost of one attempt at a turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bot.conversation.request_cost import RequestCost


class TurnCost:
    """Adds up the costs of an attempt's requests, in micro-dollars.

    `known` is the sum of all reported usage; `unknown` counts the requests without complete usage or prices. `lost`
    counts earlier attempts that ended without a record of their cost; `earlier` are the recorded costs of the others,
    None for an attempt with incomplete usage. `report` is called with each request. `recorded` is set once the cost
    is in the store, `counted` once the turn counts as a message. Settlements of limits run in the background.
    """

    def __init__(
        self,
        report: Callable[[RequestCost], None] = lambda _: None,
        lost: int = 0,
        earlier: Sequence[int | None] = (),
    ) -> None:
        self._report = report
        self._earlier = earlier
        self.lost = lost
        self.known = 0
        self.unknown = 0
        self.recorded = False
        self.counted = False
        self.requests = 0
        self._background: set[asyncio.Task[None]] = set()

    @property
    def total(self) -> int | None:
        """The cost of all requests, also of those of earlier attempts; None if a part is unknown."""
        known = [cost for cost in self._earlier if cost is not None]
        if self.unknown or self.lost or len(known) < len(self._earlier):
            return None
        return self.known + sum(known)

    def add(self, request: RequestCost) -> None:
        """Add a request."""
        self.known += request.micro_usd or 0
        self.unknown += not request.is_known
        self._report(request)

    def next_request(self) -> int:
        """Return a number that no other request of the attempt has."""
        self.requests += 1
        return self.requests

    def in_background(self, settlement: Coroutine[Any, Any, None]) -> None:
        """Run a settlement, which the reply does not wait for."""
        task = asyncio.create_task(settlement, name="settlement")
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settled(self) -> None:
        """Wait for the settlements."""
        while self._background:
            await asyncio.wait(self._background)
