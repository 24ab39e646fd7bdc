"""Text of any length, cut to a limit; pure."""

from __future__ import annotations

from bot.files.result import Problem, Words


def shortened(text: str, limit: int) -> Words | Problem:
    """Return the text, cut in its middle to about `limit` characters; EMPTY if it is blank."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    if not text.strip():
        return Problem.EMPTY
    left_out = len(text) - limit
    if left_out <= 0:
        return Words(text)
    head = text[: limit * 2 // 3]
    tail = text[len(text) - (limit - len(head)) :]
    return Words(f"{head}\n[… {left_out:,} characters of this file are left out here …]\n{tail}", left_out)
