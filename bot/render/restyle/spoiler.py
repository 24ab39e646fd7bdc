"""Distinguishes Discord's spoilers from bars such as `P || Q`."""

from __future__ import annotations

from dataclasses import dataclass

MARKER = "||"


@dataclass(slots=True)
class Spoiler:
    """Decides for each run of bars of a reply whether it begins or ends a spoiler.

    A spoiler begins with bars before a word and not behind one, and ends with bars behind a word, so that a spoiler
    is hidden while it streams. Markdown has no spoilers: `P || Q` and `P||Q` stay visible.
    """

    # Whether a spoiler is open, and whether it began in the current paragraph.
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
        """End the paragraph: in later paragraphs only bars directly behind a word end the spoiler."""
        self._here = False


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
