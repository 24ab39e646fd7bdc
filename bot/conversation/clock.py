"""Discord's time, by the dates of its answers: the clock of the host may be hours off, and set while the bot runs."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 1.0
"""The `Date` of an answer tells whole seconds (RFC 9110, 5.6.7)."""

MOST_OFF_S = 60.0
"""A host that is kept in step by NTP differs by less than a second."""


class Clock:
    """Tells Discord's time once Discord has told it, and the host's until then.

    `host_s` is the time since 1970, `steady_s` goes on whatever happens to it.
    """

    def __init__(
        self, host_s: Callable[[], float] = time.time, steady_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._host_s = host_s
        self.steady_s = steady_s
        self._ahead_s = host_s() - steady_s()

    def now_s(self) -> float:
        """The time since 1970."""
        return self.steady_s() + self._ahead_s

    def now_ms(self) -> int:
        """The time since 1970 in whole milliseconds, as ids hold it."""
        return round(self.now_s() * 1000)

    def told(self, date_s: float, asked_s: float, answered_s: float) -> None:
        """Take the `Date` of an answer that came between two moments of the steady clock.

        It was written between them, in that second: within that, the time is as it was thought to be.
        """
        lowest_s, highest_s = date_s - answered_s, date_s + STEP_S - asked_s
        self._ahead_s = min(max(self._ahead_s, lowest_s), highest_s)

    def host_is_ahead_s(self) -> float:
        """How far the host's clock is ahead of Discord's, negative where it is behind."""
        return self._host_s() - self.now_s()
