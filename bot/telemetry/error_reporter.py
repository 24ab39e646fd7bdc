"""Reports errors of the log to Sentry, or to another server of its protocol, from a thread of its own.

The protocol is one POST for each event (Sentry, "Envelopes"); its SDK, which collects values of variables and texts
unless each is switched off, is not used.
"""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import structlog

from bot.config.sentry_dsn import Dsn
from bot.conversation.errors import StartError
from bot.telemetry.error_event import event_of, key_of
from bot.telemetry.push import Pushed, push
from bot.version import version

log = structlog.get_logger()

QUEUED_MAX = 20
SAME_AGAIN_S = 60.0
"""An error that repeats is reported once a minute."""

KEYS_MAX = 1000
CLOSE_S = 2.0
"""The shutdown waits no longer for reports that are under way."""

PAUSE_S = 60.0
"""After a 429 without a time."""

TOO_MANY_REQUESTS = 429

Send = Callable[[bytes], Pushed]


class ErrorReporter(logging.Handler):
    """Reports while entered; the newest events are left out where there are too many."""

    def __init__(self, send: Send, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.ERROR)
        self._send = send
        self._clock = clock
        self._release = f"bobbin@{version()}"
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(QUEUED_MAX)
        self._reported: dict[str, float] = {}
        self._not_before_s = 0.0
        self._has_failed = False
        self._thread = threading.Thread(target=self._run, name="error-reporter", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        logging.getLogger().addHandler(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Report what ends the process, and wait a moment for reports that are under way."""
        logging.getLogger().removeHandler(self)
        if isinstance(error, Exception) and not isinstance(error, StartError):
            record = logging.LogRecord("bot", logging.CRITICAL, "", 0, "unhandled_exception", None, None)
            record.exc_info = (type(error), error, error.__traceback__)
            self.emit(record)
        try:
            self._queue.put(None, timeout=CLOSE_S)
        except queue.Full:
            return
        self._thread.join(CLOSE_S)

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record; never waits, and never raises."""
        try:
            event = event_of(record, self._release)
            key, now_s = key_of(event), self._clock()
            if now_s - self._reported.get(key, -SAME_AGAIN_S) < SAME_AGAIN_S:
                return
            if len(self._reported) >= KEYS_MAX:
                self._reported.clear()
            self._reported[key] = now_s
            self._queue.put_nowait(event)
        except Exception:  # noqa: BLE001 - an error in here would be logged, and reported
            return

    def drained(self) -> None:
        """Wait until what is queued was reported."""
        self._queue.join()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            if self._clock() >= self._not_before_s:
                self._report(event)
            self._queue.task_done()

    def _report(self, event: dict[str, Any]) -> None:
        result = self._send(envelope(event))
        if result.status == TOO_MANY_REQUESTS:
            wait = result.retry_after
            self._not_before_s = self._clock() + (float(wait) if wait.isdecimal() else PAUSE_S)
        if not result.is_done and not self._has_failed:
            log.warning(
                "error_report_failed", problem=result.problem, hint="telemetry.sentry_dsn: is it right?"
            )
        elif result.is_done and self._has_failed:
            log.info("error_report_restored")
        self._has_failed = not result.is_done


def envelope(event: dict[str, Any]) -> bytes:
    """Return an event as the protocol has it: three lines of JSON."""
    lines = ({"event_id": event["event_id"]}, {"type": "event"}, event)
    return "\n".join(map(json.dumps, lines)).encode() + b"\n"


def sender(dsn: Dsn, *, private: bool) -> Send:
    """Return what posts an envelope; called in the reporter's thread, which has no event loop."""
    headers = {
        "Content-Type": "application/x-sentry-envelope",
        "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={dsn.key}, sentry_client=bobbin/{version()}",
    }

    def send(body: bytes) -> Pushed:
        return asyncio.run(push(dsn.envelope_url, private=private, body=body, headers=headers))

    return send
