"""The cost of one attempt at a turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conversation import pricing
from bot.conversation.pricing import Prices
from bot.conversation.request import Usage


class TurnCost:
    """Adds up the costs of an attempt's requests, in micro-dollars.

    `known` is the sum of all reported usage; `unknown` counts the requests without complete usage. `lost` counts
    earlier attempts that ended without a record of their cost; `earlier` are the recorded costs of the others, None
    for an attempt with incomplete usage. `report` is called with each cost, and with None for each request without
    complete usage. `recorded` is set once the cost is in the store.
    """

    def __init__(
        self,
        report: Callable[[int | None], None] = lambda _: None,
        lost: int = 0,
        earlier: Sequence[int | None] = (),
    ) -> None:
        self._report = report
        self._earlier = earlier
        self.lost = lost
        self.known = 0
        self.unknown = 0
        self.recorded = False

    @property
    def total(self) -> int | None:
        """The cost of all requests, also of those of earlier attempts; None if a part is unknown."""
        known = [cost for cost in self._earlier if cost is not None]
        if self.unknown or self.lost or len(known) < len(self._earlier):
            return None
        return self.known + sum(known)

    def add(self, usage: Usage, prices: Prices | None) -> None:
        """Add a request that ended with its usage."""
        if prices is None:
            self.add_incomplete()
        else:
            self._add(usage, prices)

    def add_incomplete(self, usage: Usage | None = None, prices: Prices | None = None) -> None:
        """Add a request that ended without its complete usage; `usage` is the part that was reported."""
        if usage is not None and usage.input_total and prices is not None:
            self._add(usage, prices)
        self.unknown += 1
        self._report(None)

    def _add(self, usage: Usage, prices: Prices) -> None:
        cost = pricing.cost(usage, prices)
        self.known += cost
        self._report(cost)
