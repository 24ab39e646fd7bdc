"""A clock that tests set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Tells seconds since 1970."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now
