"""Write a code block: as code, as a formula, or as a file with an excerpt."""

from __future__ import annotations

import re
import sys

from bot.conversation import reply_wording, wording
from bot.render.lines import Fence, read_line
from bot.render.part import Formula, TextFile
from bot.render.restyle import formulas, shapes
from bot.render.restyle.code import Code, language_of
from bot.render.restyle.languages import file_name
from bot.render.restyle.literal import ZERO_WIDTH_SPACE, as_code
from bot.render.restyle.output import CodeStretch
from bot.render.restyle.source import Line, Source
from bot.render.ticks import Ticks

# Lines shown of a code block that becomes a file.
EXCERPT_LINES = 10
_PIECE = re.compile(r"[^`]+|`")
_MARK = re.compile(r"[^>\s]")


class CodeBlock:
    """Writes one code block line by line; a block of more than `file_lines` lines (0: no limit) becomes a file.

    The block is held back while its form is not certain; `provisional` then stands for it.
    """

    def __init__(
        self, source: Source, fence: Fence, info: str, *, file_lines: int, in_line: bool = False
    ) -> None:
        self.over = False
        # Whether the block begins behind text; then backticks behind code also end it.
        self._in_line = in_line
        self._source = source
        self._out = source.out
        self._fence = fence
        # Out of range while the whole block is held back.
        self._stretch = CodeStretch(sys.maxsize, sys.maxsize, fence.opening)
        self._quote = shapes.quoted(fence.quote)
        self._lead = self._quote + " " * fence.indent
        language, self._caption = language_of(info)
        self._code = Code(fence, language)
        self._ticks = Ticks()
        self._file_lines = file_lines
        self._line_begins = True
        self._is_blank = True

    @property
    def provisional(self) -> str | None:
        """A line that says how long the held block is; None if no line is held back."""
        if self._out.held is None or self._code.stands_for_formula:
            return None
        # Lines shown beyond the excerpt would vanish when the block becomes a file.
        return self._lead + reply_wording.code_goes_on(self._code.lines)

    def open(self, line: Line, lead: str) -> None:
        """Write the first line; `lead` is the text before the backticks."""
        language, above = self._code.language, ""
        lead = shapes.quoted(lead)
        if self._code.stands_for_formula:
            self._out.hold()
            language = "latex"
        if self._caption:
            above, lead = f"{lead}{as_code(self._caption)}\n", _MARK.sub(" ", lead)
        self._source.take(f"{above}{lead}```{language}" + "\n" * (line.after - line.end), line.after)
        if self._out.held is None:
            self._stretch.start = self._out.written
        self._out.code.append(self._stretch)

    def take_line(self) -> bool:
        """Read the next line or its available part; returns whether anything was certain."""
        source = self._source
        line = source.line(source.at)
        if self._line_begins:
            may_close = shapes.may_close_code(line.text)
            if may_close and not line.ended:
                return False
            if self._fence.depth and shapes.quote_of(line.text).count(">") < self._fence.depth:
                self.finish()
                return True
            if may_close and self._close(line):
                return True
            self._begin_line()
            if self._fence.depth:
                self._take_marks(shapes.quote_end(line.text, self._fence.depth))
        if self._in_line and "`" in source.text[source.at : line.end]:
            if not line.ended:
                return False
            if self._close_behind(line):
                return True
        code = source.text[source.at : line.after]
        if not code:
            return False
        self._take_code(code)
        self._line_begins = line.after > line.end
        if (self._out.held or 0) > formulas.DISPLAY_MAX_CHARS and self._code.stands_for_formula:
            self._code.language = ""
            self._release()
        return True

    def finish(self) -> None:
        """End the block without a closing line."""
        self._end("", self._source.at)

    def _begin_line(self) -> None:
        self._line_begins = False
        self._code.lines += 1
        if self._file_lines and self._code.lines == min(EXCERPT_LINES, self._file_lines) + 1:
            self._out.hold()

    def _take_code(self, code: str) -> None:
        self._code.source.append(code)
        self._is_blank = self._is_blank and not code.strip()
        for piece in (
            _PIECE.findall(code) if "`" in code else (code,)
        ):  # positions must not depend on the deltas
            self._source.take(self._ticks.separated(piece), self._source.at + len(piece))

    def _take_marks(self, width: int) -> None:
        """Write the quote marks of a line, which are no code."""
        self._code.source.append(self._source.text[self._source.at : self._source.at + width])
        self._source.take(self._quote, self._source.at + width)

    def _close(self, line: Line) -> bool:
        source = self._source
        read, still = read_line(source.text, source.at, line.end, line.end, self._fence)
        if still is not None:
            return False
        self._end(shapes.quoted(source.text[source.at : read.content + read.indent]) + "```", line.end)
        source.end_line(line)
        return True

    def _close_behind(self, line: Line) -> bool:
        source = self._source
        code, marker, rest = source.text[source.at : line.end].partition(self._fence.marker)
        if not marker:
            return False
        rest = rest.lstrip("`").lstrip()
        self._take_code(code)
        self._end(f"\n{self._lead}```", line.end - len(rest))
        if rest:
            self._out.put(f"\n{self._quote}", 0)
        else:
            source.end_line(line)
        return True

    def _end(self, closing: str, after: int) -> None:
        """End the block with a closing line up to `after`, or without one."""
        self.over = True
        if self._code.stands_for_formula:
            self._end_formula(closing, after)
        elif 0 < self._file_lines < self._code.lines:
            self._end_file(closing, after)
        else:
            self._end_code(closing, after)

    def _end_code(self, closing: str, after: int) -> None:
        self._out.release()
        if closing:
            if self._is_blank:  # Discord would take the closing fence of an empty block for its code
                self._out.put(f"{self._lead}{ZERO_WIDTH_SPACE}\n", 0)
            self._source.take(closing, after)
        elif self._source.at < len(self._source.text) or not self._source.final:
            self._out.put(f"{shapes.quoted(self._fence.lead)}```\n", 0)  # the quote has ended
        self._stretch.end = self._out.written
        formula = self._code.formula if self._code.may_be_drawn else ""
        if 0 < len(formula) <= formulas.DISPLAY_MAX_CHARS:
            self._out.attach(Formula(formula))

    def _end_file(self, closing: str, after: int) -> None:
        number = 1 + sum(isinstance(attached.file, TextFile) for attached in self._out.attached)
        name = file_name(self._code.language, number)
        self._stretch.end = self._out.written + 1
        note = wording.small(reply_wording.code_attached(name, self._code.lines))
        self._out.put(f"{self._lead}…\n{self._lead}```\n{self._lead}{note}", self._out.drop())
        self._out.attach(TextFile(name, self._code.plain))
        self._source.take("" if closing else "\n", after)

    def _end_formula(self, closing: str, after: int) -> None:
        tex = self._code.formula
        lines = formulas.displayed(tex) if tex else None
        if lines is None:
            self._release()
            self._source.take(closing, after)
            self._stretch.end = self._out.written
        else:
            self._out.put("\n".join(self._lead + line for line in lines), self._out.drop())
        if tex:
            self._out.attach(Formula(tex))
        if lines is not None:
            self._source.take("" if closing else "\n", after)

    def _release(self) -> None:
        """Release the block as code: it is no formula."""
        self._stretch.start = self._out.written + len(self._out.held_text(1))
        self._out.release()
