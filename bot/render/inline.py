"""Inline Markdown of a paragraph: open markers, and spans that must not be split.

The rules are Discord's, as public re-implementations agree on them: the first marker of a kind opens and the next
one closes, whatever stands beside them, so `**` also closes before a letter (`**注意：**请`). No marker nests in
itself; `__` and `||` are markers. Discord decides by later text whether a marker opens; here CommonMark's rules
(0.31, section 6.2) decide where they do not contradict Discord's, because models write CommonMark.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

# Longer runs are no markers.
_EMPHASIS_RUN_MAX_CHARS = 3
_BACKTICK_RUN_MAX_CHARS = 8
# Characters held back while a link streams: of its label, then of the whole link.
_LABEL_HELD_MAX_CHARS = 150
_LINK_HELD_MAX_CHARS = 700

_TOKEN = re.compile(r"\\|`+|\*+|_+|~+|\|+|!?\[|<|https?://[^\s<>*~|`)\]]+")
_BACKTICKS = re.compile(r"`+")
_LINK = re.compile(
    r"!?\[(?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])*\]"
    r"(?:\(<?[^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:[ \t]+\"[^\"\n]*\")?\)|\[[^\[\]\n]*\])"
)
_LINK_BEGUN = re.compile(r"!?\[[^\]\n]*(?:\](?:\([^\n]*|\[[^\]\n]*)?)?")
_ANGLE = re.compile(r"<(?:https?://[^\s<>]*|[@#:/atid][^\s<>]{0,100})>")
_ANGLE_BEGUN = re.compile(r"<(?:https?:[^\s<>]{0,600}|[@#:/ahtid][^\s<>]{0,100})?")


@dataclass(frozen=True, slots=True)
class Span:
    """`text[start:end]` with both markers; links and the like have no marker."""

    start: int
    end: int
    marker: str


@dataclass(slots=True)
class Inline:
    """The markup of one paragraph.

    `pairs`: closed markers. `pieces`: links and the like. `opened`: unclosed markers with their positions, outermost
    first (-1: before the text). `held`: the position from which on later text may change the reading.
    """

    held: int
    pairs: list[Span] = field(default_factory=list)
    pieces: list[Span] = field(default_factory=list)
    opened: list[tuple[int, str]] = field(default_factory=list)


def scan_inline(text: str, start: int, end: int, markers: tuple[str, ...] = (), *, ended: bool) -> Inline:
    """Read one paragraph, `text[start:end]`, at whose beginning `markers` are open.

    `ended` says that the paragraph is complete: then unclosed markers are text.
    """
    scan = _Scan(text, end, ended, Inline(held=end))
    scan.read(start, markers)
    if ended:
        scan.found.opened = [(at, marker) for at, marker in scan.found.opened if at < 0]
    return scan.found


@dataclass(slots=True)
class _Scan:
    text: str
    end: int
    ended: bool
    found: Inline
    unclosed_runs: set[int] = field(default_factory=set)

    def read(self, start: int, markers: tuple[str, ...]) -> None:
        self.found.opened = [(-1, marker) for marker in markers]
        if markers and markers[-1][0] == "`":
            start = self._close_code(start)
        while start < self.end:
            token = _TOKEN.search(self.text, start, self.end)
            if token is None:
                return
            start = self._take(token.group(), token.start(), token.end())

    def _take(self, token: str, at: int, after: int) -> int:
        """Read the token at `at` and return the position behind the text that was read."""
        first = token[0]
        if first == "h":
            return self._piece(at, after)
        if first == "\\":
            return at + 2 if at + 1 < self.end else self._hold(at)
        if first in "[!":
            return self._link(at, after)
        if first == "<":
            return self._angle(at, after)
        if after == self.end and not self.ended:
            return self._hold(at)
        if first == "`":
            return self._code(token, at, after)
        self._delimiters(token, at, after)
        return after

    def _hold(self, at: int) -> int:
        self.found.held = at
        return self.end

    def _piece(self, at: int, after: int) -> int:
        self.found.pieces.append(Span(at, after, ""))
        return after

    def _link(self, at: int, after: int) -> int:
        match = _LINK.match(self.text, at, self.end)
        if match is not None:
            return self._piece(at, match.end())
        waiting = self.end - at
        if not self.ended and waiting <= _LINK_HELD_MAX_CHARS:
            begun = _LINK_BEGUN.fullmatch(self.text, at, self.end)
            if begun is not None and (waiting <= _LABEL_HELD_MAX_CHARS or "](" in begun.group()):
                return self._hold(at)
        return after

    def _angle(self, at: int, after: int) -> int:
        match = _ANGLE.match(self.text, at, self.end)
        if match is not None:
            return self._piece(at, match.end())
        if not self.ended and _ANGLE_BEGUN.fullmatch(self.text, at, self.end):
            return self._hold(at)
        return after

    def _code(self, run: str, at: int, after: int) -> int:
        if len(run) > _BACKTICK_RUN_MAX_CHARS or len(run) in self.unclosed_runs:
            return after
        close = self._find_run(len(run), after)
        if close is not None:
            self.found.pairs.append(Span(at, close, run))
            return close
        if self.ended:
            self.unclosed_runs.add(len(run))
            return after
        self.found.opened.append((at, run))
        return self._hold_backticks()

    def _close_code(self, start: int) -> int:
        at, run = self.found.opened[-1]
        close = self._find_run(len(run), start)
        if close is not None:
            self.found.opened.pop()
            self.found.pairs.append(Span(at, close, run))
            return close
        return self.end if self.ended else self._hold_backticks()

    def _find_run(self, length: int, start: int) -> int | None:
        """The end of the next run of exactly `length` backticks."""
        for run in _BACKTICKS.finditer(self.text, start, self.end):
            if run.end() == self.end and not self.ended:
                return None
            if len(run.group()) == length:
                return run.end()
        return None

    def _hold_backticks(self) -> int:
        start = self.end
        while start > 0 and self.text[start - 1] == "`":
            start -= 1
        return self._hold(start)

    def _delimiters(self, run: str, at: int, after: int) -> None:
        char, length = run[0], len(run)
        if char in "~|":
            if length != 2:
                return
        elif length > _EMPHASIS_RUN_MAX_CHARS:
            return
        if self._closes(run, at, after):
            at, length = self._close(char, at, length)
        if not self._opens(run, after - len(run), after):
            return
        for size in (1, 2) if length == 3 else (length,):
            marker = char * size
            if size and all(marker != other for _, other in self.found.opened):
                self.found.opened.append((at, marker))
                at += size

    def _close(self, char: str, at: int, length: int) -> tuple[int, int]:
        """Close the markers that a run of `length` can close; return the rest of the run."""
        opened = self.found.opened
        index = len(opened) - 1
        while length and index >= 0:
            start, marker = opened[index]
            # Runs of two close runs of two: in `**a*b**` the single star is text.
            if marker[0] == char and len(marker) in ((1, 2, 3) if length == 3 else (length,)):
                at, length = at + len(marker), length - len(marker)
                # `***a* b**` opens both markers at one position: the marker that closes first is the inner one.
                twin = opened[index + 1 : index + 2]
                is_inner = bool(twin) and start >= 0 and twin[0][0] == start + len(marker)
                del opened[index : index + 1 if is_inner else None]
                self.found.pairs.append(Span(start, at, marker))
            index -= 1
            index = min(index, len(opened) - 1)
        return at, length

    def _closes(self, run: str, at: int, after: int) -> bool:
        """Whether a run of delimiters closes an open marker."""
        if run == "_":
            return not self._before(at).isspace() and not _is_word(self._behind(after))
        return len(run) == 2 or not self._before(at).isspace()

    def _opens(self, run: str, at: int, after: int) -> bool:
        """Whether a run of delimiters may open a marker."""
        before, behind = self._before(at), self._behind(after)
        if run == "||":
            return not (self.ended and after == self.end)
        if behind.isspace():
            return False
        # Names and files: `snake_case`, `a*.py`.
        return not _is_word(before) or not (
            run[0] == "_" or (run == "*" and behind.isascii() and _is_punctuation(behind))
        )

    def _before(self, at: int) -> str:
        return self.text[at - 1] if at > 0 else " "

    def _behind(self, after: int) -> str:
        return self.text[after] if after < self.end else " "


def _is_word(char: str) -> bool:
    """Whether Discord takes a character for a part of a word: JavaScript's `\\w`, which is ASCII."""
    return char.isascii() and (char.isalnum() or char == "_")


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
