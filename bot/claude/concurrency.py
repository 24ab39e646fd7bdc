"""How many requests may run at once, learnt from what the API accepts and refuses: pure, times are arguments.

Additive increase, multiplicative decrease, as in TCP. Several instances share the limits of a key: each learns by
itself, and the decrease of whoever is refused leaves room for the others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

START = 50
"""Discord lets a bot show no more first words in a second (50 calls). The first refusals tell of a lower limit."""

DECREASE = 0.5

QUIET_S = 60.0
"""The API counts per minute: a minute after the last refusal the limit grows as fast as at the start."""

PROBE_S = 10.0
"""Where requests wait and none has begun for so long, one more may begin: long replies, none of which ends, tell
nothing of what the API would take by now."""

HOLD_MAX_S = 5.0
"""New requests are held back no longer than this after a refusal. The refused request waits for the whole
`retry-after`; a smaller one, or one of another kind, may be accepted before."""

FREE_SHARE = 0.05
"""New requests are held back until so much of each of the API's limits is free again. The API refills them
continuously (Anthropic, "Rate limits"), so that nothing is lost by waiting. Then no more requests begin at once than
this share of the limit of requests, since none of their headers has come yet."""

REFILL_MAX_S = 60.0

KINDS = ("requests", "tokens", "input-tokens", "output-tokens")


class Concurrency:
    """The limit for one model; `ceiling` is the operator's."""

    def __init__(self, ceiling: int) -> None:
        self.ceiling = ceiling
        self.running = 0
        self._limit = float(min(START, ceiling))
        self._threshold = math.inf
        self._refused_s = -math.inf
        self._held_until_s = -math.inf
        self._full_since_s = math.inf
        self._share, self._share_s = math.inf, 0.0
        self._free = math.inf

    @property
    def limit(self) -> int:
        """How many requests may run at once now."""
        return int(self._limit)

    def set_ceiling(self, ceiling: int) -> None:
        """Change the operator's limit."""
        self.ceiling = ceiling
        self._limit = min(self._limit, float(ceiling))

    def held_s(self, now_s: float) -> float:
        """For how long no request may begin."""
        return max(0.0, self._held_until_s - now_s)

    def begin(self, now_s: float) -> bool:
        """Count a request that begins now; False if it has to wait."""
        if self.held_s(now_s):
            return False
        if self.running >= self.limit:
            self._full_since_s = min(self._full_since_s, now_s)
            if self.limit >= self.ceiling or now_s - self._full_since_s < PROBE_S:
                return False
            self._set(self.limit + 1.0)
        self._full_since_s = math.inf
        self.running += 1
        self._free -= 1
        if self._free < 1:
            self._free = self._share
            self._hold(now_s, self._share_s)
        return True

    def accepted(self, now_s: float) -> None:
        """Raise the limit for a request that the API has begun to answer, if requests use it up."""
        if now_s - self._refused_s > QUIET_S:
            self._threshold = math.inf
        if 2 * self.running >= self.limit:
            step = 1.0 if self._limit < self._threshold else 1.0 / self._limit
            self._set(self._limit + step)

    def refused(
        self, now_s: float, began_s: float, retry_after_s: float | None, *, overloaded: bool = False
    ) -> bool:
        """Lower the limit for a refused request; returns whether it is lower now.

        Requests that began before the last decrease tell nothing new. An API that is `overloaded` tells nothing about
        how many requests the account may have: afterwards the limit grows fast to where it was.
        """
        if retry_after_s:
            self._hold(now_s, min(retry_after_s, HOLD_MAX_S))
        if began_s < self._refused_s:
            return False
        before, used = self.limit, min(self._limit, float(self.running))
        self._set(used * DECREASE)
        if not overloaded:
            self._threshold = self._limit
        elif self._threshold == math.inf:
            self._threshold = used
        self._refused_s = now_s
        return self.limit < before

    def told(self, now_s: float, headers: Mapping[str, str]) -> None:
        """Hold back new requests where the headers of a response say that a limit is nearly used up."""
        if refill := refill_s(headers):
            self._hold(now_s, refill)
        self._share, self._share_s = share_of_requests(headers) if refill else (math.inf, 0.0)
        self._free = self._share

    def _set(self, limit: float) -> None:
        self._limit = max(1.0, min(limit, float(self.ceiling)))
        self._full_since_s = math.inf

    def _hold(self, now_s: float, for_s: float) -> None:
        self._held_until_s = max(self._held_until_s, now_s + for_s)


def refill_s(headers: Mapping[str, str]) -> float:
    """Return in how many seconds `FREE_SHARE` of each limit is free again; 0 if it is, or if nothing is said."""
    return min(max(_refill_s(kind, headers) for kind in KINDS), REFILL_MAX_S)


def share_of_requests(headers: Mapping[str, str]) -> tuple[float, float]:
    """Return how many requests `FREE_SHARE` is, at least one, and in how many seconds so many are free again."""
    if (told := _read("requests", headers)) is None:
        return math.inf, 0.0
    limit, remaining, full_s = told
    share = max(1.0, float(int(limit * FREE_SHARE)))
    return share, min(share * full_s / (limit - remaining), REFILL_MAX_S)


def _refill_s(kind: str, headers: Mapping[str, str]) -> float:
    if (told := _read(kind, headers)) is None:
        return 0.0
    limit, remaining, full_s = told
    share = remaining / limit
    return max(0.0, full_s * (FREE_SHARE - share) / (1 - share))


def _read(kind: str, headers: Mapping[str, str]) -> tuple[float, float, float] | None:
    """Return a limit, what remains of it, and in how many seconds all of it is free; None if that is not said."""
    name = f"anthropic-ratelimit-{kind}"
    try:
        limit, remaining = float(headers[f"{name}-limit"]), float(headers[f"{name}-remaining"])
        full = datetime.fromisoformat(headers[f"{name}-reset"])
        full_s = (full - parsedate_to_datetime(headers["date"])).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None
    return (limit, remaining, full_s) if 0 <= remaining < limit < math.inf and full_s > 0 else None
