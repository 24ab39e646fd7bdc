"""Choose where to split a text that does not fit into one message."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, auto

from bot.render.grapheme import Graphemes
from bot.render.lines import Kind, Line, ShownText, seems_to_open
from bot.render.measure import first_visible, fitting, units
from bot.render.open_markup import OpenMarkup, read_message
from bot.render.paragraphs import Paragraphs

# Text that would begin a block if a message began with it.
_BLOCK_START = re.compile(r"#|>|[-+*](?:\s|#)|\d{1,9}[.)]|```|~~~|\|")
_BLOCK_START_MAX_CHARS = 12
_BLANKS = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?…؟।։።]['\"”’»)\]*_~|]*(?=\s)|[。！？｡]['\"”’»」』）)\]*_~|]*")
_ABBREVIATION = re.compile(r"(?:^|[\s(])(?:\w|\d+|[Ee]\.g|[Ii]\.e|etc|vs|cf|Mr|Mrs|Ms|Dr|St|No)$")
# Kana and Han are written without blanks. Small kana and iteration marks must not begin a line.
_UNSPACED = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_GAP = re.compile(
    rf"(?<=[{_UNSPACED}、，：；])(?=[{_UNSPACED}])(?![ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ々])"
)
_DELIMITERS = "*_~|`"
# Characters that a split of last resort searches backwards for a position inside no cluster and no delimiter.
_SEARCH_BACK_CHARS = 400


class Rank(IntEnum):
    """Kinds of splits, best first."""

    BLOCK = auto()
    ITEM = auto()
    GAP_IN_CODE = auto()
    LINE = auto()
    PAUSE_IN_CODE = auto()
    LINE_OF_CODE = auto()
    INDENTED = auto()
    SENTENCE = auto()
    WORD = auto()


# Tried in order: the worst kind allowed, the minimal fill of the message (a better kind is worth half a message, but
# not a stub), and whether inline markers may be open at the split.
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
class Split:
    """The message holds `text[:end]` and `closing`; the next one begins at `resume`, in `markup`."""

    end: int
    resume: int
    closing: str
    markup: OpenMarkup


def split_message(window: str, markup: OpenMarkup, room: int) -> Split:
    """Split `window`, which is too long for a message, so that the message shows at most `room` units."""
    return _Splitter(window, markup, room - units(markup.opening)).best()


@dataclass(slots=True)
class _Splitter:
    text: str
    markup: OpenMarkup
    room: int
    top: int = 0
    lines: list[Line] = field(default_factory=list)
    # Computed once, since a message may have as many splits as characters: the first visible character, and by
    # units of the closing, how many characters fit.
    visible_at: int = 0
    fits: dict[int, int] = field(default_factory=dict)
    paragraphs: Paragraphs = field(init=False)
    shown: ShownText = field(init=False)
    graphemes: Graphemes = field(init=False)

    def best(self) -> Split:
        self.shown = ShownText(self.text)
        self.graphemes = Graphemes(self.text)
        self.top = max(1, min(fitting(self.text, self.room), len(self.text) - 1))
        self.visible_at = first_visible(self.text)
        self.lines, _ = read_message(self.text, self.markup, whole=True)
        self.paragraphs = Paragraphs(self.text, self.lines, self.markup)
        # Splits in the first half of the message are computed only if the second half has none.
        splits: list[tuple[Rank, Split]] = []
        between = within = float(len(self.text) + 1)
        for worst, full, open_markers in _TRIES:
            least = full * self.top
            splits.extend(self._between_lines(least, between))
            between = min(between, least)
            if worst >= Rank.SENTENCE:
                splits.extend(self._within_lines(least, within))
                within = min(within, least)
            found = self._last(splits, worst, least, open_markers=open_markers)
            if found is not None:
                return found
        return self._anywhere()

    def _last(
        self, splits: list[tuple[Rank, Split]], worst: Rank, least: float, *, open_markers: bool
    ) -> Split | None:
        """The last of the best-ranked splits, none worse than `worst` or before `least`."""
        best: tuple[Rank, Split] | None = None
        for rank, split in splits:
            if rank > worst or split.end < least or (split.markup.markers and not open_markers):
                continue
            if best is None or (rank, -split.end) < (best[0], -best[1].end):
                best = (rank, split)
        return best[1] if best else None

    def _split_at(self, end: int, resume: int, closing: str, markup: OpenMarkup) -> Split | None:
        """The split if the message then fits and shows something; blanks at the end of a message do not show."""
        if markup.fence is None:
            end = self.shown.end_before(end)
        if not self.visible_at < end <= min(self.top, self._fitting(units(closing))):
            return None
        return Split(end, resume, closing, markup)

    def _fitting(self, closing_units: int) -> int:
        if closing_units not in self.fits:
            self.fits[closing_units] = fitting(self.text, self.room - closing_units)
        return self.fits[closing_units]

    def _between_lines(self, first: float, behind: float) -> Iterator[tuple[Rank, Split]]:
        """The splits before the lines that start at `first` or later, and before `behind`."""
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

    def _before_code(self, index: int, line: Line) -> Iterator[tuple[Rank, Split]]:
        before = self.lines[index - 1]
        if line.fence is None or before.kind is not Kind.CODE or _is_empty(line):
            return
        split = self._split_at(line.start - 1, line.start, line.fence.closing, OpenMarkup(fence=line.fence))
        if split is not None:
            rank = Rank.LINE_OF_CODE
            if _is_empty(before):
                rank = Rank.GAP_IN_CODE if line.indent <= len(line.fence.lead) else Rank.PAUSE_IN_CODE
            yield rank, split

    def _before_text(self, index: int, line: Line, before: Line) -> Iterator[tuple[Rank, Split]]:
        markers: tuple[str, ...] | None = ()
        if self.paragraphs.go_on(index):
            markers = self.paragraphs.open_at(index, line.start)
        end = self.shown.end_before(line.start)
        if markers is None or (markers and line.depth) or self._garbles(index, markers, end, line.start):
            return
        closing = before.closing or "".join(reversed(markers))
        split = self._split_at(end, line.start, closing, OpenMarkup(markers=markers))
        if split is not None:
            yield self._rank(index, line, before), split

    def _rank(self, index: int, line: Line, before: Line) -> Rank:
        if line.indent:
            return Rank.INDENTED  # Discord trims indentation, so a nested item would lose its level
        if before.kind is Kind.HEADING or self.text[before.start : before.end].rstrip().endswith((":", "：")):
            return Rank.LINE  # a heading or an introduction stays with the next block
        apart = self.lines[index - 1].kind in (Kind.BLANK, Kind.CLOSE)
        if apart or line.kind in (Kind.OPEN, Kind.HEADING):
            return Rank.BLOCK
        return Rank.ITEM if line.kind is Kind.ITEM else Rank.LINE

    def _within_lines(self, first: float, behind: float) -> Iterator[tuple[Rank, Split]]:
        """The splits within the lines that end at `first` or later, and before `behind`."""
        for index, line in enumerate(self.lines):
            if line.content >= self.top:
                return
            if not first <= line.end < behind:
                continue
            if line.kind is Kind.CODE:
                for blanks in _BLANKS.finditer(self.text, line.content + line.indent, line.end):
                    split = self._in_line(index, line, blanks.end(), blanks.end())
                    if split is not None:
                        yield Rank.WORD, split
            elif index in self.paragraphs:
                yield from self._within_text(index, line)

    def _within_text(self, index: int, line: Line) -> Iterator[tuple[Rank, Split]]:
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
                split = self._in_line(index, line, end, resume)
                if split is not None and self.graphemes.is_boundary(split.end):
                    yield rank, split

    def _in_line(self, index: int, line: Line, end: int, resume: int, *, rough: bool = False) -> Split | None:
        """A split within a line; a `rough` split may fall inside a link or a marker."""
        rest = self.text[resume : min(resume + _BLOCK_START_MAX_CHARS, line.end)]
        if line.kind is Kind.CODE and line.fence is not None:
            if not rest or (not rough and rest[0] == line.fence.marker[0]):
                return None
            return self._split_at(end, resume, line.fence.closing, OpenMarkup(fence=line.fence, broken=True))
        if not rough and (not rest or _BLOCK_START.match(rest) or seems_to_open(self.text, line.start, end)):
            return None
        unknown = len(rest) < _BLOCK_START_MAX_CHARS and resume + len(rest) == len(self.text)
        if not rough and unknown and rest[0] in "#>-+*0123456789`~|":
            return None
        markers = self.paragraphs.open_at(index, end)
        if (
            markers is None
            or markers != self.paragraphs.open_at(index, resume)
            or self._garbles(index, markers, end, resume)
        ):
            if not rough:
                return None
            markers = ()
        quote = "> " * line.depth
        markup = OpenMarkup(markers=markers, quote=quote, broken=True)
        return self._split_at(end, resume, "".join(reversed(markers)), markup)

    def _garbles(self, index: int, markers: tuple[str, ...], end: int, resume: int) -> bool:
        """Whether the closing or reopening markers would join delimiters of the text."""
        if not markers:
            return False
        inner = markers[-1][0]
        if markers[-1].startswith("```"):
            return True  # at the start of a message it would open a code block
        ends_pair = self.paragraphs.ends_pair(index, end)
        runs_on = not ends_pair and self.text[end - 1] in (inner, "\\")
        return runs_on or self.text[resume : resume + 1] == inner

    def _anywhere(self) -> Split:
        """Split at any character, if possible not inside a cluster, a link or a marker."""
        for strict in (3, 2, 1, 0):
            for end in range(self.top, max(0, self.top - _SEARCH_BACK_CHARS), -1):
                if strict >= 1 and not self.graphemes.is_boundary(end):
                    continue
                if strict >= 2 and self._tears(end):
                    continue
                index, line = self._line_at(end)
                if strict >= 1 and self._opens_block(line, end):
                    continue
                split = self._in_line(index, line, end, end, rough=strict < 3)
                if split is not None:
                    return split
        return Split(self.shown.end_before(self.top), self.top, "", OpenMarkup(broken=True))

    def _opens_block(self, line: Line, end: int) -> bool:
        """Whether the beginning of a line up to `end` would open a code block, although the line does not."""
        fenced = line.kind is not Kind.CODE and self.text.startswith(("```", "~~~"), line.content)
        return fenced and seems_to_open(self.text, line.start, end)

    def _tears(self, end: int) -> bool:
        before, after = self.text[end - 1], self.text[end]
        return (before in _DELIMITERS and after in _DELIMITERS) or before == "\\"

    def _line_at(self, position: int) -> tuple[int, Line]:
        index = min(bisect_left(self.lines, position, key=lambda line: line.end), len(self.lines) - 1)
        return index, self.lines[index]


def _is_empty(line: Line) -> bool:
    return line.content + line.indent >= line.end
