"""Write restyled lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class LineWriter:
    """Writes lines to `put(text, taken)`; `taken` counts the characters of the source.

    The marker of an HTML element is written before the element's first text, and not at all if the element is empty.
    All elements end with their line.
    """

    put: Callable[[str, int], None]
    # Is called with the text that is written.
    add_text: Callable[[str], None] = lambda _: None
    # Separates two lines of the same block: a line break and quote marks.
    line_break: str = "\n"
    # Whether the line shows text so far, and whether text of it was left out.
    shows: bool = False
    dropped: bool = False
    # Whether the line is an item of a list or a cell, which is visible even without text.
    item: bool = False
    # The open elements with their markers, and the markers of the innermost elements that are not written yet.
    _open: list[tuple[str, str]] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    # Whether the next text in the line is another block.
    _parts: bool = False

    @property
    def begins(self) -> bool:
        """Whether the line is still empty."""
        return not self.shows and not self.item

    def begin_line(self, line_break: str, *, shows: bool, item: bool) -> None:
        """Begin a line."""
        self.line_break, self.shows, self.item = line_break, shows, item

    def write(self, text: str, taken: int) -> None:
        """Write the text that replaces `taken` characters."""
        if (self._parts or self._waiting) and len(text) == taken:
            blanks = len(text) - len(text.lstrip())
            self.put("" if self._parts else text[:blanks], blanks)
            text, taken = text[blanks:], taken - blanks
            if not text:
                return
        self.lead_in(shows=bool(text.strip()))
        self.put(text, taken)
        self.add_text(text)

    def lead_in(self, *, shows: bool = True) -> None:
        """Write the line break and the markers due before the next text, which is visible (`shows`) or blank."""
        if self._parts:
            self._parts = False
            self.put(self.line_break, 0)
        if self._waiting and shows:
            self.put("".join(self._waiting), 0)
            self._waiting.clear()
        self.shows = self.shows or shows

    def drop(self, taken: int) -> None:
        """Leave out `taken` characters."""
        self.dropped = True
        self.put("", taken)

    def part(self) -> None:
        """Begin a block with the next text."""
        self._parts = self._parts or self.shows

    def open(self, name: str, marker: str, taken: int) -> None:
        """Open an element that a pair of markers shows; a marker within itself is not written."""
        self.drop(taken)
        marker = "" if any(marker == other for _, other in self._open) else marker
        self._open.append((name, marker))
        self._waiting.append(marker)

    def close(self, name: str, taken: int) -> None:
        """Close the innermost element of this name and all elements within it, if there is one."""
        self.dropped = True
        markers = ""
        if any(name == other for other, _ in self._open):
            other = ""
            while other != name:
                other, marker = self._open.pop()
                if self._waiting:
                    self._waiting.pop()
                else:
                    markers += marker
        self.put(markers, taken)

    def end_line(self) -> None:
        """End the line and close its elements."""
        markers = "".join(marker for _, marker in reversed(self._open))
        waiting = sum(len(marker) for marker in self._waiting)
        self._open.clear()
        self._waiting.clear()
        self.put(markers[waiting:], 0)
        self.shows = self.dropped = self.item = self._parts = False
