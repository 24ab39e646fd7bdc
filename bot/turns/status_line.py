"""The line that is shown below the text of a reply so far during a long phase without text."""

from __future__ import annotations

import asyncio

from bot.render.writer import Writer

STATUS_AFTER_S = 4.0
"""Most replies begin within 2 s, and Discord shows the typing indicator until then. A message that arrives before the
line is shown can still join the turn, a later one cannot."""


class StatusLine:
    """Shows the phase of a generation after `STATUS_AFTER_S` without text.

    Each line is shown at most once until text comes, so that no line flickers.
    """

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._line = ""
        self._timer: asyncio.TimerHandle | None = None
        self._quiet_since_s: float | None = None
        self._shown: set[str] = set()

    def attach(self, writer: Writer) -> None:
        """Show lines by this writer from now on; the time counts from the first writer."""
        self._writer = writer
        if self._quiet_since_s is None:
            self._quiet_since_s = asyncio.get_running_loop().time()
        self._update()

    def show(self, line: str) -> None:
        """Set the line of the current phase."""
        if line not in self._shown:
            self._line = line
            self._update()

    def text_came(self) -> None:
        """Begin the time anew: the phase is over."""
        self._line = ""
        self._shown.clear()
        self._quiet_since_s = asyncio.get_running_loop().time()

    def detach(self) -> None:
        """Show no more lines."""
        self._writer = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _come_due(self) -> None:
        self._timer = None
        self._update()

    def _update(self) -> None:
        if not self._line or self._writer is None or self._quiet_since_s is None:
            return
        loop = asyncio.get_running_loop()
        due_s = self._quiet_since_s + STATUS_AFTER_S
        if loop.time() < due_s:
            if self._timer is None:
                self._timer = loop.call_at(due_s, self._come_due)
            return
        self._shown.add(self._line)
        self._writer.show_status(self._line)
