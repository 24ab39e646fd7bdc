"""Text that Discord shows as it is written: as code, or escaped."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[*_~`\\]|\|(?=\|)|(?<=\|)\||<(?=[@#:/a-z])|^[>#-]")
_TICKS = re.compile(r"`+")
# Separates delimiters, and is invisible.
ZERO_WIDTH_SPACE = "\u200b"


def as_code(text: str) -> str:
    """Inline code that holds the text, its line breaks as blanks."""
    return code_span(" ".join(text.split()))


def code_span(text: str) -> str:
    """Inline code that holds a text of one line.

    Discord reads one or two backticks as inline code and three as a code block. If the text holds runs of both
    lengths, or longer runs, zero-width spaces separate all its backticks; copying the code copies them too.
    """
    lengths = {len(run) for run in _TICKS.findall(text)}
    if lengths >= {1, 2} or max(lengths, default=0) > 2:
        text = text.replace("``", f"`{ZERO_WIDTH_SPACE}`").replace("``", f"`{ZERO_WIDTH_SPACE}`")
        lengths = {1}
    marker = "``" if 1 in lengths else "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{marker}{pad}{text}{pad}{marker}" if text else ""


def escaped(text: str) -> str:
    """The text with Discord's Markdown escaped."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def escaped_lines(text: str) -> str:
    """A text of several lines, escaped."""
    return "\n".join(escaped(line) for line in text.split("\n"))
