"""The lag of the bot's event loop, read from its metrics."""

from __future__ import annotations

import asyncio
import math
import re
import urllib.request

from tests.e2e.bot_process import BotProcess

SHARE = 0.99
_BUCKET = re.compile(r'^bobbin_event_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)

Counts = dict[float, float]
"""How many measurements were no longer than so many seconds; the bot measures four times in a second."""


async def lag_counts(bot: BotProcess) -> Counts:
    """Read the histogram of a bot whose metrics are served on any free port."""
    served = await bot.logged("metrics_served")
    url = f"http://127.0.0.1:{served['port']}/metrics"
    text = (await asyncio.to_thread(lambda: urllib.request.urlopen(url).read())).decode()
    return {float(bound.replace("+Inf", "inf")): float(count) for bound, count in _BUCKET.findall(text)}


def bound_of_p99(before: Counts, after: Counts) -> float:
    """Return the bound in seconds that 99 percent of the measurements in between have kept."""
    counted = {bound: after[bound] - before.get(bound, 0.0) for bound in sorted(after)}
    total = max(counted.values(), default=0.0)
    return next((bound for bound, count in counted.items() if count >= SHARE * total), math.inf)
