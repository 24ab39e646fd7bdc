"""The permission to write a reply, which depends on the lease of the conversation."""

from __future__ import annotations

from collections.abc import Callable

from bot.conversation.errors import Fenced

# The lease is renewed every few seconds, so more frequent checks are of no use.
ASK_EVERY_S = 0.2
# Longer than any lease: after so long the lease is lost.
PATIENCE_S = 20.0


class Permit:
    """Checks `may_write` before each call and measures how long it has been refused."""

    def __init__(self, may_write: Callable[[], bool]) -> None:
        self._may_write = may_write
        self._refused_at_s: float | None = None

    def granted(self, now_s: float) -> bool:
        """Whether a call may be made; Fenced if none may be for longer than PATIENCE_S."""
        if self._may_write():
            self._refused_at_s = None
            return True
        if self._refused_at_s is None:
            self._refused_at_s = now_s
        if now_s - self._refused_at_s > PATIENCE_S:
            raise Fenced
        return False
