"""When the next attempt to connect to the gateway starts: after a backoff, and within Discord's daily limits."""

from __future__ import annotations

import random
from collections.abc import Callable

from bot.retry import Schedule

BACKOFF_MAX_S = 30.0
"""With the time that an attempt may take (`HANDSHAKE_S`) less than a minute, so that an outage ends for people little
later than for Discord."""

BACKOFF = Schedule(1.0, factor=2, longest_s=BACKOFF_MAX_S, spread=0.5)

HANDSHAKE_S = 25.0
"""From the connection to the IDENTIFY, before which discord.py waits 5 s."""

SILENCE_MAX_S = 30.0
"""A gateway that sends nothing for so long after IDENTIFY or RESUME is disconnected. Discord answers within a second,
and repeats missed events before it sends RESUMED."""

IDENTIFY_RESERVE = 150
IDENTIFY_EVERY_S = 300.0
"""Discord allows 1000 IDENTIFY in 24 h, and resets the token of a bot that exceeds them (Discord, "Session Start
Limit"). 150 and one more every 5 minutes are 438 a day, so that two instances stay below the limit in an outage of a
day. The limit is that of all shards together, so each has its share of both."""

IDENTIFY_RESERVE_MIN = 3

RETRY_AFTER_MAX_S = 600.0
"""The longest wait; a longer `Retry-After` is shortened to this."""


class Attempts:
    """Counts failed attempts; every `now_s` is of a monotonic clock, `jitter` keeps instances apart."""

    def __init__(self, now_s: float, jitter: Callable[[], float] = random.random, *, shards: int = 1) -> None:
        self._jitter = jitter
        self._failed = 0
        self._not_before_s = now_s
        self._reserve = max(IDENTIFY_RESERVE / shards, IDENTIFY_RESERVE_MIN)
        self._every_s = IDENTIFY_EVERY_S * shards
        self._identifies_left = self._reserve
        self._no_identify_before_s = now_s
        self._counted_s = now_s

    def begin(self, now_s: float, *, identify: bool) -> float:
        """Count an attempt, and return how many seconds it has to wait: 0 for the first one."""
        backoff_s = BACKOFF.pause_s(self._failed, self._jitter()) if self._failed else 0.0
        self._failed += 1
        identify_in_s = self._identify_in_s(now_s) if identify else 0.0
        return max(backoff_s, self._not_before_s - now_s, identify_in_s)

    def retry_after(self, now_s: float, seconds: float) -> None:
        """Heed the `Retry-After` of a gateway that refused the handshake."""
        self._not_before_s = now_s + min(seconds, RETRY_AFTER_MAX_S)

    def starts_left(self, now_s: float, remaining: int, reset_after_s: float) -> None:
        """Heed how many IDENTIFY Discord has left for the bot (`session_start_limit`).

        Other instances, and what ran before a restart, have used the same limit, so half of the rest is for them.
        """
        self._refill(now_s)
        self._identifies_left = min(self._identifies_left, remaining / 2)
        if remaining <= 0:
            self._no_identify_before_s = now_s + reset_after_s

    def established(self) -> None:
        """Reset the backoff: the gateway has sent READY or RESUMED."""
        self._failed = 0

    def identified(self, now_s: float) -> None:
        """Count an IDENTIFY."""
        self._refill(now_s)
        self._identifies_left -= 1

    def _identify_in_s(self, now_s: float) -> float:
        self._refill(now_s)
        return max(0.0, (1 - self._identifies_left) * self._every_s, self._no_identify_before_s - now_s)

    def _refill(self, now_s: float) -> None:
        refilled = self._identifies_left + (now_s - self._counted_s) / self._every_s
        self._identifies_left = min(self._reserve, refilled)
        self._counted_s = now_s
