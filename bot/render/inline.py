"""Inline Markdown: which markers are open where, and what must stay in one piece.

By Discord's rules, as its public re-implementations agree on them: the first marker of a kind begins and the next
one ends, whatever stands beside them, so `**` closes before a letter, too (`**注意：**请`). A marker is not nested in
itself; `__` and `||` are markers. Whether one opens anything Discord decides by what is still to come; here
CommonMark's rules (0.31, section 6.2) say so where they do not contradict it, because the reply was meant by them.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

# Longer runs are ornament, or hostile.
_EMPHASIS_RUN_MAX_CHARS = 3
_BACKTICK_RUN_MAX_CHARS = 8
# How much of what may become a link is held back while it streams: a label, then all of it.
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
    """`text[start:end]`, both markers counted in; a link or the like has no marker."""

    start: int
    end: int
    marker: str


@dataclass(slots=True)
class Inline:
    """What one paragraph holds.

    `pairs`: markers that are closed. `pieces`: links and the like. `opened`: markers that no later one has
    closed, outermost first, with where they stand (-1: before the text). `held`: from where on the text may
    still turn into something else when more of it comes.
    """

    held: int
    pairs: list[Span] = field(default_factory=list)
    pieces: list[Span] = field(default_factory=list)
    opened: list[tuple[int, str]] = field(default_factory=list)


def scan_inline(text: str, start: int, end: int, markers: tuple[str, ...] = (), *, ended: bool) -> Inline:
    """Read one paragraph, `text[start:end]`, in which `markers` are open from before.

    `ended` says that nothing more belongs to it: then what is still open was never a marker.
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
        """Note what the token at `at` does, and return where to read on."""
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
        """Where the next run of exactly so many backticks ends."""
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
        """Close what a run of `length` can close; returns what is left of the run."""
        opened = self.found.opened
        index = len(opened) - 1
        while length and index >= 0:
            start, marker = opened[index]
            # Two close two: in `**a*b**` the one is text.
            if marker[0] == char and len(marker) in ((1, 2, 3) if length == 3 else (length,)):
                at, length = at + len(marker), length - len(marker)
                # `***a* b**` opens both at one place: whichever is closed first was the inner one.
                twin = opened[index + 1 : index + 2]
                is_inner = bool(twin) and start >= 0 and twin[0][0] == start + len(marker)
                del opened[index : index + 1 if is_inner else None]
                self.found.pairs.append(Span(start, at, marker))
            index -= 1
            index = min(index, len(opened) - 1)
        return at, length

    def _closes(self, run: str, at: int, after: int) -> bool:
        """Whether a run of delimiters closes what is open."""
        if run == "_":
            return not self._before(at).isspace() and not _is_word(self._behind(after))
        return len(run) == 2 or not self._before(at).isspace()

    def _opens(self, run: str, at: int, after: int) -> bool:
        """Whether a run of delimiters may open something."""
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
    """Whether it belongs to a word, as far as Discord knows: JavaScript's `\\w`, which is ASCII."""
    return char.isascii() and (char.isalnum() or char == "_")


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
