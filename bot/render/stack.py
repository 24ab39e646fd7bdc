"""Which formulas of a message stand in one picture: Discord crops pictures that stand side by side."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.render.restyle.tex import lines_of

# Longer formulas are read in their source; a hostile one ends here. So does a stack of them.
TEX_MAX_CHARS = 2000
LINES_MAX = 30
# Blank lines, which TeX does not allow within a formula, part the formulas of a picture.
PARTED = "\n\n"
_BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(slots=True)
class Stacks:
    """Formulas in their order, in as few pictures as hold them; those before the last one do not change any more."""

    stacks: list[list[str]] = field(default_factory=list)
    _chars: int = 0
    _lines: int = 0

    def add(self, tex: str) -> None:
        """Put one more below the others."""
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
