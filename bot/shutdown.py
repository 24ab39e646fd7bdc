"""The request to stop, with the time limit of a shutdown, and the request to read the settings anew."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import math
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

SHUTDOWN_S = 9.0
"""The process ends then, whatever still runs. The promise is 10 s; hosts kill after 30 s, Docker after 10 s."""

REST_S = 2.0
"""The part of `SHUTDOWN_S` after the turns: releasing leases, disconnecting and saving."""

END_S = 3.0
"""What is left once everything is taken down: closing the loop, and 2 s for reports of errors that are under way."""

LOG_S = 0.5
"""For the last log line; the log itself may be what hangs."""

SAME_REQUEST_S = 0.5
"""Process managers pass on a Ctrl-C that the terminal has already sent to all processes: one request, not two."""


class Stopped(Exception):
    """The request to stop came before a step had ended."""


class Shutdown:
    """The request to stop. The first signal starts the shutdown, at most `SHUTDOWN_S`; a second ends the process."""

    def __init__(self) -> None:
        self._requested = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._until_s: float | None = None

    def listen(self) -> None:
        """Install the signal handlers.

        Python's handlers, not the loop's: they run in the main thread even while the loop is blocked.
        """
        for number in SIGNALS:
            signal.signal(number, self.request)
        if hasattr(signal, "setitimer"):
            # After the exit handlers Python has no signal handlers left, and the alarm would kill the process.
            atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)

    def grace_s(self, wanted_s: float) -> float:
        """Return how long running turns may take: `wanted_s`, or less if the shutdown has begun."""
        if self._until_s is None:
            return wanted_s
        return max(0.0, min(wanted_s, self._until_s - REST_S - time.monotonic()))

    def taken_down(self) -> None:
        """End the process soon if a stop was requested."""
        if self._until_s is not None:
            end_soon(0, within_s=self._until_s - time.monotonic())

    async def requested(self) -> None:
        """Wait for the request to stop."""
        await self._requested.wait()

    async def unless_requested(self, step: Coroutine[Any, Any, T]) -> T:
        """Run a step of the start; cancel it and raise Stopped if the request to stop comes first."""
        running = asyncio.create_task(step, name="start")
        waiting = asyncio.create_task(self.requested(), name="stop")
        try:
            await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                return running.result()
            raise Stopped
        finally:
            waiting.cancel()
            running.cancel()
            await asyncio.gather(running, waiting, return_exceptions=True)

    def request(self, number: int, _: FrameType | None) -> None:
        """Handle a signal; runs between any two bytecodes of the main thread, so it must not wait for a lock."""
        now_s = time.monotonic()
        if self._until_s is not None:
            if now_s < self._until_s - SHUTDOWN_S + SAME_REQUEST_S:
                return
            _exit(128 + number)  # a shell's code for a signal: not everything was finished
        self._until_s = now_s + SHUTDOWN_S
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda *_: _end_process())
            signal.setitimer(signal.ITIMER_REAL, SHUTDOWN_S)
        else:  # Windows
            last_resort = threading.Timer(SHUTDOWN_S, _end_process)
            last_resort.daemon = True
            last_resort.start()
        with contextlib.suppress(RuntimeError):  # the loop has ended, and the process is about to
            self._loop.call_soon_threadsafe(self._requested.set)


class ReloadRequests:
    """The requests to read the settings anew, by SIGHUP, which Windows does not have.

    SIGHUP means also that the terminal is gone from which the bot was started: that is a request to stop.
    """

    def __init__(self, shutdown: Shutdown) -> None:
        self._shutdown = shutdown
        self._requested = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._has_terminal = sys.stdin is not None and sys.stdin.isatty()

    def listen(self) -> None:
        """Install the signal handler."""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._signalled)

    async def next(self) -> None:
        """Wait for a request; those that come meanwhile are one."""
        await self._requested.wait()
        self._requested.clear()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        if self._has_terminal and _terminal_is_gone():
            self._shutdown.request(number, frame)
            return
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._requested.set)


def end_soon(code: int, *, within_s: float = math.inf) -> None:
    """End the process in `END_S`, or `within_s` if that is less: nothing that is left has to be finished.

    Closing the loop waits for lookups in DNS, which cannot be cancelled and may take minutes. uvloop waits outside
    of Python, where the main thread handles no alarm, hence a thread.
    """
    ending = threading.Timer(max(0.0, min(END_S, within_s)), _exit, (code,))
    ending.daemon = True
    ending.start()


def _terminal_is_gone() -> bool:
    try:
        os.tcgetpgrp(0)
    except OSError:
        return True
    return False


def _end_process() -> None:
    # In a thread, since writing to the log may be what hangs.
    logging_thread = threading.Thread(target=log.warning, args=("shutdown_timed_out",), daemon=True)
    with contextlib.suppress(RuntimeError):
        logging_thread.start()
        logging_thread.join(LOG_S)
    os._exit(0)


def _exit(code: int) -> NoReturn:
    """End now. The child processes see their pipes close; the next start finishes what was interrupted."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(RuntimeError, OSError):  # the signal interrupted a write
            stream.flush()
    os._exit(code)


async def together(*steps: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run steps concurrently and return their results; the first failure cancels the others and is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
