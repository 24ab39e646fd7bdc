"""Delimiter runs (CommonMark 0.31, section 6.2): what a run may open and close, and how the run is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.render.restyle.literal import ZERO_WIDTH_SPACE, escaped
from bot.render.restyle.output import Held

# Punctuation that stands before an opening delimiter, but never before a closing one.
_OPENING_CATEGORIES = ("Ps", "Pi")
_OPENING = frozenset("=+-*/,&\\<~|")

_MARKUP = "`*_~"


@dataclass(slots=True)
class Delimiter:
    """One end of an emphasis: the characters that show it, none where Discord could not show the emphasis."""

    text: str


@dataclass(slots=True)
class Run:
    """A delimiter run between two characters (a blank stands for the border of a line).

    `left` of its characters belong to no emphasis yet; `is_text` says that they never will. Closing delimiters stand
    before them and opening ones behind.
    """

    char: str
    length: int
    before: str
    behind: str
    opens: bool
    closes: bool
    # Counts the runs of a reply.
    number: int
    # Where the source stands behind the run.
    position: int
    # The literal delimiters before the run, counted by their text (see `Literals`).
    literals: Mapping[str, int]
    # The position that the output reserves for the run.
    held: Held
    left: int
    is_text: bool = False
    closing: list[Delimiter] = field(default_factory=list)
    opening: list[Delimiter] = field(default_factory=list)

    @property
    def is_both(self) -> bool:
        """Whether the run may open and close for CommonMark, whose rules are stricter than `opens` and `closes`."""
        before, behind = _is_punctuation(self.before), _is_punctuation(self.behind)
        return self.opens and self.closes and (before or not behind) and (behind or not before)

    def show(self) -> None:
        """Update the text that the output holds."""
        rest = self.char * self.left
        if self.is_text:
            rest = escaped(rest)
        closing = "".join(delimiter.text for delimiter in self.closing)
        opening = "".join(delimiter.text for delimiter in reversed(self.opening))
        # Otherwise Discord would end the first emphasis of `**a***b*` elsewhere, or join what stands beside the run.
        if closing or opening:
            joins = closing[-1:] == opening[:1]
        else:
            joins = self.before in _MARKUP and self.behind in _MARKUP
        apart = ZERO_WIDTH_SPACE if not rest and joins else ""
        self.held.text = closing + rest + apart + opening


def is_harmless(run: str, before: str, behind: str) -> bool:
    """Whether a run neither opens nor closes anything for Discord, as in `2 * 3` and `~5`.

    The underscores of names such as `snake_case` may open: Discord looks at nothing before them.
    """
    return run == "~" or (run == "*" and before.isspace() and behind.isspace())


def opens(char: str, before: str, behind: str) -> bool:
    """Whether emphasis may begin between two characters; not between a Latin letter and punctuation: `f(x**(n))`."""
    if behind.isspace() or (char == "_" and is_word(before)):
        return False
    return not (_is_punctuation(behind) and before.isascii() and before.isalnum())


def closes(char: str, before: str, behind: str) -> bool:
    """Whether emphasis may end between two characters; also before a letter: models write `**Note:**this`."""
    if before.isspace() or (char == "_" and is_word(behind)):
        return False
    if not _is_punctuation(before) or behind.isspace() or _is_punctuation(behind):
        return True
    return before not in _OPENING and unicodedata.category(before) not in _OPENING_CATEGORIES


def is_word(char: str) -> bool:
    """Whether Discord takes a character for a part of a word: JavaScript's `\\w`, which is ASCII."""
    return char.isascii() and (char.isalnum() or char == "_")


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
