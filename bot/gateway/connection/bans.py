"""Until when Discord wants no call: for one route, or for all of them.

discord.py 2.7.1 has `max_ratelimit_timeout` for this, which cannot be used: it refuses every call to a bucket whose
window ends later than that, also one with tokens left (`Ratelimit.acquire`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

PATIENCE_S = 6.0
"""discord.py waits for shorter limits by itself: those of a channel's messages end within 5 s."""

UNSAID_S = 60.0
"""How long a refusal lasts that does not say so."""

_MAJOR = re.compile(r"/(?:channels|guilds)/\d+")
_MINOR = re.compile(r"/\d+")
_ALL = "*"


class Bans:
    """Remembers refusals; `clock_s` may begin anywhere, but must never go back."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._ends: dict[str, float] = {}

    def left_s(self, method: str, path: str) -> float:
        """So many seconds no call may be made to a route; 0 if one may be made now."""
        now = self._clock_s()
        return max(0.0, *(self._ends.get(key, now) - now for key in (_ALL, _route(method, path))))

    def answered(
        self, method: str, path: str, status: int, headers: Mapping[str, str], retry_after_s: float | None
    ) -> float:
        """Take note of an answer; returns for how long it refuses the call, 0 if the call may be waited out.

        `headers` ignores case, as those of aiohttp do. A 429 without `Via` comes from Cloudflare and counts for the
        address, not for the route (Discord, topics/rate-limits, "Invalid Request Limit").
        """
        if status != 429:
            if headers.get("X-RateLimit-Remaining") == "0":
                # The call was made; the next one would be held until the window ends.
                self._note(_route(method, path), _seconds(headers.get("X-RateLimit-Reset-After")))
            return 0.0
        told = retry_after_s if retry_after_s is not None else _seconds(headers.get("Retry-After"))
        if "Via" not in headers:
            return self._note(_ALL, told or UNSAID_S, at_least=0.0)
        whole = headers.get("X-RateLimit-Global", "").lower() == "true"
        return self._note(_ALL if whole else _route(method, path), told)

    def _note(self, key: str, seconds: float, at_least: float = PATIENCE_S) -> float:
        if seconds <= at_least:
            return 0.0
        now = self._clock_s()
        self._ends = {each: end for each, end in self._ends.items() if end > now}
        self._ends[key] = max(now + seconds, self._ends.get(key, 0.0))
        return seconds


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0.0)
    except ValueError:
        return 0.0


def _route(method: str, path: str) -> str:
    """Name a route with its major parameter, as Discord counts it."""
    found = _MAJOR.match(path)
    major, rest = (found[0], path[found.end() :]) if found else ("", path)
    return f"{method} {major}{_MINOR.sub('/#', rest)}"
