"""Discord's time, from the `Date` header of its responses: the host's clock may be hours off."""

from __future__ import annotations

import time
from collections.abc import Callable

STEP_S = 1.0
"""The `Date` header has a resolution of one second (RFC 9110, 5.6.7)."""

MOST_OFF_S = 60.0
"""A host that is synchronized by NTP differs by less than a second."""


class Clock:
    """Discord's time after the first response, the host's time before.

    `host_s` returns seconds since 1970; `steady_s` returns seconds of a monotonic clock, by which the process began
    at `began_s`.
    """

    def __init__(
        self,
        host_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
        *,
        began_s: float | None = None,
    ) -> None:
        self._host_s = host_s
        self.steady_s = steady_s
        self._ahead_s = host_s() - steady_s()
        self._began_s = steady_s() if began_s is None else began_s

    def now_s(self) -> float:
        """Seconds since 1970."""
        return self.steady_s() + self._ahead_s

    def now_ms(self) -> int:
        """Whole milliseconds since 1970, as in a snowflake."""
        return round(self.now_s() * 1000)

    def began_ms(self) -> int:
        """Return when the process began, in whole milliseconds since 1970."""
        return round((self._began_s + self._ahead_s) * 1000)

    def set_from_response(self, date_s: float, asked_s: float, answered_s: float) -> None:
        """Set the time from the `Date` of a response, given when the request was sent and answered (steady clock).

        The server wrote the header between these two moments, so they bound the time; within the bounds it is kept.
        """
        lowest_s, highest_s = date_s - answered_s, date_s + STEP_S - asked_s
        self._ahead_s = min(max(self._ahead_s, lowest_s), highest_s)

    def host_is_ahead_s(self) -> float:
        """Seconds that the host's clock is ahead of Discord's; negative if it is behind."""
        return self._host_s() - self.now_s()
