"""The pen that writes one restyled line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Pen:
    """Writes one line after the other to `put(text, taken)`, `taken` being how much of the source it was.

    A marker is not written before there is text behind it, and not at all if there is none, so that nothing of
    an empty element shows. Nothing of a line stays open beyond it.
    """

    put: Callable[[str, int], None]
    # Is told what is written as text.
    add_text: Callable[[str], None] = lambda _: None
    # What separates two lines of the same block: a line break, and the marks of the quote.
    line_break: str = "\n"
    # Whether the line shows something so far, and whether something of it was left out.
    shows: bool = False
    dropped: bool = False
    # Whether the line is an item of a list, or a cell: then it shows something.
    item: bool = False
    # The elements that are open, each with its marker, and the markers of the innermost that are not written yet.
    _open: list[tuple[str, str]] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    # Whether what comes next in the line is another block.
    _parts: bool = False

    @property
    def begins(self) -> bool:
        """Whether nothing stands in the line yet."""
        return not self.shows and not self.item

    def begin_line(self, line_break: str, *, shows: bool, item: bool) -> None:
        """Another line begins."""
        self.line_break, self.shows, self.item = line_break, shows, item

    def write(self, text: str, taken: int) -> None:
        """Write what `taken` characters became."""
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
        """Write what must stand before the next text, which `shows` something or is blank."""
        if self._parts:
            self._parts = False
            self.put(self.line_break, 0)
        if self._waiting and shows:
            self.put("".join(self._waiting), 0)
            self._waiting.clear()
        self.shows = self.shows or shows

    def drop(self, taken: int) -> None:
        """Leave something out."""
        self.dropped = True
        self.put("", taken)

    def part(self) -> None:
        """What comes next is a block of its own."""
        self._parts = self._parts or self.shows

    def open(self, name: str, marker: str, taken: int) -> None:
        """An element begins whose text stands between two of the marker; it means nothing within itself."""
        self.drop(taken)
        marker = "" if any(marker == other for _, other in self._open) else marker
        self._open.append((name, marker))
        self._waiting.append(marker)

    def close(self, name: str, taken: int) -> None:
        """The innermost element of this name ends, and all within it; nothing happens if there is none."""
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
        """The line is over."""
        markers = "".join(marker for _, marker in reversed(self._open))
        waiting = sum(len(marker) for marker in self._waiting)
        self._open.clear()
        self._waiting.clear()
        self.put(markers[waiting:], 0)
        self.shows = self.dropped = self.item = self._parts = False
