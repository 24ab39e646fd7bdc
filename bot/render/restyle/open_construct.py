"""Constructs that may span lines, such as displayed formulas, and the search for their end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.render.restyle import formulas

# TeX allows no empty line within a formula.
_EMPTY_LINE = re.compile(r"\n[ \t>]*\n")
# Characters read again, since an empty line (quote marks at most) may have begun in text searched before.
_EMPTY_LINE_CHARS = 80


@dataclass(frozen=True, slots=True)
class OpenConstruct:
    """A construct that may span lines: its opening and closing delimiters."""

    opening: str
    closing: str
    # Whether its line begins with it.
    begins: bool = False

    @property
    def is_html(self) -> bool:
        """Whether this is a comment or preformatted text, and no formula."""
        return self.opening[0] == "<"

    def is_ruled_out(self, inside: str) -> bool:
        """Whether the beginning of the inside rules the construct out; then the whole inside does too."""
        return self.opening in ("$$", "\\[") and formulas.is_no_display(inside)

    def is_formula(self, inside: str) -> bool:
        """Whether the inside is a formula."""
        if self.opening == "$$":
            return formulas.is_display(inside, begins=self.begins)
        if self.opening == "\\[":
            return formulas.is_bracketed(inside, begins=self.begins)
        return not self.is_html

    def formula(self, inside: str) -> str:
        """The formula; an environment's delimiters belong to it."""
        return self.opening + inside + self.closing if self.opening.startswith("\\begin") else inside


@dataclass(slots=True)
class Search:
    """Searches a growing text for the end of a construct; reads each part once."""

    construct: OpenConstruct
    _searched: int = 0

    def find(self, text: str, at: int, *, final: bool) -> int | None:
        """The position of the closing delimiter of a construct at `at`; -1 if there is none, None if uncertain."""
        start, searched = at + len(self.construct.opening), at + self._searched
        close = text.find(self.construct.closing, max(start, searched - len(self.construct.closing)))
        stop = close if close >= 0 else len(text)
        self._searched = len(text) - at
        if stop - start > formulas.DISPLAY_MAX_CHARS or self.construct.is_ruled_out(text[start:stop]):
            return -1
        if not self.construct.is_html and _EMPTY_LINE.search(
            text, max(start, searched - _EMPTY_LINE_CHARS), stop
        ):
            return -1
        return close if close >= 0 or final else None
