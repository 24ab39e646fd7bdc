"""How the bot is told to stop, and how long it may take to leave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Coroutine
from types import FrameType
from typing import Any, NoReturn, TypeVar

import structlog

log = structlog.get_logger()

T = TypeVar("T")

SIGNALS = (signal.SIGTERM, signal.SIGINT)

LEAVE_S = 9.0
"""Whatever still hangs then is left behind. Promised are 10 s; hosts kill after 30 s, Docker after 10 s."""

REST_S = 2.0
"""What remains of them, after the turns have ended, for handing over the rest, hanging up and saving."""

LOG_S = 0.5
"""For a last line of the log, which may be what hangs."""

SAME_ORDER_S = 0.5
"""Process managers pass on a Ctrl-C that the terminal has sent to everybody already: that is one order, not two."""


class Stopped(Exception):
    """The bot was told to stop before a step had ended."""


class Shutdown:
    """The order to stop. The first signal gives it, and `LEAVE_S` to follow it; a second one leaves at once."""

    def __init__(self) -> None:
        self._ordered = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._until_s: float | None = None

    def listen(self) -> None:
        """Take the signals from here on.

        By Python's handlers, not the loop's: they run in the main thread also while a step of the loop never ends.
        """
        for number in SIGNALS:
            signal.signal(number, self._signalled)

    def grace_s(self, wanted_s: float) -> float:
        """How long turns may go on, if they want `wanted_s`."""
        if self._until_s is None:
            return wanted_s
        return max(0.0, min(wanted_s, self._until_s - REST_S - time.monotonic()))

    async def ordered(self) -> None:
        """Return when the order comes."""
        await self._ordered.wait()

    async def unless_ordered(self, step: Coroutine[Any, Any, T]) -> T:
        """Do a step of the start; Stopped, with the step called off, if the order comes first."""
        doing = asyncio.create_task(step, name="start")
        waiting = asyncio.create_task(self.ordered(), name="stop")
        try:
            await asyncio.wait([doing, waiting], return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            raise Stopped
        finally:
            waiting.cancel()
            doing.cancel()
            await asyncio.gather(doing, waiting, return_exceptions=True)

    def _signalled(self, number: int, _: FrameType | None) -> None:
        """Take an order; runs between any two steps of the main thread, so it may wait for no lock."""
        now_s = time.monotonic()
        if self._until_s is not None:
            if now_s < self._until_s - LEAVE_S + SAME_ORDER_S:
                return
            _exit(128 + number)  # as a shell tells a signal: not everything was finished
        self._until_s = now_s + LEAVE_S
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda *_: _leave_behind())
            signal.setitimer(signal.ITIMER_REAL, LEAVE_S)
        else:  # Windows
            last_resort = threading.Timer(LEAVE_S, _leave_behind)
            last_resort.daemon = True
            last_resort.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the process is about to
            self._loop.call_soon_threadsafe(self._ordered.set)


def _leave_behind() -> None:
    # In a thread, since the step that hangs may be one that writes to the log.
    told = threading.Thread(target=log.warning, args=("left_without_finishing",), daemon=True)
    with contextlib.suppress(RuntimeError):
        told.start()
        told.join(LOG_S)
    os._exit(0)


def _exit(code: int) -> NoReturn:
    """End now; the children notice by their pipes, and whatever was not finished is so by the next start."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(RuntimeError, OSError):  # the signal came in the middle of a line
            stream.flush()
    os._exit(code)


async def together(*steps: Coroutine[Any, Any, Any]) -> list[Any]:
    """Do steps at the same time; the first failure calls off the others and is raised as it is."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
