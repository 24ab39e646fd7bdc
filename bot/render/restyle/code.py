"""One code block on its way into a message, or into a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.render.lines import Fence

# What Discord takes for the name of a language, if nothing else stands behind the backticks.
_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")
_TICKS = re.compile(r"`+")
# Ends nothing, and shows nothing.
_ZERO_WIDTH_SPACE = "\u200b"
# Formulas as blocks of code, as GitHub has them.
FORMULA_LANGUAGES = frozenset(("math", "katex"))
# Blocks of code whose source is wanted, and that can be drawn if it is a formula.
SOURCE_LANGUAGES = frozenset(("latex", "tex"))
_NO_FORMULA = re.compile(
    r"\\(?:documentclass|usepackage|section|item|begin\{(?:document|tabular|itemize|table|tikz))"
)


def language_of(info: str) -> tuple[str, str]:
    """The language that a fence names, and what else stands behind the backticks."""
    found = _LANGUAGE.match(info)
    language = found.group() if found and len(found.group()) <= 32 else ""
    return language, info[len(language) :].strip()


@dataclass(slots=True)
class Code:
    """A code block that is being read: its fence, and its source as it was written."""

    fence: Fence
    language: str
    opening: str
    source: list[str] = field(default_factory=list)
    lines: int = 0
    line_begins: bool = True
    # Where its first line begins in the restyled text.
    start: int = 0
    _run: int = 0

    def shown(self, text: str) -> str:
        """A part of the code so that Discord does not take three backticks in it for its end.

        Between the second and the third stands a zero-width space; it is copied along with the code.
        """
        if "`" not in text:
            self._run = 0
            return text
        if text[0] != "`":
            self._run = 0
        shown = _TICKS.sub(lambda found: self._ticks(found.group(), first=found.start() == 0), text)
        self._run = self._run if text[-1] == "`" else 0
        return shown

    def _ticks(self, run: str, *, first: bool) -> str:
        before = self._run if first else 0
        shown = ""
        for number in range(before, before + len(run)):
            shown += (_ZERO_WIDTH_SPACE if number and number % 2 == 0 else "") + "`"
        self._run = before + len(run)
        return shown

    @property
    def formula(self) -> str:
        """The block's source if it is one formula, or nothing."""
        tex = self.plain.strip()
        for opening, closing in (("$$", "$$"), ("\\[", "\\]")):
            if tex.startswith(opening) and tex.endswith(closing) and len(tex) > len(opening + closing):
                tex = tex[len(opening) : -len(closing)].strip()
        return "" if _NO_FORMULA.search(tex) or "$" in tex else tex

    @property
    def plain(self) -> str:
        """The code without the quote marks and the indentation that it stands in."""
        lines = "".join(self.source).split("\n")
        if self.fence.depth:
            lines = [re.sub(r" {0,3}> ?", "", line, count=self.fence.depth) for line in lines]
        if self.fence.indent:
            lines = [re.sub(rf"^ {{0,{self.fence.indent}}}", "", line) for line in lines]
        return "\n".join(lines)
