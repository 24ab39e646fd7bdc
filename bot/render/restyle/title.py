"""The first line of a paragraph, which the next line may turn into a heading or a table's header."""

from __future__ import annotations

from dataclasses import dataclass

from bot.render.restyle import table
from bot.render.restyle.output import Output

# A longer line is no title, and no header of a table without outer bars.
_HELD_MAX_CHARS = 200
# A longer line is a sentence above a thematic break.
_TITLE_MAX_CHARS = 80
# A line that ends with one of these is a sentence too.
_SENTENCE_ENDS = ".!?:;,。！？："


@dataclass(slots=True)
class Title:
    """Holds such a line back; `text` is its source so far, None if no line is held back."""

    out: Output
    text: str | None = None

    def begin(self) -> None:
        """Begin to hold a line."""
        self.text = ""
        self.out.hold()

    def add(self, text: str) -> None:
        """Append text to the held line."""
        if self.text is not None:
            self.text += text
            if len(self.text) > _HELD_MAX_CHARS:
                self.release()

    def release(self) -> None:
        """Release the line: it is text."""
        if self.text is not None:
            self.text = None
            self.out.release()

    def underline(self, mark: str) -> bool:
        """Write it as a heading with this mark if it reads as one; returns whether it does."""
        text = self.text
        if not text or len(text) > _TITLE_MAX_CHARS or text.rstrip()[-1] in _SENTENCE_ENDS:
            return False
        self.text = None
        self.out.release(mark)
        return True

    def may_head_table(self, below: str) -> bool:
        """Whether the beginning of the line below may become one that announces a table."""
        return self.text is not None and "|" in self.text and table.may_be_delimiter_row(below)

    def heads_table(self, below: str) -> bool:
        """Whether it is a header without outer bars of the table that the line below announces."""
        if self.text is None or "|" not in self.text or not table.is_delimiter_row(below):
            return False
        columns = len(table.sides(below))
        return len(table.cells(self.text, columns)) == columns

    def drop(self) -> int:
        """Drop the line, which is shown in another form; returns the number of its characters."""
        if self.text is None:
            return 0
        self.text = None
        return self.out.drop()
