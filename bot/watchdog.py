"""Ends a process whose event loop is blocked, so that its supervisor restarts it.

Two conditions, neither of which a busy machine, SIGSTOP, a suspended laptop or a debugger can meet:

- The main thread has spent `CPU_S` of processor time in one step of the loop. A timer of processor time (SIGVTALRM)
  checks this; its handler also runs during a regular expression, which blocks every other thread.
- A thread has sampled the main thread `SAMPLES` times, `SAMPLE_S` apart, and found the same line each time.

A loop that is blocked for a shorter time is logged with the frames that block it (`loop_slow`).

The kernel ends code in C that never lets Python's handlers run, without a log line, after `KERNEL_CPU_S` (SIGPROF).
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

CPU_CHECK_S = 1.0
SAMPLE_S = 1.0
SAMPLES = 30
KERNEL_CPU_S = 60.0
"""Processor time of the whole process, which may draw formulas in other threads at the same time."""

LOG_S = 1.0
"""A full pipe blocks the log; the process ends without the line then."""

SLOW_SAMPLES = 3
"""So many samples without a beat of the loop are logged: it was blocked for at least two seconds."""

SLOW_AGAIN_S = 60.0
"""Between two such log lines; the metric of the lag counts each time."""

FRAMES = 12


class Watchdog:
    """Watches the running loop while entered; enter and leave in the main thread."""

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
            signal.signal(signal.SIGVTALRM, self._check_cpu)
            signal.siginterrupt(signal.SIGVTALRM, False)
            signal.setitimer(signal.ITIMER_VIRTUAL, CPU_CHECK_S, CPU_CHECK_S)
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

    def _check_cpu(self, _: int, frame: FrameType | None) -> None:
        """End the process if one step has taken too much processor time; runs in the main thread."""
        blocked_s = time.thread_time() - self._cpu_s
        if blocked_s > CPU_S and not _debugged(frame):
            _end(frame, "processor_s", blocked_s)

    def _watch(self) -> None:
        seen: tuple[object, ...] = ()
        samples = 0
        slow = _SlowLoop()
        while not self._stopped.wait(SAMPLE_S):
            frame = sys._current_frames().get(self._main)
            now = (self._beats, *((frame.f_code, frame.f_lineno) if frame else ()))
            samples = samples + 1 if now == seen else 0
            seen = now
            slow.sampled(self._beats, frame)
            if samples >= SAMPLES and not _debugged(frame):
                _end(frame, "seconds", samples * SAMPLE_S)


class _SlowLoop:
    """Logs a loop that is blocked for some seconds, once for each time, and rarely."""

    def __init__(self) -> None:
        self._beats = 0
        self._samples = 0
        self._logged_s = -SLOW_AGAIN_S

    def sampled(self, beats: int, frame: FrameType | None) -> None:
        """Note a sample of the main thread; a time in which the process was stopped is one sample."""
        self._samples = self._samples + 1 if beats == self._beats else 0
        self._beats = beats
        now_s = time.monotonic()
        if self._samples == SLOW_SAMPLES and now_s - self._logged_s >= SLOW_AGAIN_S and not _debugged(frame):
            self._logged_s = now_s
            # In a thread, as for the last line: the log may be what hangs.
            threading.Thread(target=_log_slow, args=(describe(frame),), daemon=True).start()


def _log_slow(frames: str) -> None:
    log.warning(
        "loop_slow",
        frames=frames,
        seconds=SLOW_SAMPLES * SAMPLE_S,
        hint="everything waited; this is a bug, or the host is too busy",
    )


def describe(frame: FrameType | None) -> str:
    """Name the innermost frames by file, line and function, without any value."""
    lines: list[str] = []
    while frame is not None and len(lines) < FRAMES:
        file = "/".join(Path(frame.f_code.co_filename).parts[-3:])
        lines.append(f"{file}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return " < ".join(lines)


def _debugged(frame: FrameType | None) -> bool:
    """Return whether a debugger may have stopped the thread: it traces the frames, or its own frames are there."""
    while frame is not None:
        if frame.f_trace is not None or frame.f_globals.get("__name__") in ("bdb", "pdb"):
            return True
        frame = frame.f_back
    return False


def _end(frame: FrameType | None, unit: str, blocked: float) -> NoReturn:
    """Log what blocked the loop, in a thread, since the log may be what hangs; then end the process."""
    logging_thread = threading.Thread(target=_log, args=(describe(frame), unit, blocked), daemon=True)
    with contextlib.suppress(RuntimeError):  # no thread can be started
        logging_thread.start()
        logging_thread.join(LOG_S)
    os._exit(Exit.LOOP_BLOCKED)


def _log(frames: str, unit: str, blocked: float) -> None:
    log.critical(
        "loop_blocked", frames=frames, **{unit: round(blocked, 1)}, hint="please report these frames"
    )
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
