"""When cycles of objects are collected: at a quiet moment.

A collection blocks the event loop, with a thousand turns under way for a fifth of a second, and finds next to
nothing: a turn that has ended leaves no cycles.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

MOST_NEW_OBJECTS = 2_000_000
"""So many new objects are collected at once. A thousand turns under way have a third of them."""

LOOK_S = 30.0
FEW_TURNS = 10
"""With so few turns under way the moment is quiet: a collection among new objects takes some milliseconds."""

NEW_S = 60.0
"""After this time new objects are looked through in any case: the traceback of an error may keep a file."""

ALL_S = 600.0
"""All objects are looked through so often, which takes a third of a second after a thousand turns."""

ALL_LATEST_S = 3600.0
"""The same, if no moment is quiet."""


def configure() -> None:
    """Leave out what is loaded by now, which is never garbage, and do not collect as objects come."""
    gc.freeze()
    gc.set_threshold(MOST_NEW_OBJECTS)
    gc.enable()


async def collect_when_quiet(
    turns: Callable[[], int], *, look_s: float = LOOK_S, clock: Callable[[], float] = time.monotonic
) -> None:
    """Collect cycles from time to time, until cancelled; `turns` are those under way."""
    new_s = all_s = clock()
    while True:
        await asyncio.sleep(look_s)
        now_s, is_quiet = clock(), turns() <= FEW_TURNS
        if now_s - all_s >= (ALL_S if is_quiet else ALL_LATEST_S):
            gc.collect()
            new_s = all_s = now_s
        elif is_quiet or now_s - new_s >= NEW_S:
            gc.collect(1)  # what has come since the last collection
            new_s = now_s
