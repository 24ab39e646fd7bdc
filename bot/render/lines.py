"""Read Markdown line by line: code blocks, and the beginnings of blocks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

# A longer run is no fence; the fence is repeated in every message of a long code block.
FENCE_MARKER_MAX_CHARS = 16
# A longer line is no fence; it would be held back while it streams.
FENCE_INFO_MAX_CHARS = 100
# Limit of a language's name; the rest of an info string is not repeated.
LANGUAGE_MAX_CHARS = 32
# Limit of the indentation that the closing line of a nested code block repeats.
CLOSING_LEAD_MAX_CHARS = 24

# Deeper quotes are text; quote marks are repeated in every message of a long quote.
QUOTE_DEPTH_MAX = 8

_QUOTE = re.compile(rf"[ \t]{{0,3}}(?:>[ \t]?){{0,{QUOTE_DEPTH_MAX}}}")
_BULLETS = re.compile(r"(?>(?:[ \t]*+(?:[-*+]|\d{1,9}[.)])[ \t]++)*)[ \t]*+")
_FENCE = re.compile(r"(?P<marker>`{3,}(?!`)|~{3,}(?!~))(?P<info>[^\r\n]*)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_HEADING = re.compile(r" {0,3}(?:#{1,6}|-#)(?:[ \t]|$)")
_ROW = re.compile(r"[ \t]*\|(?!\|)")


class Kind(Enum):
    """The block that a line belongs to or begins."""

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
    """A code block, with the text that reopens and closes it.

    `indent` is its distance from the quote marks, `lead` the text before the closing fence.
    """

    marker: str
    language: str = ""
    quote: str = ""
    lead: str = ""
    indent: int = 0

    @property
    def opening(self) -> str:
        """The line that opens the block at the start of a message, where Discord trims indentation."""
        return f"{self.quote}{self.marker}{self.language}\n"

    @property
    def closing(self) -> str:
        """The line break and the line that close the block."""
        return f"\n{self.lead}{self.marker}"

    @property
    def depth(self) -> int:
        """The number of quotes around it."""
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
        """The number of quotes around it."""
        return self.quote.count(">")

    @property
    def closing(self) -> str:
        """The text that closes a message that ends with this line."""
        return self.fence.closing if self.fence and self.kind is not Kind.CLOSE else ""


def read_line(text: str, start: int, end: int, after: int, fence: Fence | None) -> tuple[Line, Fence | None]:
    """Read one line; returns the line and the code block open after it."""
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
    """Finds the visible end of prefixes of one text.

    Trailing blanks and the marks of a quote's empty last lines are not visible: Discord trims blanks, and would
    show a mark without a blank behind it as text. Each blank line is read once.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        # The visible ends of prefixes that end at the start of a line.
        self._known = {0: 0}

    def end_before(self, end: int) -> int:
        """The visible end of `text[:end]`."""
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
    """The visible end of `text[:end]`."""
    return ShownText(text).end_before(end)


def seems_to_open(text: str, start: int, end: int) -> bool:
    """Whether a line that ends at `end` would open a code block."""
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
        # Any blank may follow: Discord trims the end of a message, and then the line closes the block.
        rest = text[content + indent : end].rstrip()
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
    # With blanks: the rest of a line that is longer than a message must not open a block.
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
