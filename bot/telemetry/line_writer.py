"""Writes the lines of the log, those of the same moment together: a write wakes up whoever reads the log."""

from __future__ import annotations

import asyncio
import logging
from typing import TextIO


class LineWriter(logging.StreamHandler[TextIO]):
    """Gathers lines below WARNING while a loop runs; other lines are written at once, with those that wait."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._may_wait = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; called under the handler's lock."""
        self._may_wait = record.levelno < logging.WARNING
        super().emit(record)
        self._may_wait = False

    def flush(self) -> None:
        """Hand the lines over to the system, unless they may wait."""
        loop = _running_loop() if self._may_wait else None
        if loop is None:
            super().flush()
        elif loop is not self._loop:
            self._loop = loop
            loop.call_soon(self._write)  # with what else this turn of the loop logs

    def _write(self) -> None:
        self._loop = None
        self.flush()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the loop of this thread; other threads than the loop's may log as well."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
