"""Restyle a streaming reply for Discord."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.render.lines import FENCE_INFO_MAX_CHARS, FENCE_MARKER_MAX_CHARS, read_line
from bot.render.restyle import indented_code, shapes, table
from bot.render.restyle.code_block import CodeBlock
from bot.render.restyle.indented_code import IndentedCode
from bot.render.restyle.output import Attached, Output
from bot.render.restyle.rows import Rows
from bot.render.restyle.source import Line, Source
from bot.render.restyle.text import Text
from bot.render.restyle.title import Title
from bot.render.style import Style

# A delta is taken in pieces of this size, so that one of 1 MB costs no more per character than many small ones.
_BITE_CHARS = 4096
_FENCE_MAX_CHARS = FENCE_MARKER_MAX_CHARS + FENCE_INFO_MAX_CHARS
# Limit of the provisional text: more does not fit into a message.
_PROVISIONAL_CHARS = 4000
_STRONG = re.compile(r"\*\*|__")


class Restyler:
    """Turns deltas of Markdown into Markdown that Discord shows.

    The output only grows, and depends on the text alone, not on the borders of its deltas. Text that later text may
    change is held back; `provisional` is its likely form. `attached` are the files, in order.

    The automaton has three states: at the start of a line, in the text of a line, and in a block of lines. Each state
    reads on from the source's position and returns whether it could read anything.
    """

    def __init__(self, style: Style | None = None) -> None:
        self._style = style or Style()
        self._out = Output()
        self._source = Source(self._out)
        self._title = Title(self._out)
        self._text = Text(self._source, self._title)
        # The open table or code block.
        self._block: CodeBlock | Rows | None = None
        # The marks before the text of the current line.
        self._lead = shapes.Lead("", "", 0)
        # Whether the line above is text.
        self._paragraph = False
        # Whether an indented line may belong to an item of a list.
        self._in_list = False
        # A function of the class: a bound method would refer back to this object.
        self._state: Callable[[Restyler], bool] = Restyler._start

    def push(self, delta: str) -> str:
        """Take a delta; returns the text that is now certain."""
        for start in range(0, len(delta), _BITE_CHARS):
            self._source.push(delta[start : start + _BITE_CHARS])
            self._go()
        return self._out.drain()

    def finish(self, *, truncated: bool = False) -> str:
        """End the reply, which may be `truncated`; returns the rest of the text."""
        self._source.final = True
        if truncated:
            self._text.truncate()
        self._go()
        if self._block is not None:
            self._block.finish()
            self._block = None
        self._title.release()
        self._text.finish()
        return self._out.drain()

    @property
    def attached(self) -> list[Attached]:
        """The files so far, with their positions."""
        return self._out.attached

    @property
    def provisional(self) -> str:
        """The likely form of the text that is held back."""
        shown = self._block.provisional if self._block is not None else None
        return self._out.held_text(_PROVISIONAL_CHARS) if shown is None else shown

    def rest_from(self, position: int) -> tuple[int, str]:
        """The position in the source of `position` in the restyled text, and the line that reopens its code block."""
        return self._out.source_at(position), self._out.opening_at(position)

    def _go(self) -> None:
        source = self._source
        while source.at < len(source.text) and self._state(self):
            pass

    # --- the beginning of a line ---

    def _start(self) -> bool:
        source = self._source
        line = source.line(source.at)
        quote = shapes.quote_of(line.text)
        inside = line.text[len(quote) :]
        if not inside.strip():
            return line.ended and self._blank_line(line)
        lead = shapes.lead_of(line.text, quote)
        if len(line.text) <= shapes.LEAD_MAX_CHARS:
            if not line.ended:
                if shapes.may_become_block(line.text, lead) or self._title.may_head_table(line.text):
                    return False
            elif inside.lstrip()[0] in shapes.RULE_CHARS and self._rule(line, quote, inside):
                return True
            elif self._title.heads_table(line.text):
                self._begin_rows(self._title.text or "", line.text, "", line.after)
                return True
        self._title.release()
        if not (self._paragraph or self._in_list) and indented_code.begins(line.text, lead):
            self._end_text()
            self._begin_block(IndentedCode(source, file_lines=self._style.code_file_lines))
            return True
        if lead.bullets or not (self._paragraph or line.text[:1].isspace()):
            self._in_list = bool(lead.bullets)
        return self._content(line, lead)

    def _blank_line(self, line: Line) -> bool:
        self._end_text()
        self._source.take(shapes.quoted(line.text) + "\n" * (line.after - line.end), line.after)
        return True

    def _end_text(self) -> None:
        """End the paragraph and its emphasis."""
        self._title.release()
        self._text.end_paragraph()
        self._text.end_emphasis()
        self._paragraph = False

    def _rule(self, line: Line, quote: str, inside: str) -> bool:
        """Take a line that underlines a title, or that is a thematic break; returns whether it is one."""
        underlining = shapes.underlining(inside) if self._paragraph else ""
        if underlining and self._title.underline("# " if underlining == "=" else "## "):
            self._text.end_emphasis()
            self._source.take("", line.after)
            self._paragraph = False
            return True
        rule = shapes.rule(inside, below_text=self._paragraph)
        if not rule:
            return False
        self._title.release()
        self._text.end_emphasis()
        self._source.take(shapes.quoted(quote), self._source.at + len(quote))
        self._source.take(rule, line.end)
        self._source.end_line(line)
        self._paragraph = False
        return True

    def _content(self, line: Line, lead: shapes.Lead) -> bool:
        """Read a line that is neither blank nor a rule; returns whether anything is certain."""
        content = line.text[lead.width :]
        if lead.width > shapes.LEAD_MAX_CHARS // 2:  # too many marks for a list or a quote
            self._text_begins(line, shapes.Lead("", "", 0))
            return True
        if content.startswith(("```", "~~~")) and len(content) <= _FENCE_MAX_CHARS:
            if not line.ended:
                return False
            if self._code_begins(line):
                return True
        if shapes.is_small_heading(content):
            if line.ended:
                self._heading(line, lead, shapes.heading_text(content))
            return line.ended
        if content.startswith("|") and not content.startswith("||") and not lead.bullets:
            begun = self._table_begins(line, lead)
            if begun is not None:
                return begun
        self._text_begins(line, lead)
        if content.startswith("~~~"):
            # Discord knows no such fences: it would strike out what follows, up to the next tildes.
            run = content[:FENCE_MARKER_MAX_CHARS]
            for _ in range(len(run) - len(run.lstrip("~"))):
                self._source.take("\\~", self._source.at + 1)
        return True

    def _heading(self, line: Line, lead: shapes.Lead, text: str) -> None:
        self._text.end_emphasis()
        inner = _STRONG.sub("", self._text.restyled(text)).strip()
        before = shapes.quoted(line.text[: lead.width])
        self._source.take(f"{before}**{inner}**" if inner else before, line.end)
        self._source.end_line(line)
        self._paragraph = False

    def _text_begins(self, line: Line, lead: shapes.Lead) -> None:
        if lead.quote or lead.bullets:
            self._text.end_paragraph()
        if not self._paragraph and lead.width == 0:
            self._title.begin()
        self._text.begin(line.text, lead)
        self._lead = lead
        self._paragraph = True
        self._state = Restyler._in_text

    def _table_begins(self, line: Line, lead: shapes.Lead) -> bool | None:
        """A line that may head a table; returns whether anything is certain, or None if it is text."""
        if len(line.text) > table.ROW_MAX_CHARS:
            return None
        if not line.ended:
            return False
        if line.end == line.after:
            return None
        below = self._source.line(line.after)
        inside = below.text[len(shapes.quote_of(below.text)) :]
        if len(below.text) > table.ROW_MAX_CHARS or not table.may_be_delimiter_row(inside):
            return None
        if not below.ended:
            return False
        if not table.is_delimiter_row(inside):
            return None
        before = shapes.quoted(line.text[: lead.width])
        self._begin_rows(line.text[lead.width :], inside, before, below.after)
        return True

    def _begin_rows(self, header: str, delimiters: str, lead: str, after: int) -> None:
        rows = Rows(self._source, header, delimiters, lead, self._text.restyled)
        rows.take_head(after, before=self._title.drop())
        self._end_text()
        self._begin_block(rows)

    def _code_begins(self, line: Line, behind: shapes.Lead | None = None) -> bool:
        """Take the first line of a code block; returns whether it is one.

        One that begins `behind` the text of a line, as far as Discord knows, ends at any backticks.
        """
        source = self._source
        read, fence = read_line(source.text, source.at, line.end, line.end, None)
        if fence is None:
            return False
        lead = source.text[source.at : read.content]
        if behind is not None:
            marks = shapes.quoted(behind.quote)
            fence = replace(
                fence, quote="> " * behind.quote.count(">"), indent=behind.width - len(behind.quote)
            )
            fence = replace(fence, lead=marks + " " * fence.indent)
            lead = ""
        self._end_text()
        info = source.text[read.content : line.end].strip().lstrip(fence.marker[0]).strip()
        code = CodeBlock(
            source, fence, info, file_lines=self._style.code_file_lines, in_line=behind is not None
        )
        code.open(line, lead)
        self._begin_block(code)
        return True

    def _begin_block(self, block: CodeBlock | Rows) -> None:
        self._block = block
        self._state = Restyler._in_block

    # --- inside a line, or a block of lines ---

    def _in_text(self) -> bool:
        certain = self._text.take()
        if self._text.over:
            self._state = Restyler._code_in_line if self._text.leads_to_code else Restyler._start
        return certain

    def _code_in_line(self) -> bool:
        """A code block begins behind text, in its quote and below its bullet."""
        if not self._code_begins(self._source.line(self._source.at), self._lead):
            self._state = Restyler._start
        return True

    def _in_block(self) -> bool:
        if self._block is None:
            raise RuntimeError("no block has begun")
        certain = self._block.take_line()
        if self._block.over:
            self._block = None
            self._state = Restyler._start
        return certain
