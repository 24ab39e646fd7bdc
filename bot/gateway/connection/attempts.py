"""When the gateway is tried again: soon, and never so often that Discord takes the token for it."""

from __future__ import annotations

import random
from collections.abc import Callable

from bot.retry import Schedule

MOST_PAUSE_S = 30.0
"""With the time that a try may take (`HANDSHAKE_S`) less than a minute: people wait little longer than an outage."""

PAUSES = Schedule(1.0, factor=2, longest_s=MOST_PAUSE_S, spread=0.5)

HANDSHAKE_S = 25.0
"""From the connection to the IDENTIFY, before which discord.py waits 5 s."""

ANSWER_S = 30.0
"""A gateway that says nothing for so long after IDENTIFY or RESUME is given up; Discord answers within a second, and
repeats what was missed before it says RESUMED."""

IDENTIFY_RESERVE = 150
IDENTIFY_EVERY_S = 300.0
"""Discord allows 1000 IDENTIFY in 24 h, and resets the token of a bot that exceeds it (Discord, "Session Start
Limit"). 150 and one each 5 minutes are 438 a day, so that two instances stay below it in an outage of a day."""


MOST_PUT_OFF_S = 600.0
"""Longer than that is not waited for at once, whatever a server says."""


class Attempts:
    """Counts what was tried in vain; every `now_s` is of a monotonic clock, `spread` makes instances come apart."""

    def __init__(self, now_s: float, spread: Callable[[], float] = random.random) -> None:
        self._spread = spread
        self._failed = 0
        self._not_before_s = now_s
        self._left = float(IDENTIFY_RESERVE)
        self._counted_s = now_s

    def begin(self, now_s: float, *, identify: bool) -> float:
        """Note a try, and return how many seconds it is to wait: none for the first one."""
        pause_s = PAUSES.pause_s(self._failed, self._spread()) if self._failed else 0.0
        self._failed += 1
        allowed_s = self._identify_in(now_s) if identify else 0.0
        return max(pause_s, self._not_before_s - now_s, allowed_s)

    def put_off(self, now_s: float, seconds: float) -> None:
        """Note that the gateway wants to be left alone for a while."""
        self._not_before_s = now_s + min(seconds, MOST_PUT_OFF_S)

    def established(self) -> None:
        """Note that the gateway has answered."""
        self._failed = 0

    def identified(self, now_s: float) -> None:
        """Note an IDENTIFY."""
        self._refill(now_s)
        self._left -= 1

    def _identify_in(self, now_s: float) -> float:
        self._refill(now_s)
        return max(0.0, (1 - self._left) * IDENTIFY_EVERY_S)

    def _refill(self, now_s: float) -> None:
        self._left = min(IDENTIFY_RESERVE, self._left + (now_s - self._counted_s) / IDENTIFY_EVERY_S)
        self._counted_s = now_s
