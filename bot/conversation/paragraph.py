"""Texts of one reply with a call of a tool between them, as paragraphs; pure."""

from __future__ import annotations

_GAP = "\n\n"


def as_paragraph(behind: str, text: str) -> str:
    """Return a text as a paragraph behind another text; one blank line parts them, however both write it."""
    text = text.lstrip("\n")
    ended = len(behind) - len(behind.rstrip("\n"))
    return f"{_GAP[ended:]}{text}" if text else ""
