"""The pause before a server that has failed is tried again; pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 1.0
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class Pause:
    """Grows with each failure in succession."""

    failures: int = 0
    until_s: float = 0.0

    def after_failure(self, now_s: float) -> Pause:
        """Return the pause behind a further failure."""
        length_s = min(FIRST_S * 2**self.failures, LONGEST_S)
        return Pause(min(self.failures + 1, 20), now_s + length_s)

    def is_over(self, now_s: float) -> bool:
        """Whether the server may be tried."""
        return now_s >= self.until_s
