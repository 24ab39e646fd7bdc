"""Where a text that does not fit into one message is best cut."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, auto

from bot.render.context import Context, continues, read_message
from bot.render.grapheme import Graphemes
from bot.render.inline import scan_inline
from bot.render.lines import Kind, Line, ShownText, seems_to_open
from bot.render.measure import first_visible, fitting, units
from bot.render.open_markers import OpenMarkers

# What a line might turn into if it began here.
_BLOCK_START = re.compile(r"#|>|[-+*](?:\s|#)|\d{1,9}[.)]|```|~~~|\|")
_BLOCK_START_MAX_CHARS = 12
_BLANKS = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…؟।։።]['\"”’»)\]*_~|]*(?=\s)|[。！？｡]['\"”’»」』）)\]*_~|]*")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:\w|\d+|[Ee]\.g|[Ii]\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|St|No)$")
# Between kana and Han, which are written without blanks, and not before what must not begin a line.
_UNSPACED = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_GAP = re.compile(
    rf"(?<=[{_UNSPACED}、，：；])(?=[{_UNSPACED}])(?![ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々])"
)
_DELIMITERS = "*_~|`"
# How far back a cut of last resort looks for a place that tears nothing, in characters.
_SEARCH_BACK_CHARS = 400


class Rank(IntEnum):
    """Kinds of places, best first."""

    BLOCK = auto()
    ITEM = auto()
    GAP_IN_CODE = auto()
    LINE = auto()
    PAUSE_IN_CODE = auto()
    LINE_OF_CODE = auto()
    INDENTED = auto()
    SENTENCE = auto()
    WORD = auto()


# What is tried in turn: the worst kind of place, how full the message must be at least (a better kind is
# worth half a message, but no stub), and whether inline markers may be open there.
_TRIES = (
    (Rank.BLOCK, 0.5, False),
    (Rank.INDENTED, 0.5, False),
    (Rank.SENTENCE, 0.5, False),
    (Rank.INDENTED, 0.25, False),
    (Rank.WORD, 0.25, False),
    (Rank.WORD, 0.25, True),
    (Rank.WORD, 0.0, True),
)


@dataclass(frozen=True, slots=True)
class Cut:
    """The message holds `text[:end]` and `closing`; the next one begins at `resume`, in `context`."""

    end: int
    resume: int
    closing: str
    context: Context


@dataclass(slots=True)
class _Paragraph:
    start: int
    end: int
    ended: bool
    markers: OpenMarkers | None = None


def cut(window: str, context: Context, room: int) -> Cut:
    """Cut a message's own text, of which `window` is too much, so that `room` units hold what is shown."""
    return _Cutter(window, context, room - units(context.opening)).best()


