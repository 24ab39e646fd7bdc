"""Long rate limits: until when Discord refuses calls to a route, or all calls.

discord.py 2.7.1 has `max_ratelimit_timeout` for this, which is not usable: it refuses every call to a bucket whose
window ends later than the timeout, even while the bucket has tokens left (`Ratelimit.acquire`).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

PATIENCE_S = 6.0
"""discord.py waits out shorter limits: those of a channel's messages end within 5 s."""

UNSTATED_S = 60.0
"""The length of a ban whose response states none."""

_MAJOR = re.compile(r"/(?:channels|guilds)/\d+")
_MINOR = re.compile(r"/\d+")
_ALL = "*"


class Bans:
    """The bans that are in force; `clock_s` is monotonic."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._ends: dict[str, float] = {}

    def left_s(self, method: str, path: str) -> float:
        """For how many seconds calls to a route are banned; 0 if they are not."""
        now = self._clock_s()
        return max(0.0, *(self._ends.get(key, now) - now for key in (_ALL, _route(method, path))))

    def record(
        self, method: str, path: str, status: int, headers: Mapping[str, str], retry_after_s: float | None
    ) -> float:
        """Record a response; returns for how many seconds it bans the call, 0 if the limit can be waited out.

        `headers` ignores case, as aiohttp's do. A 429 without `Via` comes from Cloudflare and bans the address, not
        the route (Discord, topics/rate-limits, "Invalid Request Limit").
        """
        if status != 429:
            if headers.get("X-RateLimit-Remaining") == "0":
                # This call was made; the next one would be delayed until the window ends.
                self._ban(_route(method, path), _seconds(headers.get("X-RateLimit-Reset-After")))
            return 0.0
        for_s = retry_after_s if retry_after_s is not None else _seconds(headers.get("Retry-After"))
        if "Via" not in headers:
            return self._ban(_ALL, for_s or UNSTATED_S, min_s=0.0)
        is_global = headers.get("X-RateLimit-Global", "").lower() == "true"
        return self._ban(_ALL if is_global else _route(method, path), for_s)

    def _ban(self, key: str, for_s: float, min_s: float = PATIENCE_S) -> float:
        if for_s <= min_s:
            return 0.0
        now = self._clock_s()
        self._ends = {each: end for each, end in self._ends.items() if end > now}
        self._ends[key] = max(now + for_s, self._ends.get(key, 0.0))
        return for_s


def _seconds(text: str | None) -> float:
    try:
        return float(text or 0.0)
    except ValueError:
        return 0.0


def _route(method: str, path: str) -> str:
    """The key of a route: the method, the major parameter, and the path without other ids."""
    found = _MAJOR.match(path)
    major, rest = (found[0], path[found.end() :]) if found else ("", path)
    return f"{method} {major}{_MINOR.sub('/#', rest)}"
