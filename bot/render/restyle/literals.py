"""Delimiters that are shown as they are, in code, in addresses and in names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# Discord's rules of emphasis skip an escaped character, also in code.
_TOKEN = re.compile(r"\\(?:[\s\S]|\Z)|\*+|_+|~+")


@dataclass(slots=True)
class Literals:
    """Counts literal delimiters, because for Discord a delimiter in code also ends an emphasis.

    Discord's rules read delimiters in pairs, and so does the count: `***` is one of `**` and one of `*`.
    """

    _counts: Mapping[str, int] = field(default_factory=dict)
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

    def counts(self) -> Mapping[str, int]:
        """The counts so far, by delimiter; the text ends here."""
        if self._unfinished:
            self._count(self._unfinished)
            self._unfinished = ""
        return self._counts

    def _count(self, token: str) -> None:
        char = token[0]
        if char != "\\":
            found = {char: len(token) % 2, 2 * char: len(token) // 2}
            counted = {
                delimiter: self._counts.get(delimiter, 0) + count for delimiter, count in found.items()
            }
            self._counts = {**self._counts, **counted}