@dataclass(slots=True)
class _Cutter:
    text: str
    context: Context
    room: int
    top: int = 0
    lines: list[Line] = field(default_factory=list)
    paragraphs: dict[int, _Paragraph] = field(default_factory=dict)
    # Found once, for a message may have as many places as characters: where it first shows something, and how much of
    # it fits beside what closes it.
    visible_at: int = 0
    fits: dict[int, int] = field(default_factory=dict)
    shown: ShownText = field(init=False)
    graphemes: Graphemes = field(init=False)

    def best(self) -> Cut:
        self.shown = ShownText(self.text)
        self.graphemes = Graphemes(self.text)
        self.top = max(1, min(fitting(self.text, self.room), len(self.text) - 1))
        self.visible_at = first_visible(self.text)
        self.lines, _ = read_message(self.text, self.context, whole=True)
        self._find_paragraphs()
        # Places in the first half of the message are only looked for where the second half has none.
        places: list[tuple[Rank, Cut]] = []
        between = within = float(len(self.text) + 1)
        for worst, full, open_markers in _TRIES:
            least = full * self.top
            places.extend(self._between_lines(least, between))
            between = min(between, least)
            if worst >= Rank.SENTENCE:
                places.extend(self._within_lines(least, within))
                within = min(within, least)
            found = self._last(places, worst, least, open_markers=open_markers)
            if found is not None:
                return found
        return self._anywhere()

    def _last(
        self, places: list[tuple[Rank, Cut]], worst: Rank, least: float, *, open_markers: bool
    ) -> Cut | None:
        """The furthest of the best-ranked places, no worse than `worst` and no nearer than `least`."""
        best: tuple[Rank, Cut] | None = None
        for rank, place in places:
            if rank > worst or place.end < least or (place.context.markers and not open_markers):
                continue
            if best is None or (rank, -place.end) < (best[0], -best[1].end):
                best = (rank, place)
        return best[1] if best else None

    def _place(self, end: int, resume: int, closing: str, context: Context) -> Cut | None:
        """The cut, if it fits, goes on, and shows something; blanks at the end of a message do not show."""
        if context.fence is None:
            end = self.shown.end_before(end)
        if not self.visible_at < end <= min(self.top, self._fitting(units(closing))):
            return None
        return Cut(end, resume, closing, context)

    def _fitting(self, closing_units: int) -> int:
        if closing_units not in self.fits:
            self.fits[closing_units] = fitting(self.text, self.room - closing_units)
        return self.fits[closing_units]

    def _find_paragraphs(self) -> None:
        current: _Paragraph | None = None
        for index, line in enumerate(self.lines):
            if line.kind in (Kind.BLANK, Kind.OPEN, Kind.CODE, Kind.CLOSE):
                current = None
                continue
            if current is None or not continues(line, self.lines[index - 1]):
                current = _Paragraph(line.start, line.end, ended=True)
            current.end = line.end
            self.paragraphs[index] = current
        if current is not None:
            current.ended = False

    def _markers(self, paragraph: _Paragraph) -> OpenMarkers:
        if paragraph.markers is None:
            before = self.context.markers if paragraph.start == 0 else ()
            paragraph.markers = OpenMarkers(
                scan_inline(self.text, paragraph.start, paragraph.end, before, ended=paragraph.ended)
            )
        return paragraph.markers

    def _open_at(self, index: int, place: int) -> tuple[str, ...] | None:
        """The markers open at a place of a line's paragraph, outermost first; None inside of a piece."""
        paragraph = self.paragraphs.get(index)
        return () if paragraph is None else self._markers(paragraph).at(place)

    def _between_lines(self, first: float, behind: float) -> Iterator[tuple[Rank, Cut]]:
        """The places before the lines that start at `first` or later, and before `behind`."""
        before: Line | None = None
        for index, line in enumerate(self.lines):
            if line.kind is Kind.BLANK:
                continue
            if before is not None and first <= line.start < behind:
                if line.kind is Kind.CODE:
                    yield from self._before_code(index, line)
                elif line.kind is not Kind.CLOSE:
                    yield from self._before_text(index, line, before)
            before = line

    def _before_code(self, index: int, line: Line) -> Iterator[tuple[Rank, Cut]]:
        before = self.lines[index - 1]
        if line.fence is None or before.kind is not Kind.CODE or _is_empty(line):
            return
        place = self._place(line.start - 1, line.start, line.fence.closing, Context(fence=line.fence))
        if place is not None:
            rank = Rank.LINE_OF_CODE
            if _is_empty(before):
                rank = Rank.GAP_IN_CODE if line.indent <= len(line.fence.lead) else Rank.PAUSE_IN_CODE
            yield rank, place

    def _before_text(self, index: int, line: Line, before: Line) -> Iterator[tuple[Rank, Cut]]:
        markers: tuple[str, ...] | None = ()
        if index - 1 in self.paragraphs and self.paragraphs.get(index) is self.paragraphs[index - 1]:
            markers = self._open_at(index, line.start)
        end = self.shown.end_before(line.start)
        if markers is None or (markers and line.depth) or self._garbles(index, markers, end, line.start):
            return
        closing = before.closing or "".join(reversed(markers))
        place = self._place(end, line.start, closing, Context(markers=markers))
        if place is not None:
            yield self._rank(index, line, before), place

    def _rank(self, index: int, line: Line, before: Line) -> Rank:
        if line.indent:
            return Rank.INDENTED  # Discord trims it, so a nested item would lose its level
        if before.kind is Kind.HEADING or self.text[before.start : before.end].rstrip().endswith((":", "：")):
            return Rank.LINE  # what leads on to the next block stays with it
        apart = self.lines[index - 1].kind in (Kind.BLANK, Kind.CLOSE)
        if apart or line.kind in (Kind.OPEN, Kind.HEADING):
            return Rank.BLOCK
        return Rank.ITEM if line.kind is Kind.ITEM else Rank.LINE

    def _within_lines(self, first: float, behind: float) -> Iterator[tuple[Rank, Cut]]:
        """The places in the lines that end at `first` or later, and before `behind`."""
        for index, line in enumerate(self.lines):
            if line.content >= self.top:
                return
            if not first <= line.end < behind:
                continue
            if line.kind is Kind.CODE:
                for blanks in _BLANKS.finditer(self.text, line.content + line.indent, line.end):
                    place = self._in_line(index, line, blanks.end(), blanks.end())
                    if place is not None:
                        yield Rank.WORD, place
            elif index in self.paragraphs:
                yield from self._within_text(index, line)

    def _within_text(self, index: int, line: Line) -> Iterator[tuple[Rank, Cut]]:
        start = line.content + 1
        for pattern, rank in (
            (_BLANKS, Rank.WORD),
            (_UNSPACED_GAP, Rank.WORD),
            (_SENTENCE_END, Rank.SENTENCE),
        ):
            for match in pattern.finditer(self.text, start, min(line.end, self.top + 2)):
                end, resume = match.span()
                if rank is Rank.SENTENCE:
                    if _ABBREVIATION.search(self.text[max(line.content, end - 8) : end]):
                        continue
                    end, blanks = resume, _BLANKS.match(self.text, resume, line.end)
                    resume = blanks.end() if blanks else resume
                place = self._in_line(index, line, end, resume)
                if place is not None and self.graphemes.is_boundary(place.end):
                    yield rank, place

    def _in_line(self, index: int, line: Line, end: int, resume: int, *, rough: bool = False) -> Cut | None:
        """A cut in the middle of a line; a `rough` one tears what must be torn."""
        rest = self.text[resume : min(resume + _BLOCK_START_MAX_CHARS, line.end)]
        if line.kind is Kind.CODE and line.fence is not None:
            if not rest or (not rough and rest[0] == line.fence.marker[0]):
                return None
            return self._place(end, resume, line.fence.closing, Context(fence=line.fence, broken=True))
        if not rough and (not rest or _BLOCK_START.match(rest) or seems_to_open(self.text, line.start, end)):
            return None
        unknown = len(rest) < _BLOCK_START_MAX_CHARS and resume + len(rest) == len(self.text)
        if not rough and unknown and rest[0] in "#>-+*0123456789`~|":
            return None
        markers = self._open_at(index, end)
        if (
            markers is None
            or markers != self._open_at(index, resume)
            or self._garbles(index, markers, end, resume)
        ):
            if not rough:
                return None
            markers = ()
        quote = "> " * line.depth
        context = Context(markers=markers, quote=quote, broken=True)
        return self._place(end, resume, "".join(reversed(markers)), context)

    def _garbles(self, index: int, markers: tuple[str, ...], end: int, resume: int) -> bool:
        """Whether what closes and reopens the markers would run into the text's own characters."""
        if not markers:
            return False
        inner = markers[-1][0]
        if markers[-1].startswith("```"):
            return True  # at the start of a message it would open a code block
        ends_pair = self._markers(self.paragraphs[index]).ends_pair(end)
        runs_on = not ends_pair and self.text[end - 1] in (inner, "\\")
        return runs_on or self.text[resume : resume + 1] == inner

    def _anywhere(self) -> Cut:
        """There is no blank in all of it: cut at a character, if possible at one that tears nothing."""
        for strict in (3, 2, 1, 0):
            for end in range(self.top, max(0, self.top - _SEARCH_BACK_CHARS), -1):
                if strict >= 1 and not self.graphemes.is_boundary(end):
                    continue
                if strict >= 2 and self._tears(end):
                    continue
                place = self._in_line(*self._line_at(end), end, end, rough=strict < 3)
                if place is not None:
                    return place
        return Cut(self.shown.end_before(self.top), self.top, "", Context(broken=True))

    def _tears(self, end: int) -> bool:
        before, after = self.text[end - 1], self.text[end]
        return (before in _DELIMITERS and after in _DELIMITERS) or before == "\\"

    def _line_at(self, place: int) -> tuple[int, Line]:
        index = min(bisect_left(self.lines, place, key=lambda line: line.end), len(self.lines) - 1)
        return index, self.lines[index]


def _is_empty(line: Line) -> bool:
    return line.content + line.indent >= line.end
