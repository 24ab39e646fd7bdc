"""How Discord counts a message."""

from __future__ import annotations

import unicodedata

# Discord, resources/message: the content of a message that a bot posts.
MESSAGE_LIMIT_UNITS = 2000


def units(text: str) -> int:
    """The length of a text in UTF-16 code units.

    Discord's servers count code points and its clients UTF-16 units (discord-api-docs, issue 1315); a text
    that fits by the larger of the two fits by both.
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fitting(text: str, room: int) -> int:
    """How many characters from the start of a text fit into `room` UTF-16 units."""
    if text.isascii() or units(text) <= room:
        return min(len(text), max(room, 0))
    head = text.encode("utf-16-le", "surrogatepass")[: 2 * max(room, 0)]
    return len(head.decode("utf-16-le", "ignore"))


def is_visible(text: str) -> bool:
    """Whether a text holds anything that Discord would show: it refuses a message that is blank."""
    return first_visible(text) < len(text)


def first_visible(text: str) -> int:
    """Where the first character stands that Discord would show; the length of the text if there is none."""
    seen = (at for at, char in enumerate(text) if not char.isspace() and unicodedata.category(char)[0] != "C")
    return next(seen, len(text))
