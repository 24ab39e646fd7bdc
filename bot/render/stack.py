"""Group the formulas of a message into pictures: Discord crops pictures that stand side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.render.restyle.tex import lines_of

# Limits of a picture: longer formulas stay source text.
TEX_MAX_CHARS = 2000
LINES_MAX = 30
# Separates the formulas of a picture; TeX allows no blank lines within a formula.
PARTED = "\n\n"
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(slots=True)
class Stacks:
    """Formulas in order, in as few pictures as possible; all but the last picture are final."""

    stacks: list[list[str]] = field(default_factory=list)
    _chars: int = 0
    _lines: int = 0

    def add(self, tex: str) -> None:
        """Add a formula below the others."""
        chars, lines = len(tex) + len(PARTED), len(lines_of(tex))
        self._chars += chars
        self._lines += lines
        if not self.stacks or self._chars > TEX_MAX_CHARS or self._lines > LINES_MAX:
            self.stacks.append([])
            self._chars, self._lines = chars, lines
        self.stacks[-1].append(tex)


def stacks(formulas: Iterable[str]) -> list[list[str]]:
    """The formulas of each picture."""
    found = Stacks()
    for tex in formulas:
        found.add(tex)
    return found.stacks


def stacked(formulas: Sequence[str]) -> str:
    """Several formulas as one, for one picture."""
    return PARTED.join(_BLANK_LINES.sub("\n", tex.strip()) for tex in formulas)


def parted(stack: str) -> list[str]:
    """The formulas of a picture."""
    return _BLANK_LINES.split(stack)
