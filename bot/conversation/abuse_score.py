"""A person's score of abuse: it grows with refusals and floods, and halves with time."""

from __future__ import annotations

import math
from dataclasses import dataclass

HALF_LIFE_S = 1800.0
"""A few refusals in a day of talking are no abuse; several within minutes are."""

REFUSAL = 1.0
"""What an answer that Claude declines adds, shared among the people whose messages it would have answered."""

FLOOD = 0.1
"""What a message adds that would open a thread too many."""


@dataclass(frozen=True, slots=True)
class Score:
    """The score as it was at `at_ms`."""

    value: float = 0.0
    at_ms: int = 0

    def at(self, now_ms: int) -> float:
        """Return the score at a time; it was no higher before `at_ms`."""
        return float(self.value * 2 ** (-max(0, now_ms - self.at_ms) / 1000 / HALF_LIFE_S))

    def plus(self, weight: float, now_ms: int) -> Score:
        """Return the score with something added."""
        return Score(self.at(now_ms) + weight, max(now_ms, self.at_ms))


def pause_ms(value: float, most: float) -> int:
    """Return for how long a person with this score is paused: until half of `most` is left; 0 up to `most`."""
    if most <= 0 or value <= most:
        return 0
    return math.ceil(HALF_LIFE_S * 1000 * math.log2(2 * value / most))
