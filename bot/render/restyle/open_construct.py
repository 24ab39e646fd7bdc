"""Something that may go on over several lines, as a displayed formula, and the search for its end."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.render.restyle import formulas

# TeX allows none within a formula.
_EMPTY_LINE = re.compile(r"\n[ \t>]*\n")
# An empty line may have begun in what was searched before: beyond its line breaks, quote marks at most.
_EMPTY_LINE_CHARS = 80


@dataclass(frozen=True, slots=True)
class OpenConstruct:
    """Something that may go on over several lines: what opens it, and what would close it."""

    opening: str
    closing: str
    # Whether its line begins with it.
    begins: bool = False

    @property
    def is_html(self) -> bool:
        """Whether it is a comment or preformatted text, and no formula."""
        return self.opening[0] == "<"

    def is_ruled_out(self, inside: str) -> bool:
        """Whether the beginning of what is inside shows that it is none; then this is so for the whole, too."""
        return self.opening in ("$$", "\\[") and formulas.is_no_display(inside)

    def is_formula(self, inside: str) -> bool:
        """Whether what is inside is a formula."""
        if self.opening == "$$":
            return formulas.is_display(inside, begins=self.begins)
        if self.opening == "\\[":
            return formulas.is_bracketed(inside, begins=self.begins)
        return not self.is_html

    def formula(self, inside: str) -> str:
        """The formula with what of its marks belongs to it: an environment is part of it."""
        return self.opening + inside + self.closing if self.opening.startswith("\\begin") else inside


@dataclass(slots=True)
class Search:
    """Looks for the end of what is construct, in a text that grows, each part of it but once."""

    construct: OpenConstruct
    _searched: int = 0

    def look(self, text: str, at: int, *, final: bool) -> int | None:
        """Where what closes it stands, its opening being at `at`: -1 if nowhere, None if that is not certain yet."""
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
