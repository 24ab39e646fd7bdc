"""Write a table."""

from __future__ import annotations

from collections.abc import Callable

from bot.render.restyle.shapes import quote_of
from bot.render.restyle.source import Source
from bot.render.restyle.table import ROW_MAX_CHARS, ROWS_MAX, Table, cells, shown, sides

# The most rows of a growing table that are formatted: about as many as a message holds.
_ROWS_SHOWN = 40


class Rows:
    """Writes one table when its last row is known; until then `provisional` stands for it.

    `lead` is written before each of its lines, `inline` restyles a cell.
    """

    def __init__(
        self, source: Source, header: str, delimiters: str, lead: str, inline: Callable[[str], str]
    ) -> None:
        self.over = False
        self._source = source
        self._columns = len(sides(delimiters))
        self._table = Table(cells(header, self._columns), sides(delimiters))
        self._lead = lead
        # Whether the header has outer bars; then the rows have them too.
        self._bars = header.lstrip().startswith("|")
        self._inline = inline
        # The number of characters of the source that belong to the table, and whether they end with a line break.
        self._taken = 0
        self._ended = False
        self._shown = ""
        self._shown_rows = -1

    @property
    def provisional(self) -> str:
        """The complete rows that fit into a message; formatted again only after a further row."""
        count = min(len(self._table.rows), _ROWS_SHOWN)
        if self._shown_rows != count:
            begun = Table(self._table.header, self._table.sides, self._table.rows[:count])
            self._shown, self._shown_rows = self._text(begun), count
        return self._shown

    def take_head(self, after: int, *, before: int = 0) -> None:
        """Take the header and delimiter rows up to `after`, and `before` characters that were taken already."""
        self._taken = before
        self._skip(after)

    def take_line(self) -> bool:
        """Take the next line if it is a row; returns whether it is certain that the line is a row or none."""
        line = self._source.line(self._source.at)
        inside = line.text[len(quote_of(line.text)) :] if ">" in self._lead else line.text
        inside = inside.strip()
        bar = inside.startswith("|") if self._bars or not line.ended else "|" in inside
        may_be = len(line.text) <= ROW_MAX_CHARS and (
            bar or (not line.ended and (not inside or not self._bars))
        )
        if may_be and not line.ended:
            return False
        if not may_be:
            self.finish()
            return True
        self._table.rows.append(cells(inside, self._columns))
        self._skip(line.after)
        if len(self._table.rows) == ROWS_MAX:
            self._begin_again()
        return True

    def finish(self) -> None:
        """Its rows are over."""
        self.over = True
        if self._taken:  # else it was over where it began again
            text = self._text(self._table) + ("\n" if self._ended else "")
            self._source.out.put(text, self._taken)

    def _skip(self, after: int) -> None:
        source = self._source
        self._taken += after - source.at
        self._ended = source.text[after - 1] == "\n"
        source.at = after

    def _begin_again(self) -> None:
        """Write the rows so far; those that come make another table with the same header."""
        self.finish()
        self.over = False
        self._table = Table(self._table.header, self._table.sides)
        self._taken = 0
        self._shown_rows = -1

    def _text(self, table: Table) -> str:
        lines = shown(table, self._inline)
        empty = self._lead if ">" in self._lead else ""  # a blank line would end the quote
        return "\n".join(self._lead + line if line else empty for line in lines)
