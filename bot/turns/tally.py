"""What the requests of one turn cost, as far as anybody has told."""

from __future__ import annotations

from collections.abc import Callable

from bot.conversation import pricing
from bot.conversation.pricing import Prices
from bot.conversation.request import Usage


class Tally:
    """Adds up requests in micro-dollars; those of which nobody knows the cost are `unknown`.

    `spent` is told of each as it ends, None where nobody knows. What earlier tries have left is `unknown` from the
    beginning, and was told of by them.
    """

    def __init__(self, spent: Callable[[int | None], None] = lambda _: None, unknown: int = 0) -> None:
        self._spent = spent
        self.known = 0
        self.unknown = unknown

    @property
    def cost(self) -> int | None:
        """All of it, None if a part of it is not known."""
        return None if self.unknown else self.known

    def told(self, usage: Usage, prices: Prices | None) -> None:
        """A request has ended and told what it used."""
        if prices is None:
            self.broke_off()
            return
        cost = pricing.cost(usage, prices)
        self.known += cost
        self._spent(cost)

    def broke_off(self) -> None:
        """A request was taken, and ended without telling what it used."""
        self.unknown += 1
        self._spent(None)
