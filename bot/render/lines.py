"""Markdown, line by line: which lines are code, and where blocks begin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

# Longer than any that is meant as a fence; it is repeated in every message of a long code block.
FENCE_MARKER_MAX_CHARS = 16
# A line of three backticks and much text is no fence that anybody meant, and would be held back while it
# streams.
FENCE_INFO_MAX_CHARS = 100
# What names a language in Discord; the rest of an info string is not repeated.
LANGUAGE_MAX_CHARS = 32
# Indentation that the closing line of a nested code block repeats; beyond it, looks do not matter any more.
CLOSING_LEAD_MAX_CHARS = 24

# Deeper quotes are ornament, or hostile; their marks are repeated in every message of a long one.
QUOTE_DEPTH_MAX = 8

_QUOTE = re.compile(rf"[ \t]{{0,3}}(?:>[ \t]?){{0,{QUOTE_DEPTH_MAX}}}")
_BULLETS = re.compile(r"(?:[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++)*+[ \t]*+")
_FENCE = re.compile(r"(?P<marker>`{3,}(?!`)|~{3,}(?!~))(?P<info>[^\r\n]*)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_HEADING = re.compile(r" {0,3}(?:#{1,6}|-#)(?:[ \t]|$)")
_ROW = re.compile(r"[ \t]*\|(?!\|)")


class Kind(Enum):
    """What a line is."""

    BLANK = auto()
    TEXT = auto()
    ITEM = auto()
    HEADING = auto()
    ROW = auto()
    OPEN = auto()
    CODE = auto()
    CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Fence:
    """A code block: what reopens it in the next message, and what closes it.

    `indent` is how far it stands to the right of its quote, `lead` what its closing line begins with.
    """

    marker: str
    language: str = ""
    quote: str = ""
    lead: str = ""
    indent: int = 0

    @property
    def opening(self) -> str:
        """The line that opens it at the start of a message, where indentation would be trimmed."""
        return f"{self.quote}{self.marker}{self.language}\n"

    @property
    def closing(self) -> str:
        """The line break and the line that close it."""
        return f"\n{self.lead}{self.marker}"

    @property
    def depth(self) -> int:
        """How many quotes it stands in."""
        return self.quote.count(">")


class Line(NamedTuple):
    """`text[start:end]` without its line break; `after` is where the next line starts.

    `content` is where the text behind quote marks, indentation and bullets begins; `indent` counts the blanks
    behind the quote marks. `fence` is the code block that the line belongs to.
    """

    kind: Kind
    start: int
    content: int
    end: int
    after: int
    indent: int
    quote: str
    fence: Fence | None

    @property
    def depth(self) -> int:
        """How many quotes it stands in."""
        return self.quote.count(">")

    @property
    def closing(self) -> str:
        """What closes a message that ends with it."""
        return self.fence.closing if self.fence and self.kind is not Kind.CLOSE else ""


def read_line(text: str, start: int, end: int, after: int, fence: Fence | None) -> tuple[Line, Fence | None]:
    """One line, with the code block that is open after it."""
    if fence is None and text[start : start + 1].isalpha():  # no mark of a block begins with a letter
        return Line(Kind.TEXT, start, start, end, after, 0, "", None), None
    quote_match = _QUOTE.match(text, start, end)
    quote_end = quote_match.end() if quote_match and ">" in quote_match.group() else start
    quote = text[start:quote_end]
    if fence is not None and quote.count(">") >= fence.depth:
        return _read_code(text, start, end, after, fence)
    indent = _indent(text, quote_end, end)
    bullets = _BULLETS.match(text, quote_end, end)
    content = bullets.end() if bullets else quote_end
    opened = _open_fence(text, quote, quote_end, content, end)
    if opened is not None:
        kind = Kind.OPEN
    elif not text[quote_end:end].strip():
        kind = Kind.BLANK
    else:
        kind = _kind(text, quote_end, end)
    return Line(kind, start, content, end, after, indent, quote, opened), opened


class ShownText:
    """Tells where what shows of the beginnings of one text ends.

    That is before blanks, and before the marks of a quote's last, empty lines: Discord trims the blanks, and a mark
    without the blank behind it would be shown as text. Many blank lines are walked over but once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # What is known of the beginnings that end where a line begins.
        self._known = {0: 0}

    def end_before(self, end: int) -> int:
        """Where what shows of `text[:end]` ends."""
        passed: list[int] = []
        while end not in self._known:
            start = self._text.rfind("\n", 0, end) + 1
            kept = self._text[start:end].rstrip()
            if kept.strip("> \t"):
                end = start + len(kept)
                break
            passed.append(start)
            end = start if start < end else end - 1
        else:
            end = self._known[end]
        self._known.update((start, end) for start in passed if start)
        return end


def shown_end(text: str, end: int) -> int:
    """The same for one place."""
    return ShownText(text).end_before(end)


def seems_to_open(text: str, start: int, end: int) -> bool:
    """Whether a line cut off at `end` would open a code block."""
    return read_line(text, start, end, end, None)[0].kind is Kind.OPEN


def _read_code(text: str, start: int, end: int, after: int, fence: Fence) -> tuple[Line, Fence | None]:
    content, depth = start, fence.depth
    for _ in range(depth):
        content = text.index(">", content) + 1
    if depth and text[content : content + 1] == " ":
        content += 1
    indent = _indent(text, content, end)
    closes = False
    if text.startswith(fence.marker, content + indent, end):
        rest = text[content + indent : end].rstrip(" \t\r")
        # What stands further to the right is code (CommonMark 0.31, section 4.5).
        closes = indent <= fence.indent + 3 and not rest.strip(fence.marker[0])
    kind = Kind.CLOSE if closes else Kind.CODE
    line = Line(kind, start, content, end, after, indent, fence.quote, fence)
    return line, None if closes else fence


def _open_fence(text: str, quote: str, quote_end: int, content: int, end: int) -> Fence | None:
    match = _FENCE.match(text, content, end)
    if match is None:
        return None
    marker, info = match["marker"], match["info"].strip()
    # With its blanks: a line that is longer than a message is cut, and what is left of it must open nothing.
    if len(marker) > FENCE_MARKER_MAX_CHARS or len(match["info"]) > FENCE_INFO_MAX_CHARS:
        return None
    if marker[0] == "`" and "`" in info:
        return None
    language = info.split()[0] if info else ""
    quote = "> " * quote.count(">")
    lead = quote + " " * (content - quote_end)
    return Fence(
        marker=marker,
        language=language if len(language) <= LANGUAGE_MAX_CHARS else "",
        quote=quote,
        lead=lead if len(lead) <= CLOSING_LEAD_MAX_CHARS else quote,
        indent=content - quote_end,
    )


def _kind(text: str, start: int, end: int) -> Kind:
    if _ITEM.match(text, start, end):
        return Kind.ITEM
    if _HEADING.match(text, start, end):
        return Kind.HEADING
    if _ROW.match(text, start, end):
        return Kind.ROW
    return Kind.TEXT


def _indent(text: str, start: int, end: int) -> int:
    index = start
    while index < end and text[index] in " \t":
        index += 1
    return index - start
