"""What is open where one message ends and the next begins."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.render.lines import Fence, Kind, Line, read_line


@dataclass(frozen=True, slots=True)
class Context:
    """How a message begins: in a code block, in inline `markers` (outermost first), or in a `broken` line.

    `quote` holds the quote marks of the broken line; `trimmed` is the width of the indentation that the first
    line has lost, because Discord trims it.
    """

    fence: Fence | None = None
    markers: tuple[str, ...] = ()
    quote: str = ""
    broken: bool = False
    trimmed: int = 0

    @property
    def opening(self) -> str:
        """What is put before the reply's own text."""
        if self.fence is not None:
            return self.fence.opening + (self.fence.quote if self.broken else "")
        return self.quote + "".join(self.markers)


def read_message(text: str, context: Context, *, whole: bool) -> tuple[list[Line], Fence | None]:
    """The lines of a message's own text, with the code block that is open after them.

    A last line without a line break is left out, unless the text is `whole`.
    """
    lines: list[Line] = []
    return lines, continue_message(text, context, lines, context.fence, whole=whole)


def continue_message(
    text: str, context: Context, lines: list[Line], fence: Fence | None, *, whole: bool
) -> Fence | None:
    """Append to `lines` those that follow them in the text; returns the code block that is open then."""
    start = lines[-1].after if lines else 0
    while start < len(text):
        newline = text.find("\n", start)
        if newline < 0 and not whole:
            break
        end, after = (newline, newline + 1) if newline >= 0 else (len(text), len(text))
        if start == 0 and context.broken:
            kind = Kind.CODE if context.fence else Kind.TEXT
            lines.append(Line(kind, 0, 0, end, after, 0, context.quote, context.fence))
        else:
            line, fence = read_line(text, start, end, after, fence)
            if start == 0 and context.trimmed and line.kind is Kind.OPEN and fence is not None:
                fence = replace(fence, indent=fence.indent + context.trimmed)
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
