"""Emphasis as CommonMark reads it (0.31, section 6.2 and the appendix), written so that Discord reads the same.

For Discord the next delimiter of a kind ends what the first began, whatever stands beside it, in code too. So a
delimiter that is text for CommonMark is escaped: `f(*a) and g(*b)`, `MY_VAR, foo_`, `**kwargs and **bold**`. An
emphasis that holds literal delimiters of its own is written with the other character, or, where that does not help,
without any.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.render.restyle.delimiters import Delimiter, Run, closes, is_harmless, is_word, opens
from bot.render.restyle.literal import ZERO_WIDTH_SPACE
from bot.render.restyle.literals import Literals
from bot.render.restyle.output import Held, Output

# The text behind an opener is held back from the layout, and only shown as provisional, until the opener is certain.
# Longer emphasis is rare: after this many characters the run counts as an opener.
_HELD_MAX_CHARS = 1000
# A longer run holds both ends of emphasis for Discord.
_PAIRS_WITHIN_CHARS = 3
_OTHER = {"*": "_", "_": "*"}


@dataclass(slots=True)
class _Pair:
    """Two runs, and the delimiters of theirs that belong together."""

    opener: Run
    closer: Run
    ends: tuple[Delimiter, Delimiter]


@dataclass(slots=True)
class Emphasis:
    """Matches the delimiter runs of a paragraph as they come, and writes them to `out`."""

    out: Output
    # The runs that may still open emphasis; the first `_final` of them are not held back any more.
    _openers: list[Run] = field(default_factory=list)
    _final: int = 0
    # By kind of emphasis: the pairs that are in no other pair of the same kind so far.
    _outermost: dict[str, list[_Pair]] = field(default_factory=dict)
    # Stars between blanks, by the number of the run; within emphasis they are escaped.
    _harmless: list[tuple[int, Held]] = field(default_factory=list)
    # By kind of closing run: the number of the run up to which no opener was found (CommonMark's `openers_bottom`).
    _bottoms: dict[tuple[str, bool, int], int] = field(default_factory=dict)
    _literals: Literals = field(default_factory=Literals)
    _runs: int = 0
    # The number of the last run of each character.
    _last: dict[str, int] = field(default_factory=dict)

    def add_text(self, text: str) -> None:
        """Take text between two runs, as it is written."""
        if self._openers:
            self._literals.add(text)

    def take(self, chars: str, before: str, behind: str) -> None:
        """Write a run that stands between two characters; an empty one is the border of a line."""
        self.release_long()
        before, behind = before or " ", behind or " "
        char = chars[0]
        self._runs += 1
        self._last[char] = self._runs
        if is_harmless(chars, before, behind):
            held = self.out.reserve(chars, len(chars))
            held.decided = True
            self._harmless.append((self._runs, held))
            self._settle()
            return
        run = Run(
            char,
            len(chars),
            before,
            behind,
            opens=opens(char, before, behind),
            closes=closes(char, before, behind),
            number=self._runs,
            position=self.out.position,
            literals=self._literals.counts(),
            held=self.out.reserve(chars, len(chars)),
            left=len(chars),
        )
        if run.closes:
            self._close(run)
        if run.left and run.opens and (char != "~" or run.length == 2):
            if run.closing:
                run.show()
            self._openers.append(run)
        else:
            self._decide(run)
        self._settle()

    def release_long(self) -> None:
        """Hold the text behind an opener back no longer once it is long."""
        while self._final < len(self._openers):
            opener = self._openers[self._final]
            if self.out.position - opener.position <= _HELD_MAX_CHARS:
                return
            opener.held.decided = True
            self._final += 1
            self._settle()

    def end_paragraph(self) -> None:
        """The paragraph is over: what is open opens nothing."""
        if self._openers:
            for run in self._openers[self._final :]:
                self._decide(run)
            self._reset()

    def _reset(self) -> None:
        self._openers.clear()
        self._bottoms.clear()
        self._final = 0
        self._settle()

    def finish(self, *, truncated: bool) -> None:
        """The reply is over; with `truncated` in the middle of it, so that what is open stays open."""
        for run in self._openers[self._final :]:
            if truncated or self._is_lone(run):
                run.held.decided = True
            else:
                self._decide(run)
        self._reset()

    def _is_lone(self, run: Run) -> bool:
        """Whether nothing in the rest of the reply could close the run, so that it needs no escape."""
        followed = self._last[run.char] != run.number or self._shown_since(run, run.char, 2 * run.char)
        return not (followed or run.closing or run.opening or run.length > _PAIRS_WITHIN_CHARS)

    def _settle(self) -> None:
        """Release the text before the first run that may still change."""
        self.out.settle()
        if self._final == len(self._openers):
            self._outermost.clear()
            self._harmless.clear()

    def _decide(self, run: Run) -> None:
        """The rest of the run is text."""
        run.is_text = True
        run.show()
        run.held.decided = True

    def _close(self, closer: Run) -> None:
        key = (closer.char, closer.opens, closer.length % 3)
        while closer.left:
            index = self._find_opener(closer, self._bottoms.get(key, 0))
            if index is None:
                self._bottoms[key] = self._openers[-1].number if self._openers else 0
                return
            for run in self._openers[max(index + 1, self._final) :]:
                self._decide(run)
            del self._openers[index + 1 :]
            opener = self._openers[index]
            self._pair(opener, closer)
            if not opener.left:
                opener.held.decided = True
                del self._openers[index]
            self._final = min(self._final, len(self._openers))

    def _find_opener(self, closer: Run, bottom: int) -> int | None:
        for index in range(len(self._openers) - 1, -1, -1):
            opener = self._openers[index]
            if opener.number <= bottom:
                return None
            if opener.char == closer.char and _match(opener, closer):
                return index
        return None

    def _pair(self, opener: Run, closer: Run) -> None:
        size = 2 if min(opener.left, closer.left) >= 2 else 1
        text = opener.char * size if opener.held.decided else self._text(opener, closer, size)
        # For Discord two tildes before an underscore end nothing; a star may still become one.
        apart = ZERO_WIDTH_SPACE if text == "~~" and closer.behind in ("_", "*") else ""
        pair = _Pair(opener, closer, (Delimiter(text), Delimiter(text + apart)))
        opener.opening.append(pair.ends[0])
        closer.closing.append(pair.ends[1])
        opener.left -= size
        closer.left -= size
        while text == "*" and self._harmless and self._harmless[-1][0] > opener.number:
            self._harmless.pop()[1].text = "\\*"
        outermost = self._outermost.setdefault("em" if size == 1 else 2 * opener.char, [])
        while outermost and outermost[-1].opener.number >= opener.number:
            inner = outermost.pop()
            for end in inner.ends:
                end.text = ""  # Discord knows no emphasis within the same kind of emphasis
            inner.opener.show()
            inner.closer.show()
        outermost.append(pair)
        opener.show()

    def _text(self, opener: Run, closer: Run, size: int) -> str:
        """The delimiter that shows emphasis between two runs for Discord; empty if there is none."""
        own = opener.char * size
        if not self._shown_since(opener, own):
            return own
        other = _OTHER.get(own, "")
        if not other or not self._can_replace(other, opener, closer):
            return ""
        self._last[other] = self._runs
        return other

    def _can_replace(self, delimiter: str, opener: Run, closer: Run) -> bool:
        outside = opener.before, closer.behind
        if delimiter in (*outside, opener.behind, closer.before) or self._shown_since(opener, delimiter):
            return False
        alone = opener.length == closer.length == 1 and is_word(opener.behind)
        return delimiter == "*" or (alone and not any(is_word(char) or char in "*~" for char in outside))

    def _shown_since(self, opener: Run, *delimiters: str) -> bool:
        """Whether any of some delimiters has been shown literally behind a run."""
        counts = self._literals.counts()
        return any(counts.get(each, 0) > opener.literals.get(each, 0) for each in delimiters)


def _match(opener: Run, closer: Run) -> bool:
    if closer.char == "~":
        return closer.length == 2
    thirds = opener.length % 3 == closer.length % 3 == 0
    return thirds or (opener.length + closer.length) % 3 != 0 or not (opener.is_both or closer.is_both)
