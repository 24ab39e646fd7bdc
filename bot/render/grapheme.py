"""Where a text may be split without tearing what a reader sees as one character (Unicode's UAX #29, by wcwidth)."""

from __future__ import annotations

from bisect import bisect_left

from wcwidth import iter_graphemes

_ZERO_WIDTH_JOINER = "\u200d"


class Graphemes:
    """Finds the boundaries of one text's grapheme clusters; each stretch of it is read once.

    An ASCII character begins a stretch: no rule looks back beyond it. A boundary depends on the text before it and on
    one character behind it, so that more text changes none.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # The stretches that were read: where each starts, by where it ends, and the boundaries within.
        self._starts: dict[int, int] = {}
        self._ends: list[int] = []
        self._boundaries: set[int] = set()

    def is_boundary(self, index: int) -> bool:
        """Whether a split before `text[index]` leaves whole grapheme clusters on both sides."""
        if index <= 0 or index >= len(self._text):
            return True
        before, after = self._text[index - 1], self._text[index]
        if after < "\x80":
            return not (before == "\r" and after == "\n") and (
                before < "\x80" or self._is_read_boundary(index)
            )
        return self._is_read_boundary(index)

    def _is_read_boundary(self, index: int) -> bool:
        number = bisect_left(self._ends, index)
        if number == len(self._ends) or self._starts[self._ends[number]] >= index:
            self._read(index, number)
        return index in self._boundaries

    def _read(self, index: int, number: int) -> None:
        start, end = index - 1, index
        while start > 0 and self._text[start] >= "\x80":
            start -= 1
        while end < len(self._text) and self._text[end] >= "\x80":
            end += 1
        at = start
        for cluster in iter_graphemes(self._text, start, min(end + 1, len(self._text))):
            at += len(cluster)
            if at <= end:
                self._boundaries.add(at)
        self._ends.insert(number, end)
        self._starts[end] = start


def is_unfinished(text: str) -> bool:
    """Whether the last cluster of a text that goes on is certain to lack something."""
    if not text:
        return False
    last = text[-1]
    return last == _ZERO_WIDTH_JOINER or (_is_regional(last) and _regionals_at_end(text) % 2 == 1)


def _is_regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _regionals_at_end(text: str) -> int:
    start = len(text)
    while start > 0 and _is_regional(text[start - 1]):
        start -= 1
    return len(text) - start
