"""How long to wait after a call that failed for good in the outbox."""

from __future__ import annotations

FIRST_S = 0.5
MAX_S = 8.0


class BackOff:
    """Counts failures in a row; each wait is twice the one before."""

    def __init__(self) -> None:
        self.failures = 0

    def next_s(self) -> float:
        """Count a failure, and say how long to wait after it."""
        self.failures += 1
        return float(min(FIRST_S * 2 ** (self.failures - 1), MAX_S))

    def reset(self) -> None:
        """Something went well."""
        self.failures = 0
