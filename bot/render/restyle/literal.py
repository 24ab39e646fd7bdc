"""Text that Discord shows as it is written: as code, or escaped."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[*_~`\\]|\|(?=\|)|(?<=\|)\||<(?=[@#:/a-z])|^[>#-]")
_TICKS = re.compile(r"`+")


def as_code(text: str) -> str:
    """Inline code that holds the text, its line breaks as blanks."""
    flat = " ".join(text.split())
    marker = "`" * (max((len(run) for run in _TICKS.findall(flat)), default=0) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{marker}{pad}{flat}{pad}{marker}" if flat else ""


def escaped(text: str) -> str:
    """The text with what Discord would take for Markdown made harmless."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def escaped_lines(text: str) -> str:
    """A text of several lines, escaped."""
    return "\n".join(escaped(line) for line in text.split("\n"))
