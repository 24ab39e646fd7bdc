"""What a change of a prompt has changed, line by line; pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import islice

LINE_CHARS = 100
"""A longer line is compared sentence by sentence, because a prompt is often one long paragraph."""

CONTEXT_LINES = 2
"""So many unchanged lines stand before and behind each change."""

_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+")


def difference(before: str, after: str) -> str:
    """Return the lines that went, with `-`, and those that came, with `+`, among their unchanged neighbours."""
    compared = difflib.unified_diff(list(_lines(before)), list(_lines(after)), lineterm="", n=CONTEXT_LINES)
    # Behind the names of files and the first heading; the further headings stand for lines that are left out.
    return "\n".join("…" if line.startswith("@@ ") else line for line in islice(compared, 3, None))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from _SENTENCE_END.split(line) if len(line) > LINE_CHARS else [line]
