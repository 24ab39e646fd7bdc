"""Which markers of emphasis are text for CommonMark (0.31, section 6.2) and would be none for Discord.

For Discord the next marker of a kind ends what the first began, whatever stands beside it; so what CommonMark takes
for text is escaped where Discord would let it end something: `f(*a) and g(*b)`, `MY_VAR, foo_`, `2 ** 3 and 4 ** 5`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field

# What may stand before the beginning of something, but not before an end.
_OPENING_CATEGORIES = ("Ps", "Pi")
_OPENING = frozenset("=+-*/,&\\<~|")
# A longer run is several markers at once.
_RUN_MAX_CHARS = 2


@dataclass(slots=True)
class Emphasis:
    """Tells the markers of a paragraph apart as they come."""

    _open: set[str] = field(default_factory=set)
    # Whether one star began something in an earlier paragraph that was not closed there; Discord would go on looking.
    _left: bool = False
    # Whether a longer run came, which means several markers: then nothing is escaped any more.
    _unsure: bool = False

    def is_text(self, run: str, before: str, behind: str) -> bool:
        """Whether a run between two characters, or blanks, is to be escaped."""
        if len(run) > _RUN_MAX_CHARS or run == "~":
            self._unsure = self._unsure or run[0] != "~"
            return False
        before, behind = before or " ", behind or " "
        closes, opens = _closes(run, before, behind), _opens(run, before, behind)
        if closes and run in self._open:
            self._open.discard(run)
            return False
        if self._unsure or _is_harmless(run, before, behind):
            return False
        left = run == "*" and self._left and not before.isspace()
        if opens and run not in self._open and not left:
            self._open.add(run)
            return False
        # What begins something behind a blank ends nothing for Discord, unless it is one of two characters.
        return not (opens and len(run) == 1 and (run == "_" or before.isspace()))

    def end_paragraph(self) -> None:
        """What was not closed in the paragraph was never opened."""
        self._left = self._left or "*" in self._open
        self._open.clear()
        self._unsure = False


def _is_harmless(run: str, before: str, behind: str) -> bool:
    """Whether it neither begins nor ends anything, for Discord either."""
    if run == "*":
        return before.isspace() and behind.isspace()
    return run == "_" and _is_word(behind) and _is_word(before)


def _opens(run: str, before: str, behind: str) -> bool:
    if behind.isspace():
        return False
    if run[0] == "_" and _is_word(before):
        return False
    return not (_is_punctuation(behind) and before.isascii() and before.isalnum())


def _closes(run: str, before: str, behind: str) -> bool:
    """Whether it may end something; also before a letter behind a mark: models write `**Note:**this`."""
    if before.isspace() or (run[0] == "_" and _is_word(behind)):
        return False
    if not _is_punctuation(before) or behind.isspace() or _is_punctuation(behind):
        return True
    return before not in _OPENING and unicodedata.category(before) not in _OPENING_CATEGORIES


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")


def _is_punctuation(char: str) -> bool:
    return unicodedata.category(char)[0] in "PS"
