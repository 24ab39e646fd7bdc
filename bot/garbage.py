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
"""So many new objects, about 300 MB, are not waited with. A thousand turns under way have a third of them."""

LOOK_S = 30.0
LONGEST_S = 60.0
"""Cycles are collected after this time, also if no moment is quiet: the traceback of an error may keep a file."""

FEW_TURNS = 10
"""With so few turns under way a collection takes some milliseconds."""


def configure() -> None:
    """Leave out what is loaded by now, which is never garbage, and do not collect as objects come."""
    gc.freeze()
    gc.set_threshold(MOST_NEW_OBJECTS)
    gc.enable()


async def collect_when_quiet(
    turns: Callable[[], int], *, look_s: float = LOOK_S, longest_s: float = LONGEST_S
) -> None:
    """Collect cycles from time to time, until cancelled; `turns` are those under way."""
    collected_s = time.monotonic()
    while True:
        await asyncio.sleep(look_s)
        if turns() <= FEW_TURNS or time.monotonic() - collected_s > longest_s:
            gc.collect()
            collected_s = time.monotonic()
