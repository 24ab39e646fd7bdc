"""What of a reply has come and is not restyled yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bot.render.restyle.output import Output


class Line(NamedTuple):
    """A line that may still grow: it ends at `end`, and the next begins at `after`; `ended` if it is all there."""

    text: str
    end: int
    after: int
    ended: bool


@dataclass(slots=True)
class Source:
    """The reply from the place `at` in `text` on; what each part of it becomes goes to `out`."""

    out: Output
    text: str = ""
    at: int = 0
    # Whether the reply is all there.
    final: bool = False

    def push(self, delta: str) -> None:
        """Take more of it, and forget what is restyled."""
        self.text = self.text[self.at :] + delta
        self.at = 0

    def line(self, at: int) -> Line:
        """The line that begins at a place."""
        newline = self.text.find("\n", at)
        if newline < 0:
            end = len(self.text)
            return Line(self.text[at:], end, end, self.final)
        return Line(self.text[at:newline], newline, newline + 1, ended=True)

    def take(self, text: str, after: int) -> None:
        """Write what it became up to `after`."""
        self.out.put(text, after - self.at)
        self.at = after

    def end_line(self, line: Line) -> None:
        """Take the line break, if it has come, after a line that was taken as a whole."""
        if line.end < line.after:
            self.take("\n", line.after)
