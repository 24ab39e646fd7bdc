"""The mark of an unfinished reply.

The mark is a text cursor. It is read back after a crash, so it contains no character that Discord might strip
(Discord documents that it strips invisible and unusual characters) and no word.
"""

from __future__ import annotations

from bot.conversation.status_wording import is_status
from bot.render.measure import units

CURSOR = "▌"
# A blank and the cursor.
MARK_UNITS = 1 + units(CURSOR)
# Units that a message leaves free for the mark and for a backslash at either end (see `escape_mark` and `Layout`).
RESERVED_UNITS = MARK_UNITS + 2
_MARKS = (" " + CURSOR, "\n" + CURSOR)


def marked(text: str) -> str:
    """The text with the mark at its end, MARK_UNITS longer; below a code block, on its own line."""
    last = text[text.rfind("\n") + 1 :].lstrip(" >")
    fenced = last.startswith(("```", "~~~")) and not last.strip("`~")
    return text + _MARKS[1 if fenced else 0]


def is_marked(content: str) -> bool:
    """Whether the content of a message carries the mark."""
    return content.endswith(_MARKS)


def unmarked(content: str) -> str:
    """The content of a message without the mark, and without a status line before the mark."""
    if not is_marked(content):
        return content
    text = content[:-MARK_UNITS]
    above, _, last = text.rpartition("\n")
    return above if above and is_status(last) else text


def escape_mark(text: str) -> str:
    """The text, with a backslash (not shown by Discord) if the text itself ends like the mark."""
    if is_marked(text) or text == CURSOR:
        return f"{text[: -len(CURSOR)]}\\{CURSOR}"
    return text
