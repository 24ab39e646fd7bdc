"""The mark of a reply that is still being written.

It is seen by everybody in every reply, so it is the cursor that everybody knows; and it is read back after a
crash, so it consists of nothing that Discord might strip (it documents that it strips invisible and odd
characters), and is no word of any language.
"""

from __future__ import annotations

from bot.render.measure import units

CURSOR = "▌"
# A blank and the cursor.
MARK_UNITS = 1 + units(CURSOR)
# What a message must leave free so that it can be marked: the mark, and a backslash at either end (see
# `escape_mark`, and `Layout`).
RESERVED_UNITS = MARK_UNITS + 2
_MARKS = (" " + CURSOR, "\n" + CURSOR)


def marked(text: str) -> str:
    """The text with the mark at its end, MARK_UNITS longer; below a code block, on its own line."""
    last = text[text.rfind("\n") + 1 :].lstrip(" >")
    fenced = last.startswith(("```", "~~~")) and not last.strip("`~")
    return text + _MARKS[1 if fenced else 0]


def is_marked(content: str) -> bool:
    """Whether what a message shows says of itself that its reply is unfinished."""
    return content.endswith(_MARKS)


def unmarked(content: str) -> str:
    """What a marked message shows besides the mark."""
    return content[:-MARK_UNITS] if is_marked(content) else content


def escape_mark(text: str) -> str:
    """The text, changed (by a backslash that Discord does not show) where it would pass for a marked one."""
    if is_marked(text) or text == CURSOR:
        return f"{text[: -len(CURSOR)]}\\{CURSOR}"
    return text
