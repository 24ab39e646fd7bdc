"""The line that stands in the place of a reply during a long phase that gives no text."""

from __future__ import annotations

import asyncio

from bot.render.writer import Writer

STATUS_AFTER_S = 4.0
"""Most replies begin within two seconds, and until then Discord shows that the bot is typing; who waits for longer
wonders. A message that comes before the line is shown can still join the turn, one after it cannot."""


class StatusLine:
    """Shows what goes on, from some time after the beginning on; each line at most once, so that none flickers."""

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._line = ""
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_at_s: float | None = None
        self._shown: set[str] = set()

    def begin(self, writer: Writer) -> None:
        """Show it by this writer from now on; the time runs from the first one on."""
        self._writer = writer
        loop = asyncio.get_running_loop()
        if self._due_at_s is None:
            self._due_at_s = loop.time() + STATUS_AFTER_S
        if self._timer is None:
            self._timer = loop.call_at(self._due_at_s, self._come_due)
        self._show()

    def tell(self, line: str) -> None:
        """Note what goes on."""
        if line not in self._shown:
            self._line = line
            self._show()

    def end(self) -> None:
        """Show nothing more."""
        self._writer = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _come_due(self) -> None:
        self._due = True
        self._show()

    def _show(self) -> None:
        if self._due and self._line and self._writer is not None:
            self._shown.add(self._line)
            self._writer.show_status(self._line)
