"""Which two bars hide what follows, as Discord has it, and which are but bars: `P || Q`, `a || b`."""

from __future__ import annotations

from dataclasses import dataclass

MARKER = "||"


@dataclass(slots=True)
class Spoiler:
    """Tells the bars of a reply apart as they come.

    Who means to hide something sets the first bars before a word and behind none, and the last behind one; so nothing
    of it is shown while it is written. Markdown knows no spoilers, and who wrote of "or" or of a divergence hides
    nothing: `P || Q` and `P||Q` stay visible.
    """

    # Whether one has begun: in the paragraph that is read, or in one before it.
    _open: bool = False
    _here: bool = False

    def take(self, run: str, before: str, behind: str) -> bool:
        """Whether a run of bars between two characters, or blanks, begins or ends a spoiler."""
        if run != MARKER:
            return False
        before = before or " "
        if self._here or (self._open and not before.isspace() and not _is_word(behind)):
            self._open = self._here = False
            return True
        if behind.isspace() or _is_word(before):
            return False
        self._open = self._here = True
        return True

    def end_paragraph(self) -> None:
        """What follows is no part of the same paragraph: there only bars that cling to a word end it."""
        self._here = False


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
