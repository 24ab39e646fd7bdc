"""Log lines of a library that repeat: the first one passes, and then one every ten minutes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

AGAIN_S = 600.0


class FirstFailure(logging.Filter):
    """Filters the records of a library's loggers on the handlers of the root logger; `hint` is added to them."""

    def __init__(self, library: str, clock: Callable[[], float] = time.monotonic, *, hint: str = "") -> None:
        super().__init__()
        self._library = library
        self._hint = hint
        self._clock = clock
        self._passed_s = -AGAIN_S

    @classmethod
    def of(cls, library: str, *, hint: str = "") -> FirstFailure:
        """Filter on all handlers that are there."""
        found = cls(library, hint=hint)
        for handler in logging.getLogger().handlers:
            handler.addFilter(found)
        return found

    def remove(self) -> None:
        """Filter no more."""
        for handler in logging.getLogger().handlers:
            handler.removeFilter(self)

    def reset(self) -> None:
        """Pass the next line at once: the failure of the one before is over."""
        self._passed_s = -AGAIN_S

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass other records, and one of the library's every `AGAIN_S`."""
        if record.name != self._library and not record.name.startswith(f"{self._library}."):
            return True
        now_s = self._clock()
        if now_s - self._passed_s < AGAIN_S:
            return False
        self._passed_s = now_s
        if self._hint:
            record.msg, record.args = f"{record.getMessage()} ({self._hint})", ()
        return True
