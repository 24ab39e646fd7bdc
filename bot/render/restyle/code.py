"""The source of one code block."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from bot.render.lines import Fence

# What Discord takes for a language, if the line holds nothing else.
_LANGUAGE = re.compile(r"[A-Za-z0-9_+\-.#]+")
_LANGUAGE_MAX_CHARS = 32
# Languages of code blocks that GitHub shows as formulas.
_FORMULA_LANGUAGES = frozenset(("math", "katex"))
# Languages of code blocks that are shown as code and also drawn if they hold a formula.
_SOURCE_LANGUAGES = frozenset(("latex", "tex"))
_QUOTE_MARK = re.compile(r" {0,3}> ?")
_NO_FORMULA = re.compile(
    r"\\(?:documentclass|usepackage|section|item|begin\{(?:document|tabular|itemize|table|tikz))"
)


def language_of(info: str) -> tuple[str, str]:
    """The language of a fence, and the rest of its info string."""
    found = _LANGUAGE.match(info)
    language = found.group() if found and len(found.group()) <= _LANGUAGE_MAX_CHARS else ""
    return language, info[len(language) :].strip()


@dataclass(slots=True)
class Code:
    """A code block that is being read: its fence and its source."""

    fence: Fence
    language: str
    source: list[str] = field(default_factory=list)
    lines: int = 0

    @property
    def stands_for_formula(self) -> bool:
        """Whether the block is shown as a formula if it is one."""
        return self.language.lower() in _FORMULA_LANGUAGES

    @property
    def may_be_drawn(self) -> bool:
        """Whether the block is shown as code and also drawn if it is a formula."""
        return self.language.lower() in _SOURCE_LANGUAGES

    @property
    def formula(self) -> str:
        """The block's source if it is one formula; empty otherwise."""
        tex = self.plain.strip()
        for opening, closing in (("$$", "$$"), ("\\[", "\\]")):
            if tex.startswith(opening) and tex.endswith(closing) and len(tex) > len(opening + closing):
                tex = tex[len(opening) : -len(closing)].strip()
        return "" if _NO_FORMULA.search(tex) or "$" in tex else tex

    @property
    def plain(self) -> str:
        """The code without the quote marks and the indentation of the block."""
        lines = "".join(self.source).split("\n")
        if self.fence.depth:
            lines = [_QUOTE_MARK.sub("", line, count=self.fence.depth) for line in lines]
        if self.fence.indent:
            lines = [line[min(self.fence.indent, len(line) - len(line.lstrip(" "))) :] for line in lines]
        return "\n".join(lines)
