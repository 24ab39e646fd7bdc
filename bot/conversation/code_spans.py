"""The code spans of a message: pure, linear in its length."""

from __future__ import annotations

import re

_BACKTICKS = re.compile(r"(?P<escape>(?<!\\)\\*)(?P<ticks>`+)")


def code_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of inline and fenced code: from a run of backticks to the next run of the same length."""
    runs = [
        (found.start("ticks"), found.end(), len(found["escape"]) % 2) for found in _BACKTICKS.finditer(text)
    ]
    spans: list[tuple[int, int]] = []
    after = 0
    later: dict[int, list[int]] = {}
    for number in range(len(runs) - 1, -1, -1):
        start, end, _ = runs[number]
        later.setdefault(end - start, []).append(number)
    for number, (start, end, escaped) in enumerate(runs):
        if number < after:
            continue
        length = end - start - escaped
        closing = later.get(length, [])
        while closing and closing[-1] <= number:
            closing.pop()
        if length and closing:
            spans.append((start + escaped, runs[closing[-1]][1]))
            after = closing[-1] + 1
    return spans
