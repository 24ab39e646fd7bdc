"""The received text of a reply that is not restyled yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bot.render.restyle.output import Output


class Line(NamedTuple):
    """A line up to `end`; the next begins at `after`. A line that is not `ended` may grow."""

    text: str
    end: int
    after: int
    ended: bool


@dataclass(slots=True)
class Source:
    """The reply from position `at` in `text` on; restyled text goes to `out`."""

    out: Output
    text: str = ""
    at: int = 0
    # Whether the reply is complete.
    final: bool = False

    def push(self, delta: str) -> None:
        """Append a delta and discard restyled text."""
        self.text = self.text[self.at :] + delta
        self.at = 0

    def line(self, at: int) -> Line:
        """The line that begins at a position."""
        newline = self.text.find("\n", at)
        if newline < 0:
            end = len(self.text)
            return Line(self.text[at:], end, end, self.final)
        return Line(self.text[at:newline], newline, newline + 1, ended=True)

    def take(self, text: str, after: int) -> None:
        """Write the text that replaces the source up to `after`."""
        self.out.put(text, after - self.at)
        self.at = after

    def end_line(self, line: Line) -> None:
        """Take the line break, if it has come, after a line that was taken as a whole."""
        if line.end < line.after:
            self.take("\n", line.after)
