"""Waiting for replicas: a write that they hold outlives the failure of its primary."""

from __future__ import annotations

import structlog

log = structlog.get_logger()

SHORT_MS = 20
"""While replicas are missing, waiting in full for each write would only make every turn late."""


class Replicas:
    """How many replicas to wait for, and how long. WAIT says how many hold the write; it takes nothing back."""

    def __init__(self, wanted: int, *, most_ms: int) -> None:
        self.wanted = wanted
        self._most_ms = most_ms
        self._missing = False

    @property
    def command(self) -> tuple[str | int, ...]:
        """The command to send behind a write, on the same connection."""
        return ("WAIT", self.wanted, SHORT_MS if self._missing else self._most_ms)

    def note(self, answered: int) -> None:
        """Note how many replicas hold the write; says once that some are missing, and once that they are back."""
        missing = answered < self.wanted
        if missing and not self._missing:
            log.warning("replicas_missing", wanted=self.wanted, found=answered)
        elif self._missing and not missing:
            log.info("replicas_back", found=answered)
        self._missing = missing
