"""Show indented code (CommonMark 0.31, section 4.4), which Discord does not know, as a code block."""

from __future__ import annotations

import re

from bot.render.lines import Fence
from bot.render.restyle import shapes
from bot.render.restyle.code_block import CodeBlock
from bot.render.restyle.source import Source

# More blank lines end the code, so that each delta reads no more lines again.
_BLANK_LINES_MAX = 20
_INDENT = re.compile(r"[ ]{0,3}\t|[ ]{4}")


def begins(line: str, lead: shapes.Lead) -> bool:
    """Whether a line outside of paragraphs and lists begins indented code.

    Indented lists, tables and fenced blocks, which models write, are no code.
    """
    content = line[lead.width :]
    marked = lead.quote or lead.bullets or content.startswith(("```", "~~~", "|"))
    return not marked and _INDENT.match(line) is not None


class IndentedCode(CodeBlock):
    """Writes indented code line by line, until a line is not indented."""

    def __init__(self, source: Source, *, file_lines: int) -> None:
        super().__init__(source, Fence("```"), "", file_lines=file_lines)
        self.open(source.line(source.at)._replace(end=source.at, after=source.at), "")
        source.out.put("\n", 0)
        self._stretch.start = source.out.written

    def take_line(self) -> bool:
        """Read the next line or its available part; returns whether anything was certain."""
        if self._line_begins:
            goes_on = self._goes_on()
            if not goes_on:
                if goes_on is not None:
                    self.finish()
                return goes_on is not None
            self._begin_line()
            indent = _INDENT.match(self._source.text, self._source.at)
            self._source.take("", indent.end() if indent else self._blanks_end())
        line = self._source.line(self._source.at)
        if line.after > self._source.at:
            self._take_code(self._source.text[self._source.at : line.after])
        self._line_begins = line.after > line.end
        return True

    def _blanks_end(self) -> int:
        """The end of the blanks of an empty line."""
        line = self._source.line(self._source.at)
        return line.end - len(line.text.lstrip(" "))

    def _goes_on(self) -> bool | None:
        """Whether the next line is code or empty lines above code; None if that is not certain yet."""
        at = self._source.at
        for _ in range(_BLANK_LINES_MAX):
            line = self._source.line(at)
            if line.text.strip() or len(line.text) > shapes.LEAD_MAX_CHARS:
                return _INDENT.match(line.text) is not None
            if not line.ended:
                return None
            if line.after == line.end:
                return False
            at = line.after
        return False
