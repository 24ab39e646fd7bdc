"""Discord's ids: 42 bits of milliseconds since 2015, then 22 bits that keep them apart (reference, Snowflakes)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], float]

# 2015-01-01T00:00:00Z, the first second of Discord's own calendar.
EPOCH_MS = 1_420_070_400_000
# Below the milliseconds: worker, process and increment.
_LOW_BITS = 22


class Snowflakes:
    """Returns strictly increasing ids from a clock in epoch seconds; `last` is the last id of a saved world."""

    def __init__(self, clock: Clock, last: int = 0) -> None:
        self._clock = clock
        self.last = last

    def next(self) -> int:
        """A new id, larger than every one before it, even within a millisecond or when the clock steps back."""
        self.last = max(snowflake_at(self._clock()), self.last + 1)
        return self.last


def snowflake_at(moment: float) -> int:
    """The smallest id of that epoch second."""
    return max(0, int(moment * 1000) - EPOCH_MS) << _LOW_BITS


def moment_of(snowflake: int) -> float:
    """The epoch second in which an id was made."""
    return ((snowflake >> _LOW_BITS) + EPOCH_MS) / 1000


def timestamp(moment: float) -> str:
    """An epoch second as the ISO 8601 text that Discord writes."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")
