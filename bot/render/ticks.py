"""Runs of backticks within a code block."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.render.restyle.literal import ZERO_WIDTH_SPACE

_RUN = re.compile(r"`+")


@dataclass(slots=True)
class Ticks:
    """Separates backticks in code so that Discord does not end the code block at three of them.

    A zero-width space is inserted after every second backtick; copying the code copies it too. A run may continue in
    the next piece of code.
    """

    _run: int = 0

    def separated(self, code: str) -> str:
        """The next piece of the code."""
        if "`" not in code:
            self._run = 0
            return code
        if code[0] != "`":
            self._run = 0
        separated = _RUN.sub(lambda found: self._part(found.group(), first=found.start() == 0), code)
        self._run = self._run if code[-1] == "`" else 0
        return separated

    def _part(self, run: str, *, first: bool) -> str:
        before = self._run if first else 0
        self._run = before + len(run)
        return "".join(
            (ZERO_WIDTH_SPACE if number and number % 2 == 0 else "") + "`"
            for number in range(before, self._run)
        )
