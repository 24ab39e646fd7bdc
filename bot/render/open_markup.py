"""The markup that is open at a split between two messages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.render.lines import Fence, Kind, Line, read_line


@dataclass(frozen=True, slots=True)
class OpenMarkup:
    """How a message begins: in a code block, in inline `markers` (outermost first), or in a `broken` line.

    `quote` holds the quote marks of the broken line; `trimmed` is the width of the indentation that Discord trims
    from the first line.
    """

    fence: Fence | None = None
    markers: tuple[str, ...] = ()
    quote: str = ""
    broken: bool = False
    trimmed: int = 0

    @property
    def opening(self) -> str:
        """The markup before the text of the message."""
        if self.fence is not None:
            return self.fence.opening + (self.fence.quote if self.broken else "")
        return self.quote + "".join(self.markers)


def read_message(text: str, markup: OpenMarkup, *, whole: bool) -> tuple[list[Line], Fence | None]:
    """The lines of a message's text, and the code block open after them.

    A last line without a line break is left out unless the text is `whole`.
    """
    lines: list[Line] = []
    return lines, continue_message(text, markup, lines, markup.fence, whole=whole)


def continue_message(
    text: str, markup: OpenMarkup, lines: list[Line], fence: Fence | None, *, whole: bool
) -> Fence | None:
    """Append the lines that follow `lines` in the text; returns the code block open after them."""
    start = lines[-1].after if lines else 0
    while start < len(text):
        newline = text.find("\n", start)
        if newline < 0 and not whole:
            break
        end, after = (newline, newline + 1) if newline >= 0 else (len(text), len(text))
        if start == 0 and markup.broken:
            kind = Kind.CODE if markup.fence else Kind.TEXT
            lines.append(Line(kind, 0, 0, end, after, 0, markup.quote, markup.fence))
        else:
            line, fence = read_line(text, start, end, after, fence)
            if start == 0 and markup.trimmed and line.kind is Kind.OPEN and fence is not None:
                fence = replace(fence, indent=fence.indent + markup.trimmed)
                line = line._replace(fence=fence)
            lines.append(line)
        start = after
    return fence


def continues(line: Line, before: Line) -> bool:
    """Whether a line belongs to the paragraph of the line before it."""
    return line.kind is Kind.TEXT and before.kind in (Kind.TEXT, Kind.ITEM) and line.depth == before.depth


def last_of_paragraph(lines: list[Line], index: int) -> int:
    """The index of the last line of the paragraph that a line belongs to."""
    while index + 1 < len(lines) and continues(lines[index + 1], lines[index]):
        index += 1
    return index
