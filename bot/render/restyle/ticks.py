"""Runs of backticks within a code block."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.render.restyle.literal import ZERO_WIDTH_SPACE

_RUN = re.compile(r"`+")


@dataclass(slots=True)
class Ticks:
    """Parts every run so that Discord does not take three backticks in it for the end of the code block.

    Between the second and the third stands a zero-width space; it is copied along with the code. Runs may go on
    from one piece of code to the next.
    """

    _run: int = 0

    def parted(self, code: str) -> str:
        """The next piece of the code."""
        if "`" not in code:
            self._run = 0
            return code
        if code[0] != "`":
            self._run = 0
        parted = _RUN.sub(lambda found: self._part(found.group(), first=found.start() == 0), code)
        self._run = self._run if code[-1] == "`" else 0
        return parted

    def _part(self, run: str, *, first: bool) -> str:
        before = self._run if first else 0
        self._run = before + len(run)
        return "".join(
            (ZERO_WIDTH_SPACE if number and number % 2 == 0 else "") + "`"
            for number in range(before, self._run)
        )
