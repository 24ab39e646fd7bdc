"""Delimiters that are shown as they are, in code, in addresses and in names."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

# Discord's rules of emphasis skip an escaped character, also in code.
_TOKEN = re.compile(r"\\(?:[\s\S]|\Z)|\*+|_+|~+")


@dataclass(slots=True)
class Literals:
    """Counts them, since Discord ends an emphasis also with a delimiter that stands in code.

    Discord's rules take them in twos; so they are counted: `***` is one of `**` and one of `*`.
    """

    _counts: Counter[str] = field(default_factory=Counter)
    # The last token of the text, which the next text may continue.
    _unfinished: str = ""

    def add(self, text: str) -> None:
        """Take text that is shown as it is."""
        text = self._unfinished + text
        self._unfinished = ""
        for token in _TOKEN.finditer(text):
            if token.end() == len(text):
                self._unfinished = token.group()
            else:
                self._count(token.group())

    def counts(self) -> dict[str, int]:
        """The counts so far, by delimiter; the text ends here."""
        self._count(self._unfinished)
        self._unfinished = ""
        return dict(self._counts)

    def _count(self, token: str) -> None:
        if token and token[0] != "\\":
            self._counts[token[0]] += len(token) % 2
            self._counts[2 * token[0]] += len(token) // 2
