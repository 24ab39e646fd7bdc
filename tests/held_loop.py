"""Programs whose event loop is held in the middle of a step, each in a way of its own.

`python -m tests.held_loop WAY` holds a bare loop below the watchdog; `python -m tests.held_loop run --strict` is the
bot, whose loop is held by `HELD_BY` as soon as Claude writes `HOLD`.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time

from bot import shutdown, watchdog
from bot.render.draft import Draft

HOLD = "hold the loop"


def by_a_pattern() -> None:
    """Backtrack for ever: no other thread runs meanwhile."""
    re.match(r"(a|a)*b", "a" * 100)


def by_python() -> None:
    """Run Python code for ever."""
    while True:
        pass


def by_waiting() -> None:
    """Wait for ever, without any processor time."""
    time.sleep(10_000)


def by_c() -> None:
    """Run C code that lets neither threads nor handlers of signals run."""
    sum(range(10**13))


WAYS = {"pattern": by_a_pattern, "python": by_python, "waiting": by_waiting, "c": by_c}


def hurry() -> None:
    """Let the watchdog bite early."""
    watchdog.CPU_S, watchdog.CPU_CHECK_S, watchdog.KERNEL_CPU_S = 0.5, 0.1, 2.0
    watchdog.SLOW_SAMPLES = int(os.environ.get("HELD_SLOW", "1000"))
    watchdog.BEAT_S, watchdog.SAMPLE_S, watchdog.SAMPLES = 0.05, 0.1, 10


async def _bare(way: str) -> None:
    order = shutdown.Shutdown()
    order.listen()
    with watchdog.Watchdog():
        if way == "nothing":
            print("now", flush=True)  # noqa: T201
            await order.requested()
        else:
            await asyncio.sleep(0.01)
            print("now", flush=True)  # noqa: T201
            WAYS[way]()


def _bot() -> None:
    from bot.__main__ import main

    push = Draft.push

    def pushing(self: Draft, delta: str) -> None:
        if HOLD in delta:
            print("held", flush=True)  # noqa: T201
            WAYS[os.environ["HELD_BY"]]()
        push(self, delta)

    Draft.push = pushing  # type: ignore[method-assign]
    main()


if __name__ == "__main__":
    if os.environ.get("HELD_HURRIES", "1") == "1":
        hurry()
    shutdown.SHUTDOWN_S = float(os.environ.get("HELD_LEAVES_S", shutdown.SHUTDOWN_S))
    if sys.argv[1] == "run":
        _bot()
    else:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_bare(sys.argv[1]))
