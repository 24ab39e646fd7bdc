"""Show tables, which Discord does not know, as aligned text or as lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from wcwidth import wcswidth

from bot.render.inline import scan_inline

# Characters in a line of code on a phone: a width of 360 to 430 dp, less about 100 dp for Discord's avatar and
# margins, at 7 to 8 dp for a character, gives 33 to 47 (estimated, not measured). Usual phones of 400 dp show 44.
# Narrower phones wrap the longest lines, which is easier to read than a list with a line for each cell.
PHONE_COLUMNS = 44
# Longer lines are no rows.
ROW_MAX_CHARS = 4000
# A longer table is split into several with the same header, so that it is not held back too long.
ROWS_MAX = 200
_GAP = "  "

_DELIMITERS = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?>(?:\|[ \t]*+:?-++:?[ \t]*+)*)\|?[ \t\r]*+")
_DELIMITERS_BEGUN = re.compile(r"[ \t|:-]*\r?")
_CELL_END = re.compile(r"(?<!\\)(?:\\\\)*\|")
_LINK = re.compile(r"\[((?>(?:[^\[\]\\]|\\.)*))\]\(<?([^()\s<>]*+(?>(?:\([^()\s]*+\)[^()\s]*+)*))>?[^()]*+\)")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_TICKS = re.compile(r"`+")
_FENCE = re.compile("`(?=``)|(?<=`)`(?=`)")


@dataclass(slots=True)
class Table:
    """A table: cells in Markdown; `sides` holds the alignment of each column, one of `<>^`."""

    header: list[str]
    sides: str
    rows: list[list[str]] = field(default_factory=list)


def cells(line: str, columns: int = 0) -> list[str]:
    """The cells of a row; `\\|` is no border (GFM 0.29, section 4.10).

    In a row with more cells than `columns`, a bar within inline code is no border either. GFM would split the code
    and drop the surplus cells.
    """
    line = line.strip()
    line = line.removeprefix("|")
    found: list[str] = []
    start = 0
    for border in _CELL_END.finditer(line):
        found.append(line[start : border.end() - 1])
        start = border.end()
    if line[start:].strip() or not found:
        found.append(line[start:])
    if 0 < columns < len(found) and "`" in line:
        whole = _with_whole_code(found)
        found = whole if len(whole) >= columns else found
    return [cell.strip().replace("\\|", "|") for cell in found]


def _with_whole_code(pieces: list[str]) -> list[str]:
    whole: list[str] = []
    ticks = 0
    for piece in pieces:
        if ticks:
            whole[-1] += f"|{piece}"
        else:
            whole.append(piece)
        for run in _TICKS.findall(piece):
            ticks = len(run) if not ticks else 0 if ticks == len(run) else ticks
    return whole


def is_delimiter_row(line: str) -> bool:
    """Whether a line is the delimiter row below a table's header."""
    return _DELIMITERS.fullmatch(line) is not None and ("|" in line or ":" in line)


def may_be_delimiter_row(line: str) -> bool:
    """Whether the beginning of a line may become a delimiter row."""
    return _DELIMITERS_BEGUN.fullmatch(line) is not None


def sides(line: str) -> str:
    """The alignment of each column."""
    marks = {(True, True): "^", (False, True): ">"}
    return "".join(
        marks.get((cell.startswith(":"), cell.endswith(":") and len(cell) > 1), "<") for cell in cells(line)
    )


def shown(table: Table, inline: Callable[[str], str]) -> list[str]:
    """The lines that show a table: a code block, or a list of records if it is too wide for a phone.

    `inline` restyles the text of a cell.
    """
    count = max(len(table.header), *(len(row) for row in table.rows), 1)
    rows = [[inline(cell) for cell in row] + [""] * (count - len(row)) for row in [table.header, *table.rows]]
    grid = [[[_plain(line) for line in cell.split("\n")] for cell in row] for row in rows]
    widths = [max(1, *(width(line) for row in grid for line in row[column])) for column in range(count)]
    if sum(widths) + len(_GAP) * (count - 1) <= PHONE_COLUMNS:
        return _aligned(grid, widths, table.sides.ljust(count, "<"))
    return _records(rows)


def width(text: str) -> int:
    """The width of a text in columns of a fixed-width font."""
    columns = wcswidth(text)
    return columns if columns >= 0 else len(text)


def _plain(markdown: str) -> str:
    """The visible text of a cell's Markdown; a link keeps its address."""
    # Discord ends a code block at three backticks anywhere.
    return _FENCE.sub("`\u200b", _unmarked(markdown).replace("\t", " "))


def _unmarked(markdown: str) -> str:
    inline = scan_inline(markdown, 0, len(markdown), ended=True)
    replaced: list[tuple[int, int, str]] = []
    for pair in inline.pairs:
        inner = pair.start + len(pair.marker), pair.end - len(pair.marker)
        if pair.marker[0] == "`":
            replaced.append((pair.start, pair.end, markdown[slice(*inner)].strip()))
        else:
            replaced += [(pair.start, inner[0], ""), (inner[1], pair.end, "")]
    for piece in inline.pieces:
        link = _LINK.fullmatch(markdown, piece.start, piece.end)
        whole = markdown[piece.start : piece.end]
        replaced.append((piece.start, piece.end, _shown_link(link) if link else whole))
    text, at = "", 0
    for start, end, shown in sorted(replaced):
        text += _ESCAPE.sub(r"\1", markdown[at:start]) + shown
        at = end
    return text + _ESCAPE.sub(r"\1", markdown[at:])


def _shown_link(link: re.Match[str]) -> str:
    label, address = _unmarked(link[1]), link[2]
    return label if label == address else f"{label} ({address})"


def _aligned(grid: list[list[list[str]]], widths: list[int], aligned: str) -> list[str]:
    lines = ["```"]
    for number, row in enumerate(grid):
        for texts in zip_longest(*row, fillvalue=""):
            padded = [_pad(*column) for column in zip(texts, widths, aligned, strict=False)]
            lines.append(_GAP.join(padded).rstrip())
        if number == 0:
            lines.append(_GAP.join("─" * columns for columns in widths))
    return [*lines, "```"]


def _pad(text: str, columns: int, side: str) -> str:
    blank = columns - width(text)
    left = {"<": 0, ">": blank}.get(side, blank // 2)
    return " " * left + text + " " * (blank - left)


def _records(rows: Sequence[Sequence[str]]) -> list[str]:
    header, *records = rows
    names = [_bold(name) for name in header]
    if not records:
        return [" · ".join(name for name in names if name)]
    lines: list[str] = []
    for record in records:
        if lines:
            lines.append("")
        for name, value in zip(names, record, strict=True):
            if name or value:
                lines += f"{name} {value or '–'}".strip().split("\n")
    return lines


def _bold(name: str) -> str:
    flat = " ".join(name.split())
    unmarked = flat[2:-2] if flat.startswith("**") and flat.endswith("**") and len(flat) > 4 else flat
    return f"**{unmarked.rstrip(':')}:**" if unmarked else ""
