"""What a change of a prompt has changed, line by line; pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from itertools import islice

from bot.conversation.visible import revealed

LINE_CHARS = 100
"""A longer line is compared sentence by sentence, because a prompt is often one long paragraph."""

CONTEXT_LINES = 2
"""So many unchanged lines stand before and behind each change."""

_SPACE, _TAB, _END = "·", "→", "↵"
"""The signs for a space, a tab and the end of a line."""

_SIGNS = str.maketrans({" ": _SPACE, "\t": _TAB, "\n": f"{_END}\n"})
_SENTENCE_END = re.compile(rf"(?<=[.!?;:])\s+|(?<=[.!?;:])(?={_SPACE})")


def difference(before: str, after: str) -> str:
    """Return the lines that went, with `-`, and those that came, with `+`, among their unchanged neighbours.

    Invisible characters are shown by number. Spaces are shown as signs at the end of a line, and everywhere if
    nothing else differs.
    """
    before, after = revealed(before), revealed(after)
    return _compared(before, after) or _compared(before.translate(_SIGNS), after.translate(_SIGNS))


def _compared(before: str, after: str) -> str:
    compared = difflib.unified_diff(list(_lines(before)), list(_lines(after)), lineterm="", n=CONTEXT_LINES)
    # Behind the names of files and the first heading; the further headings stand for lines that are left out.
    return "\n".join("…" if line.startswith("@@ ") else line for line in islice(compared, 3, None))


def _lines(text: str) -> Iterator[str]:
    for line in text.split("\n") if text else ():
        visible = line.rstrip(" \t")
        shown = visible + line[len(visible) :].translate(_SIGNS)
        yield from _SENTENCE_END.split(shown) if len(shown) > LINE_CHARS else [shown]
