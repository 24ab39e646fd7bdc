"""The paragraphs of a text, and the inline markers that are open in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.inline import scan_inline
from bot.render.lines import Kind, Line
from bot.render.open_markers import OpenMarkers
from bot.render.open_markup import OpenMarkup, continues


@dataclass(slots=True)
class _Paragraph:
    start: int
    end: int
    ended: bool
    markers: OpenMarkers | None = None


class Paragraphs:
    """The paragraphs of `text`, which begins in `markup`; each line is named by its index in `lines`."""

    def __init__(self, text: str, lines: Sequence[Line], markup: OpenMarkup) -> None:
        self._text = text
        self._markup = markup
        self._of: dict[int, _Paragraph] = {}
        current: _Paragraph | None = None
        for index, line in enumerate(lines):
            if line.kind in (Kind.BLANK, Kind.OPEN, Kind.CODE, Kind.CLOSE):
                current = None
                continue
            if current is None or not continues(line, lines[index - 1]):
                current = _Paragraph(line.start, line.end, ended=True)
            current.end = line.end
            self._of[index] = current
        if current is not None:
            current.ended = False

    def __contains__(self, index: int) -> bool:
        return index in self._of

    def go_on(self, index: int) -> bool:
        """Whether a line continues the paragraph of the line before."""
        return index - 1 in self._of and self._of.get(index) is self._of[index - 1]

    def open_at(self, index: int, position: int) -> tuple[str, ...] | None:
        """The markers open at a position, outermost first; None inside a link or a marker."""
        paragraph = self._of.get(index)
        return () if paragraph is None else self._markers(paragraph).at(position)

    def ends_pair(self, index: int, end: int) -> bool:
        """Whether a pair of markers ends at a position."""
        return self._markers(self._of[index]).ends_pair(end)

    def _markers(self, paragraph: _Paragraph) -> OpenMarkers:
        if paragraph.markers is None:
            before = self._markup.markers if paragraph.start == 0 else ()
            paragraph.markers = OpenMarkers(
                scan_inline(self._text, paragraph.start, paragraph.end, before, ended=paragraph.ended)
            )
        return paragraph.markers
