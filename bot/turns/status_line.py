"""The line that is shown in place of a reply during a long phase without text."""

from __future__ import annotations

import asyncio

from bot.render.writer import Writer

STATUS_AFTER_S = 4.0
"""Most replies begin within 2 s, and Discord shows the typing indicator until then. A message that arrives before the
line is shown can still join the turn, a later one cannot."""


class StatusLine:
    """Shows the phase of a generation after `STATUS_AFTER_S`; each line at most once, so that no line flickers."""

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._line = ""
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._due_at_s: float | None = None
        self._shown: set[str] = set()

    def attach(self, writer: Writer) -> None:
        """Show lines by this writer from now on; the time counts from the first writer."""
        self._writer = writer
        loop = asyncio.get_running_loop()
        if self._due_at_s is None:
            self._due_at_s = loop.time() + STATUS_AFTER_S
        if self._timer is None:
            self._timer = loop.call_at(self._due_at_s, self._come_due)
        self._update()

    def show(self, line: str) -> None:
        """Set the line of the current phase."""
        if line not in self._shown:
            self._line = line
            self._update()

    def detach(self) -> None:
        """Show no more lines."""
        self._writer = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _come_due(self) -> None:
        self._due = True
        self._update()

    def _update(self) -> None:
        if self._due and self._line and self._writer is not None:
            self._shown.add(self._line)
            self._writer.show_status(self._line)
