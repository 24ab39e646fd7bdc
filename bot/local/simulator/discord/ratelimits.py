"""Rate limits: buckets with a window that opens at the first request (topics/rate-limits). Pure: time is an argument.

Discord's numbers are not documented and may change at any time; those here are what bots observe.
"""

from __future__ import annotations

import hashlib
import math
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds; routes with the same name share a bucket per major parameter."""

    name: str
    requests: int
    per_s: float

    @property
    def hash(self) -> str:
        """The value of X-RateLimit-Bucket."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]


# Sending and editing share five in five seconds in a channel.
MESSAGES = Limit("messages", 5, 5.0)
DELETE = Limit("delete a message", 5, 1.0)
READ = Limit("read messages", 50, 1.0)
TYPING = Limit("typing", 5, 5.0)
REACTIONS = Limit("reactions", 1, 0.25)
THREADS = Limit("create a thread", 50, 300.0)
CHANNEL = Limit("channel", 10, 15.0)
COMMANDS = Limit("commands", 5, 20.0)
PINS = Limit("pins", 5, 4.0)
BULK = Limit("bulk delete", 1, 3.0)
OTHER = Limit("other", 50, 1.0)
WEBHOOK = Limit("webhook", 5, 2.0)
# In no header: a thread or channel is renamed at most twice in ten minutes.
RENAME = Limit("rename", 2, 600.0)

# Of every bot over all routes but those of interactions.
GLOBAL_REQUESTS = 50
GLOBAL_S = 1.0


@dataclass(slots=True)
class _Window:
    ends: float
    used: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass, and the header values. `retry_after_s` is for a limited request."""

    passed: bool
    limit: Limit
    remaining: int
    reset_at: float
    reset_after_s: float
    retry_after_s: float = 0.0
    scope: str = "user"
    is_global: bool = False

    def headers(self) -> dict[str, str]:
        """The X-RateLimit headers of an answer."""
        payload = {
            "X-RateLimit-Limit": str(self.limit.requests),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": f"{up_to_ms(self.reset_at):.3f}",
            "X-RateLimit-Reset-After": f"{up_to_ms(self.reset_after_s):.3f}",
            "X-RateLimit-Bucket": self.limit.hash,
        }
        if not self.passed:
            payload["X-RateLimit-Scope"] = self.scope
            payload["Retry-After"] = str(math.ceil(self.retry_after_s))
        if self.is_global:
            return {key: payload[key] for key in ("X-RateLimit-Scope", "Retry-After")} | {
                "X-RateLimit-Global": "true"
            }
        return payload


class Buckets:
    """The windows of all limits, by limit and key (bot and major parameter); each lasts `pace` times its time."""

    def __init__(self, pace: float = 1.0) -> None:
        self.pace = pace
        self._windows: dict[tuple[str, str], _Window] = {}
        self._hidden: dict[str, deque[float]] = {}
        self._global: dict[str, _Window] = {}

    def take(self, limit: Limit, key: str, now: float) -> Verdict:
        """Count one request against a bucket, if it still has room; a refused one costs nothing."""
        window = self._windows.get((limit.name, key))
        if window is None or now >= window.ends:
            window = self._windows[(limit.name, key)] = _Window(now + limit.per_s * self.pace)
            self._forget(now)
        passed = window.used < limit.requests
        window.used += passed
        after = window.ends - now
        return Verdict(
            passed, limit, limit.requests - window.used, window.ends, after, 0.0 if passed else after
        )

    def take_hidden(self, key: str, now: float) -> float:
        """Count one rename; 0, or the seconds to wait if there were two in the last ten minutes."""
        past = self._hidden.setdefault(key, deque())
        while past and now - past[0] >= RENAME.per_s:
            past.popleft()
        if len(past) >= RENAME.requests:
            return past[0] + RENAME.per_s - now
        past.append(now)
        return 0.0

    def take_global(self, key: str, now: float) -> float:
        """Count one request of a bot; 0, or the seconds to wait if it made fifty in this second."""
        window = self._global.get(key)
        if window is None or now >= window.ends:
            window = self._global[key] = _Window(now + GLOBAL_S)
        if window.used >= GLOBAL_REQUESTS:
            return window.ends - now
        window.used += 1
        return 0.0

    def _forget(self, now: float) -> None:
        """Remove closed windows if there are many, so that a long run does not accumulate them."""
        if len(self._windows) > 4096:
            self._windows = {key: each for key, each in self._windows.items() if each.ends > now}


def up_to_ms(seconds: float) -> float:
    """Seconds rounded up to milliseconds: a client that waits for this time must get through."""
    return math.ceil(seconds * 1000) / 1000
