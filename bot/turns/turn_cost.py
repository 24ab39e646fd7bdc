"""The cost of one attempt at a turn."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from bot.conversation.request_cost import RequestCost
from bot.conversation.usage import Counts, TurnUsage, counts_of


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
        self._by_model: dict[str, Counts] = {}
        self._asked: str | None = None
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
        if request.purpose != "count":  # free, and no use of a model
            model = request.model
            self._by_model[model] = self._by_model.get(model, Counts()) + counts_of(request)
            self._asked = model if request.purpose != "summary" else self._asked
        self._report(request)

    @property
    def was_asked(self) -> bool:
        """Whether a request was sent."""
        return bool(self._by_model)

    def usage(self, day: dt.date, model: str | None = None) -> TurnUsage:
        """Return what the requests have used.

        With a `model` the turn ends here: it counts as a message, and the lost attempts as unpriced requests, of the
        model that was asked for the reply, or else of this one.
        """
        by_model = dict(self._by_model)
        if model is not None and (by_model or self.lost):
            asked = self._asked or model
            ended = Counts(messages=1, requests=self.lost, unpriced=self.lost)
            by_model[asked] = by_model.get(asked, Counts()) + ended
        return TurnUsage(day, by_model)

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
