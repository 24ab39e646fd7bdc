"""The preview of a growing message: all markup closed, without text that is still uncertain."""

from __future__ import annotations

import re

from bot.render.grapheme import is_unfinished
from bot.render.inline import Inline, scan_inline
from bot.render.lines import Fence, Kind, Line, seems_to_open, shown_end
from bot.render.open_markup import OpenMarkup, continue_message, continues

# A line of block marks only: its block is not known yet.
_ONLY_MARKERS = re.compile(r"[\s>]*+(?>(?:(?:[-*+]|\d{1,9}[.)])\s*+)*)(?:\d{1,9}|#{1,6}\s*+)?")
# Characters that may mark the text that follows, and show nothing themselves.
_MARKERS = "*_~|`\\ "
_FENCE_BEGUN = re.compile(r"`+|~+")


def preview(tail: str, markup: OpenMarkup, lines: list[Line], fence: Fence | None) -> tuple[int, str] | None:
    """The length of `tail` to show and the markup that closes it, given the complete lines and the open code block.

    None if there is nothing to show.
    """
    shown = lines
    start = lines[-1].after if lines else 0
    if start < len(tail):
        partial = lines[-1:]
        continue_message(tail, markup, partial, fence, whole=True)
        if _is_certain(tail, partial[-1]):
            shown = [*lines, partial[-1]]
    if not shown or shown[-1].kind in (Kind.BLANK, Kind.OPEN, Kind.CODE, Kind.CLOSE):
        return _ended(tail, shown)
    return _paragraph(tail, markup, shown)


def _is_certain(tail: str, line: Line) -> bool:
    """Whether more text cannot change the block of an incomplete line."""
    if line.kind in (Kind.BLANK, Kind.OPEN):
        return False
    rest = tail[line.content : line.end].strip()
    if line.fence is not None:
        return bool(rest) and bool(rest.strip(line.fence.marker[0]))
    return not _ONLY_MARKERS.fullmatch(tail, line.start, line.end) and not _FENCE_BEGUN.fullmatch(rest)


def _ended(tail: str, lines: list[Line]) -> tuple[int, str] | None:
    """Complete blocks; no empty code block, which Discord would show as text."""
    for line in reversed(lines):
        empty = line.content + line.indent >= line.end
        if line.kind not in (Kind.BLANK, Kind.OPEN) and not (line.kind is Kind.CODE and empty):
            return shown_end(tail, line.end), line.closing
    return None


def close_paragraph(tail: str, markup: OpenMarkup, lines: list[Line]) -> tuple[int, str] | None:
    """The visible end of a truncated text, and the markers that close it.

    None if no marker is open. An incomplete link is text.
    """
    shown = [line for line in lines if line.kind is not Kind.BLANK]
    if not shown or shown[-1].kind in (Kind.OPEN, Kind.CODE, Kind.CLOSE):
        return None
    lines = lines[: lines.index(shown[-1]) + 1]
    start, last = lines[_first_of_paragraph(lines)].start, lines[-1]
    inline = scan_inline(tail, start, last.end, markup.markers if start == 0 else (), ended=False)
    end = last.end if tail[inline.held : last.end].strip(_MARKERS) else inline.held
    closed = _closed(tail, shown_end(tail, end), inline)
    return closed if closed[1] or closed[0] < shown_end(tail, last.end) else None


def _first_of_paragraph(lines: list[Line]) -> int:
    first = len(lines) - 1
    while first > 0 and continues(lines[first], lines[first - 1]):
        first -= 1
    return first


def _closed(tail: str, end: int, inline: Inline) -> tuple[int, str]:
    """The end of the text at which its open markers can be closed, and the closing markers."""
    opened = [(at, marker) for at, marker in inline.opened if at < end]
    while opened:
        at, marker = opened[-1]
        inside = tail[max(at, 0) + (len(marker) if at >= 0 else 0) : end]
        if not inside.strip(marker[0] + " \n\\"):
            opened.pop()
            end = max(at, 0)
        elif inside[-1] in (marker[0], "\\") and all(pair.end != end for pair in inline.pairs):
            end -= 1  # the last character would join the closing marker
        else:
            break
        end = shown_end(tail, end)
    return end, "".join(marker for _, marker in reversed(opened))


def _paragraph(tail: str, markup: OpenMarkup, lines: list[Line]) -> tuple[int, str] | None:
    first = _first_of_paragraph(lines)
    start, last = lines[first].start, lines[-1]
    ended = last.after > last.end and last.kind in (Kind.HEADING, Kind.ROW)
    markers = markup.markers if start == 0 else ()
    inline = scan_inline(tail, start, last.end, markers, ended=ended)
    end = inline.held
    if is_unfinished(tail[max(0, end - 8) : end]):
        end -= 1
    end, closing = _closed(tail, shown_end(tail, end), inline)
    line_start = tail.rfind("\n", 0, end) + 1
    shows = not _ONLY_MARKERS.fullmatch(tail, line_start, end) and not seems_to_open(tail, line_start, end)
    if line_start < end and not shows:
        end = shown_end(tail, line_start)
    if end <= start:
        return _ended(tail, lines[:first])
    return end, closing
