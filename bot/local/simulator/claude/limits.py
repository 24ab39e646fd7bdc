"""The rate limits of an account: requests per minute, and requests at once (Anthropic, "Rate limits")."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from .failures import Failure

MINUTE_S = 60.0


class Limits:
    """Refuses with a 429 what is beyond; None is no limit. `clock` returns the seconds since 1970.

    `at_once` bounds the requests that run, `per_minute` is a bucket that fills continuously, and is told by headers.
    `most` is the highest number of requests that ran at once, `refused` counts the 429s.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Remove all limits."""
        self.at_once: int | None = None
        self.per_minute: int | None = None
        self.most = self.refused = 0
        self._running = 0
        self._missing = 0.0
        self._missing_at_s = 0.0

    def use(self, requests: int) -> None:
        """Count requests that others have made with the same key."""
        self._missing += requests
        self._missing_at_s = self._clock()

    @contextmanager
    def counted(self) -> Iterator[Mapping[str, str]]:
        """Count a request while it runs, and return the headers of its response; raises Failure beyond a limit."""
        now_s = self._clock()
        if self.at_once is not None and self._running >= self.at_once:
            self._refuse({})
        if self.per_minute is not None:
            per_s = self.per_minute / MINUTE_S
            self._missing = max(0.0, self._missing - (now_s - self._missing_at_s) * per_s)
            self._missing_at_s = now_s
            if self._missing + 1 > self.per_minute:
                short_s = (self._missing + 1 - self.per_minute) / per_s
                self._refuse({**self._headers(now_s), "retry-after": f"{max(1, math.ceil(short_s))}"})
            self._missing += 1
        self._running += 1
        self.most = max(self.most, self._running)
        try:
            yield self._headers(now_s)
        finally:
            self._running = max(0, self._running - 1)

    def _refuse(self, headers: Mapping[str, str]) -> None:
        self.refused += 1
        raise Failure(429, "This request would exceed your account's rate limit.", headers=headers)

    def _headers(self, now_s: float) -> dict[str, str]:
        if self.per_minute is None:
            return {}
        full_s = now_s + self._missing * MINUTE_S / self.per_minute
        values = {
            "limit": str(self.per_minute),
            "remaining": str(int(self.per_minute - self._missing)),
            "reset": datetime.fromtimestamp(full_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        return {f"anthropic-ratelimit-requests-{name}": value for name, value in values.items()}
