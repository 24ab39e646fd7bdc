"""Ends a process whose event loop no longer runs, so that whoever supervises it starts it anew.

Two measures, neither of which a busy machine, SIGSTOP, a suspended laptop or a debugger can reach:

- The main thread has spent `CPU_S` of processor time within one step of the loop. A timer of processor time asks
  (SIGVTALRM); its handler also runs in the middle of a regular expression, which lets no other thread run.
- A thread has looked `LOOKS` times, `LOOK_S` apart, and found the main thread in the same line each time.

Code in C that never lets Python's handlers run is ended by the kernel, without words, after `KERNEL_CPU_S` (SIGPROF).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn, Self

import structlog

from bot.config import Exit

log = structlog.get_logger()

BEAT_S = 1.0
CPU_S = 10.0
"""The longest step known takes less than a second."""

CPU_LOOK_S = 1.0
LOOK_S = 1.0
LOOKS = 30
KERNEL_CPU_S = 60.0
"""Of the whole process, which may draw formulas in other threads meanwhile."""

LOG_S = 1.0
"""A log that nobody reads takes no further line; the process ends without it."""

FRAMES = 12


class Watchdog:
    """Watches the running loop from entering to leaving; both must happen in the main thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._main = threading.get_ident()
        self._beats = 0
        self._cpu_s = time.thread_time()
        self._stopped = threading.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        if hasattr(signal, "setitimer"):  # not on Windows
            signal.signal(signal.SIGVTALRM, self._asked)
            signal.siginterrupt(signal.SIGVTALRM, False)
            signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LOOK_S, CPU_LOOK_S)
        self._beat()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._stopped.set()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _beat(self) -> None:
        self._beats += 1
        self._cpu_s = time.thread_time()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, KERNEL_CPU_S)
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def _asked(self, _: int, frame: FrameType | None) -> None:
        """Compare processor times; runs in the main thread, between two steps of whatever holds it."""
        held_s = time.thread_time() - self._cpu_s
        if held_s > CPU_S and not _debugged(frame):
            _end(frame, "processor_s", held_s)

    def _watch(self) -> None:
        seen: tuple[object, ...] = ()
        looks = 0
        while not self._stopped.wait(LOOK_S):
            frame = sys._current_frames().get(self._main)
            now = (self._beats, *((frame.f_code, frame.f_lineno) if frame else ()))
            looks = looks + 1 if now == seen else 0
            seen = now
            if looks >= LOOKS and not _debugged(frame):
                _end(frame, "seconds", looks * LOOK_S)


def describe(frame: FrameType | None) -> str:
    """Name the innermost frames by file, line and function, without any value."""
    places: list[str] = []
    while frame is not None and len(places) < FRAMES:
        file = "/".join(Path(frame.f_code.co_filename).parts[-3:])
        places.append(f"{file}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(places)


def _debugged(frame: FrameType | None) -> bool:
    """Whether a debugger may be holding the thread: it traces the frames, or its own are among them."""
    while frame is not None:
        if frame.f_trace is not None or frame.f_globals.get("__name__") in ("bdb", "pdb"):
            return True
        frame = frame.f_back
    return False


def _end(frame: FrameType | None, unit: str, held: float) -> NoReturn:
    """Log what held the loop, and end. In a thread of its own, since the log itself may be what hangs."""
    told = threading.Thread(target=_tell, args=(describe(frame), unit, held), daemon=True)
    with contextlib.suppress(RuntimeError):  # no thread to be had
        told.start()
        told.join(LOG_S)
    os._exit(Exit.LOOP_HELD)


def _tell(frames: str, unit: str, held: float) -> None:
    log.critical("loop_held", frames=frames, **{unit: round(held, 1)}, hint="please report these frames")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
