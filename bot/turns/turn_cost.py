"""What the requests of one turn cost, as far as anybody has told."""

from __future__ import annotations

from collections.abc import Callable

from bot.conversation import pricing
from bot.conversation.pricing import Prices
from bot.conversation.request import Usage


class TurnCost:
    """Adds up the requests of one try in micro-dollars; of those that are `unknown` not all is known.

    `known` holds all that was told, of those that broke off too. `spent` is told of each amount, and None of each
    request of which not all is known. `lost` are earlier tries at the turn that did not live to tell. It is `entered`
    once it is in the store.
    """

    def __init__(self, spent: Callable[[int | None], None] = lambda _: None, lost: int = 0) -> None:
        self._spent = spent
        self._lost = lost
        self.known = 0
        self.unknown = 0
        self.entered = False

    @property
    def cost(self) -> int | None:
        """All of it, None if a part of it is not known."""
        return None if self.unknown or self._lost else self.known

    def told(self, usage: Usage, prices: Prices | None) -> None:
        """A request has ended and told what it used."""
        if prices is None:
            self.broke_off()
        else:
            self._add(usage, prices)

    def broke_off(self, usage: Usage | None = None, prices: Prices | None = None) -> None:
        """A request was taken, and ended without telling all that it used; `usage` is what it did tell."""
        if usage is not None and usage.input_total and prices is not None:
            self._add(usage, prices)
        self.unknown += 1
        self._spent(None)

    def _add(self, usage: Usage, prices: Prices) -> None:
        cost = pricing.cost(usage, prices)
        self.known += cost
        self._spent(cost)
