"""A reply, restyled for Discord while it comes.

Longer than other files: one automaton over lines, whose states belong together.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Callable

from bot.conversation import wording
from bot.render.lines import FENCE_INFO_MAX_CHARS, FENCE_MARKER_MAX_CHARS, Fence, Kind, read_line
from bot.render.part import Formula, TextFile
from bot.render.restyle import formulas, literal, table
from bot.render.restyle.code import FORMULA_LANGUAGES, SOURCE_LANGUAGES, Code, language_of
from bot.render.restyle.languages import file_name
from bot.render.restyle.output import Attached, Output
from bot.render.restyle.pen import Pen
from bot.render.restyle.scripts import superscript
from bot.render.restyle.spans import Spans, restyled
from bot.render.restyle.tags import RULE
from bot.render.restyle.wanted import Search, Wanted
from bot.render.style import Style

# A delta is taken in pieces of this size, so that one of 1 MB costs no more per character than many small ones.
_BITE_CHARS = 4096
# Quote marks, bullets and the like that a line begins with, beyond which nothing is held back.
_LEAD_MAX_CHARS = 120
# A longer first line of a paragraph is no title.
_TITLE_MAX_CHARS = 200
_HEADING_MAX_CHARS = 300
# How much of a code block that may become a file stays in the message.
EXCERPT_LINES = 10
# What is shown of text that is held back: more than a message holds is not.
_PROVISIONAL_CHARS = 4000
# Of a table that is being written: about what a message holds; more rows would be made again and again for nothing.
_ROWS_SHOWN = 40

_QUOTE = re.compile(r"(?:[ \t]{0,3}>){0,8}")
_BULLETS = re.compile(r"[ \t]*(?P<bullets>(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)")
_LEAD_BEGUN = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}(?:[.)]|\Z))[ \t]*)*")
_RULE = re.compile(r"[ \t]{0,3}(?:-(?:[ \t]*-){2,}|\*(?:[ \t]*\*){2,}|_(?:[ \t]*_){2,})[ \t\r]*")
_RULE_BEGUN = re.compile(r"[ \t]{0,3}(?:-[ \t-]*|\*[ \t*]*|_[ \t_]*|=+[ \t]*)\r?")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?P<char>=+|-+)[ \t\r]*")
_FENCE_BEGUN = re.compile(r"`{1,2}|~{1,2}")
_HEADING = re.compile(r"#{4,6}[ \t]+(?P<text>.*?)(?:[ \t]+#+)?[ \t\r]*")
_TASK = re.compile(r"\[(?P<done>[ xX])\](?=[ \t])")
_TASK_BEGUN = re.compile(r"\[(?:[ xX]\]?)?")
_NOTE = re.compile(r"\[\^(\d{1,3})\]:[ \t]*")
_NOTE_BEGUN = re.compile(r"\[(?:\^(?:\d{0,3}(?:\](?::[ \t]*)?)?)?)?")
_REFERENCE = re.compile(r"[ \t]{0,3}\[([^\[\]^][^\[\]]*)\]:[ \t]+<?(https?://[^\s<>()]+)>?")
_CLOSING_BEGUN = re.compile(r"[ \t>]*(?:`*|~*)[ \t\r]*")
_EMPTY_LINE = re.compile(r"\n[ \t>]*\n")
_TAG = re.compile(r"<[^<>]*>")
_TICKS = re.compile(r"[^`]+|`")
_NO_FENCE = Fence("```")


class Restyler:
    """Turns what Discord cannot show into what it can; it takes Markdown cut anywhere.

    What it gives only grows, and depends on the text alone, not on how it was cut. Held back is what is not
    certain yet: `provisional` shows of it what is likely. `attached` are the files, in order.
    """

    def __init__(self, style: Style | None = None) -> None:
        self._style = style or Style()
        self._out = Output()
        self._pen = Pen(self._out.put)
        self._references: dict[str, str] = {}
        self._spans = Spans(self._pen, self._references)
        self._state: Callable[[bool], bool] = self._start
        self._buffer = ""
        self._at = 0
        self._search: Search | None = None
        self._code: Code | None = None
        self._fences: list[tuple[int, int, str]] = []
        self._table: table.Table | None = None
        self._table_lead = ""
        self._table_shown: tuple[table.Table | None, int, str] = (None, 0, "")
        self._table_bars = True
        self._table_taken = 0
        self._table_ended = True
        self._files = 0
        self._paragraph = False
        self._title: str | None = None
        self._reference_line = ""
        self._follows_block = False
        self._final = False

    def push(self, delta: str) -> str:
        """Take the next part of the reply; returns what is certain now."""
        for start in range(0, len(delta), _BITE_CHARS):
            self._buffer += delta[start : start + _BITE_CHARS]
            self._go(final=False)
        return self._out.drain()

    def finish(self) -> str:
        """The reply is all there; returns the rest."""
        self._go(final=True)
        if self._table is not None:
            self._end_table()
        if self._code is not None:
            self._end_code("", 0)
        self._release_title()
        self._spans.end_line()
        return self._out.drain()

    @property
    def attached(self) -> list[Attached]:
        """The files so far, and where they belong."""
        return self._out.attached

    @property
    def provisional(self) -> str:
        """What may be shown, until more is certain, of what is held back."""
        code = self._code
        if code is not None and self._out.held is not None and code.language.lower() not in FORMULA_LANGUAGES:
            # Were more of it shown, it would be taken back where it turns out to be a file.
            lead = code.fence.quote + " " * code.fence.indent
            return lead + wording.code_goes_on(code.lines)
        if self._table is not None:
            return self._table_so_far(self._table)
        return self._out.held_text(_PROVISIONAL_CHARS)

    def rest_from(self, place: int) -> tuple[int, str]:
        """Where in the source the restyled text from `place` on begins, and what opens a code block there."""
        opening = next((text for start, end, text in reversed(self._fences) if start <= place < end), "")
        if not opening and self._code is not None and place >= self._code.start:
            opening = self._code.opening
        return self._out.source_at(place), opening

    def _go(self, *, final: bool) -> None:
        self._final = final
        while self._at < len(self._buffer) and self._state(final):
            pass
        self._buffer = self._buffer[self._at :]
        self._at = 0

    def _put(self, text: str, taken: int) -> None:
        self._out.put(text, taken)

    def _take(self, text: str, after: int) -> None:
        """Write what the source up to `after` became."""
        self._put(text, after - self._at)
        self._at = after

    def _line(self, at: int, *, final: bool) -> tuple[str, int, bool]:
        """The line at a place, where it ends, and whether it is all there."""
        newline = self._buffer.find("\n", at)
        end = newline if newline >= 0 else len(self._buffer)
        return self._buffer[at:end], end, newline >= 0 or final

    # --- the beginning of a line ---

    def _start(self, final: bool) -> bool:
        line, end, ended = self._line(self._at, final=final)
        quote_match = _QUOTE.match(line)
        quote = quote_match.group() if quote_match else ""
        if not line[len(quote) :].strip():
            return ended and self._blank_line(end)
        if not ended and len(line) <= _LEAD_MAX_CHARS and self._may_be_block(line, quote):
            return False
        short = len(line) <= _LEAD_MAX_CHARS
        if ended and short and self._underline(line[len(quote) :], end):
            return True
        if ended and short and self._title is not None and self._heads_table(self._title, line):
            return self._begin_table(self._title, line, "", end)
        self._release_title()
        return self._block(line, quote, end, ended=ended)

    def _may_be_block(self, line: str, quote: str) -> bool:
        """Whether the beginning of a line may still turn into anything."""
        inside = line[len(quote) :]
        if _LEAD_BEGUN.fullmatch(line) or _RULE_BEGUN.fullmatch(inside):
            return True
        if self._title is not None and "|" in self._title and table.may_be_delimiter_row(line):
            return True
        bullets = _BULLETS.match(inside)
        content = inside[bullets.end() :] if bullets else inside
        if _FENCE_BEGUN.fullmatch(content) or re.fullmatch(r"#{1,6}|\|", content):
            return True
        if bullets and bullets["bullets"] and (_TASK_BEGUN.fullmatch(content) or _TASK.fullmatch(content)):
            return True
        return _NOTE_BEGUN.fullmatch(content) is not None

    def _blank_line(self, end: int) -> bool:
        self._release_title()
        self._spans.end_paragraph()
        self._paragraph = False
        self._follows_block = False
        self._take(self._buffer[self._at : end + 1], min(end + 1, len(self._buffer)))
        return True

    def _underline(self, inside: str, end: int) -> bool:
        """A line that underlines a title, or that is a thematic break; returns whether it is one."""
        underline = _UNDERLINE.fullmatch(inside) if self._paragraph else None
        title = self._title
        if underline and title and len(title) <= 80 and title.rstrip()[-1] not in ".!?:;,。！？：":
            self._title = None
            held = self._out.held_text(_TITLE_MAX_CHARS * 2)
            taken = self._out.drop()
            self._put("# " if underline["char"][0] == "=" else "## ", 0)
            self._put(held, taken)
            self._take("", min(end + 1, len(self._buffer)))
            self._paragraph = False
            return True
        if not _RULE.fullmatch(inside) and not (underline and inside.count("=") > 2):
            return False
        self._release_title()
        lead = self._buffer[self._at : end - len(inside)]
        self._put(lead, len(lead))
        self._at += len(lead)
        blank = " " if lead.endswith(">") else ""
        self._take(blank + ("═" * 10 if "=" in inside else RULE), end)
        self._end_line(end)
        self._paragraph = False
        return True

    def _block(self, line: str, quote: str, end: int, *, ended: bool) -> bool:
        """What is no blank line and no rule; returns whether anything is certain."""
        bullets = _BULLETS.match(line, len(quote))
        content_at = bullets.end() if bullets else len(quote)
        marks = bullets["bullets"] if bullets else ""
        content = line[content_at:]
        if content_at > _LEAD_MAX_CHARS // 2:  # ornament, or hostile
            self._text(line, "", 0, "")
            return True
        if content.startswith(("```", "~~~")):
            whole = len(content) <= FENCE_INFO_MAX_CHARS + FENCE_MARKER_MAX_CHARS
            if not ended and whole:
                return False
            if ended and whole and self._begin_code(end):
                return True
        if re.match(r"#{4,6}[ \t]", content) and len(content) <= _HEADING_MAX_CHARS:
            heading = _HEADING.fullmatch(content) if ended else None
            if heading is None:
                return False
            self._heading(line[:content_at], heading["text"], end)
            return True
        if content.startswith("|") and not content.startswith("||") and not marks:
            begun = self._row(line, content_at, end, ended=ended)
            if begun is not None:
                return begun
        self._text(line, quote, content_at, marks)
        if content.startswith("~~~"):
            self._put("\\", 0)  # Discord knows no such fences, and a part of the line would pass for one here
        return True

    def _text(self, line: str, quote: str, content_at: int, marks: str) -> None:
        """A line of text begins: take its marks, and go on inside it."""
        lead, content = line[:content_at], line[content_at:]
        plain = not self._paragraph and not quote and not marks and not lead
        if marks or quote:
            self._spans.end_paragraph()
        if plain:
            self._title = ""
            self._out.hold()
        self._put(re.sub(r"\+(?=[ \t])", "-", lead) if marks else lead, len(lead))
        self._at += len(lead)
        task = _TASK.match(content) if marks else None
        note = _NOTE.match(content)
        if task is not None:
            self._take("☐" if task["done"] == " " else "☑", self._at + task.end())
        elif note is not None:
            self._take(f"{superscript(note[1])} ", self._at + note.end())
        line_break = "\n" + re.sub(r"[^>\s]", " ", lead)
        self._pen.begin_line(line_break, shows=task is not None or note is not None, item=bool(marks))
        self._paragraph = True
        self._reference_line = ""
        self._state = self._inline

    def _release_title(self) -> None:
        if self._title is not None:
            self._title = None
            self._out.release()

    def _end_line(self, end: int) -> None:
        """Take the line break after a line that was dealt with as a whole."""
        if end < len(self._buffer):
            self._take("\n", end + 1)

    def _heading(self, lead: str, text: str, end: int) -> None:
        inner = re.sub(r"\*\*|__", "", restyled(text, self._references)).strip()
        self._take(f"{lead}**{inner}**" if inner else lead, end)
        self._end_line(end)
        self._paragraph = False

    # --- inside a line ---

    def _inline(self, final: bool) -> bool:
        newline = self._buffer.find("\n", self._at)
        end = newline if newline >= 0 else len(self._buffer)
        ended = newline >= 0 or final
        if self._follows_block and not self._after_block(end, ended=ended):
            return False
        start = self._at
        self._at = self._spans.take(self._buffer, self._at, end, final=ended)
        self._note_line(self._buffer[start : self._at])
        if self._spans.wanted is not None:
            self._release_title()
            self._search = Search(self._spans.wanted)
            self._state = self._collect
            return True
        if self._at < end or newline < 0:
            return self._at > start
        vanished = self._pen.dropped and not self._pen.shows
        self._spans.end_line()
        self._take("" if vanished else "\n", newline + 1)
        reference = _REFERENCE.match(self._reference_line)
        if reference is not None:
            self._references[reference[1].lower()] = reference[2]
        self._state = self._start
        return True

    def _note_line(self, text: str) -> None:
        if len(self._reference_line) <= _HEADING_MAX_CHARS:
            self._reference_line += text
        if self._title is not None:
            self._title += text
            if len(self._title) > _TITLE_MAX_CHARS:
                self._release_title()

    def _after_block(self, end: int, *, ended: bool) -> bool:
        """Nothing may follow a code block on its last line; returns whether it is certain what does."""
        blanks = re.compile(r"[ \t\r]*").match(self._buffer, self._at, end)
        after = blanks.end() if blanks else self._at
        if after == end and not ended:
            return False
        self._follows_block = False
        if after < end:
            self._take(self._pen.line_break, after)
        else:
            self._take("", after)
        return True

    def _collect(self, final: bool) -> bool:
        """Something that may go on over several lines: wait for its end, or for the certainty that it has none."""
        search = self._search
        if search is None:
            raise RuntimeError("nothing is searched for")
        close = search.look(self._buffer, self._at, final=final)
        if close is None:
            return False
        self._state = self._inline
        wanted = search.wanted
        inside = self._buffer[self._at + len(wanted.opening) : close]
        if close < 0 or not self._collected(wanted, inside, close + len(wanted.closing)):
            self._spans.refuse()
        return True

    def _collected(self, wanted: Wanted, inside: str, after: int) -> bool:
        if wanted.opening == "<!--":
            words = literal.escaped(" ".join(inside.replace(">", " ").split()))
            shown = f"({words})" if self._pen.shows else f"-# {words}"
            self._pen.dropped = True
            self._show(shown if words else "", after)
        elif wanted.closing == "</pre>":
            text = html.unescape(_TAG.sub("", inside)).strip("\n")
            self._show_block("", text, after)
        else:
            tex = wanted.formula(inside)
            if ">" in self._pen.line_break:
                tex = re.sub(r"\n[ \t]*(?:>[ \t]?)+", "\n", tex)
            if not formulas.is_formula(tex) or not wanted.is_formula(tex):
                return False
            self._display(tex, after)
        return True

    def _show(self, text: str, after: int) -> None:
        self._pen.shows = self._pen.shows or bool(text.strip())
        self._take(text, after)

    def _show_block(self, language: str, text: str, after: int) -> None:
        """A code block in the middle of a line's text."""
        line_break = self._pen.line_break
        text = Code(_NO_FENCE, "", "").shown(text)
        block = line_break.join([f"```{language}", *text.split("\n"), "```"])
        self._show((line_break if self._pen.shows else "") + block, after)
        self._follows_block = True

    def _display(self, tex: str, after: int) -> None:
        """A formula on its own: readable as text, and drawn below the message."""
        lines = formulas.displayed(tex)
        if lines is not None:
            self._show(self._pen.line_break.join(lines), after)
        elif self._pen.shows and "\n" not in tex.strip():
            self._show(literal.as_code(tex), after)
        else:
            self._show_block("latex", "\n".join(line.strip() for line in tex.strip().split("\n")), after)
        self._out.attach(Formula(tex.strip()))

    # --- tables ---

    def _row(self, line: str, content_at: int, end: int, *, ended: bool) -> bool | None:
        """A line that may head a table; returns whether anything is certain, or None if it is text."""
        if len(line) > table.ROW_MAX_CHARS:
            return None
        if not ended:
            return False
        if end == len(self._buffer):
            return None
        below, below_end, below_ended = self._line(end + 1, final=False)
        lead = line[:content_at]
        quote = _QUOTE.match(below)
        inside = below[quote.end() :] if quote else below
        if len(below) > table.ROW_MAX_CHARS or not table.may_be_delimiter_row(inside):
            return None
        if not below_ended and not self._final:
            return False
        if not table.is_delimiter_row(inside):
            return None
        return self._begin_table(line[content_at:], inside, lead, below_end)

    def _heads_table(self, header: str, below: str) -> bool:
        """Whether a line without outer bars is the header of the table that the next line announces."""
        if "|" not in header or not table.is_delimiter_row(below):
            return False
        return len(table.cells(header)) == len(table.sides(below))

    def _begin_table(self, header: str, below: str, lead: str, end: int) -> bool:
        taken = self._out.drop() if self._title is not None else 0
        self._title = None
        self._spans.end_paragraph()
        self._table = table.Table(table.cells(header), table.sides(below))
        self._table_lead = lead
        self._table_bars = header.lstrip().startswith("|")
        self._table_taken = taken + min(end + 1, len(self._buffer)) - self._at
        self._at = min(end + 1, len(self._buffer))
        self._table_ended = self._buffer[self._at - 1] == "\n"
        self._state = self._row_of_table
        return True

    def _row_of_table(self, final: bool) -> bool:
        line, end, ended = self._line(self._at, final=final)
        quote = _QUOTE.match(line) if ">" in self._table_lead else None
        inside = (line[quote.end() :] if quote else line).strip()
        bar = inside.startswith("|") if self._table_bars or not ended else "|" in inside
        may_be = bar or not inside or (not self._table_bars and not ended)
        if not ended and may_be and len(line) <= table.ROW_MAX_CHARS:
            return False
        current = self._table
        if current is None or not (ended and bar and len(line) <= table.ROW_MAX_CHARS):
            self._end_table()
            return True
        current.rows.append(table.cells(inside))
        after = min(end + 1, len(self._buffer))
        self._table_taken += after - self._at
        self._table_ended = end < len(self._buffer)
        self._at = after
        if len(current.rows) == table.ROWS_MAX:
            self._end_table()
            self._table = table.Table(current.header, current.sides)
            self._table_taken = 0
            self._state = self._row_of_table
        return True

    def _table_so_far(self, current: table.Table) -> str:
        """The complete rows; as many as can be seen, and made anew only when there is another one."""
        count = min(len(current.rows), _ROWS_SHOWN)
        if self._table_shown[0] is not current or self._table_shown[1] != count:
            begun = table.Table(current.header, current.sides, current.rows[:count])
            self._table_shown = (current, count, self._table_text(begun))
        return self._table_shown[2]

    def _table_text(self, current: table.Table) -> str:
        lines = table.shown(current, lambda cell: restyled(cell, self._references))
        lead = self._table_lead
        return "\n".join((lead + line).rstrip() if not line else lead + line for line in lines)

    def _end_table(self) -> None:
        current, self._table = self._table, None
        self._state = self._start
        self._paragraph = False
        if current is None or (self._table_taken == 0 and not current.rows):
            return  # it was over where it was cut in two
        text = self._table_text(current)
        self._put(text + ("\n" if self._table_ended else ""), self._table_taken)

    # --- code ---

    def _begin_code(self, end: int) -> bool:
        line, fence = read_line(self._buffer, self._at, end, end, None)
        if fence is None or line.kind is not Kind.OPEN:
            return False
        self._release_title()
        self._spans.end_paragraph()
        self._paragraph = False
        lead = self._buffer[self._at : line.content]
        language, rest = language_of(self._buffer[line.content : end].strip().lstrip(fence.marker[0]).strip())
        code = Code(fence, language, fence.opening)
        if language.lower() in FORMULA_LANGUAGES:
            self._out.hold()
            language = "latex"
        above = ""
        if rest:
            above, lead = lead + literal.as_code(rest) + "\n", re.sub(r"[^>\s]", " ", lead)
        same = not rest and fence.marker == "```" and self._buffer[line.content + 3 : end] == language
        after = min(end + 1, len(self._buffer))
        opening = f"{above}{lead}```{language}" + ("\n" if end < after else "")
        self._take(self._buffer[self._at : after] if same else opening, after)
        code.start = self._out.written if self._out.held is None else sys.maxsize
        self._code = code
        self._state = self._code_line
        return True

    def _is_long(self, code: Code) -> bool:
        return 0 < self._style.code_file_lines < code.lines

    def _code_line(self, final: bool) -> bool:
        code = self._code
        if code is None:
            raise RuntimeError("no code block is open")
        line, end, ended = self._line(self._at, final=final)
        if code.line_begins:
            if not ended and len(line) <= _LEAD_MAX_CHARS and _CLOSING_BEGUN.fullmatch(line):
                return False
            if line.count(">", 0, _LEAD_MAX_CHARS) < code.fence.depth or (
                code.fence.depth and _depth(line) < code.fence.depth
            ):
                self._end_code("", self._at)
                return True
            if ended and len(line) <= _LEAD_MAX_CHARS and _CLOSING_BEGUN.fullmatch(line):
                read, still = read_line(self._buffer, self._at, end, end, code.fence)
                if still is None:
                    self._end_code(self._buffer[self._at : read.content + read.indent], end)
                    self._end_line(end)
                    return True
            self._begin_code_line(code)
        after = end + 1 if end < len(self._buffer) else end
        text = self._buffer[self._at : after]
        if not text:
            return False
        code.source.append(text)
        for piece in _TICKS.findall(text):  # where each came from must not depend on how they came
            self._take(code.shown(piece), self._at + len(piece))
        code.line_begins = text.endswith("\n")
        if (self._out.held or 0) > formulas.DISPLAY_MAX_CHARS and code.language.lower() in FORMULA_LANGUAGES:
            code.language = ""
            self._release_code(code)
        return True

    def _release_code(self, code: Code) -> None:
        """What might have been a formula is code."""
        code.start = self._out.written + len(self._out.held_text(1))
        self._out.release()

    def _begin_code_line(self, code: Code) -> None:
        code.line_begins = False
        code.lines += 1
        if code.lines == min(EXCERPT_LINES, self._style.code_file_lines) + 1 and self._style.code_file_lines:
            self._out.hold()

    def _end_code(self, lead: str, end: int) -> None:
        """The block is over: by a closing line that begins with `lead`, or without one."""
        code, self._code = self._code, None
        self._state = self._start
        if code is None:
            return
        closing = f"{lead}```" if lead or end > self._at else ""
        if code.language.lower() in FORMULA_LANGUAGES and self._out.held is not None:
            self._end_formula(code, closing, end)
            return
        if self._is_long(code):
            self._files += 1
            name = file_name(code.language, self._files)
            self._fences.append((code.start, self._out.written + 1, code.opening))
            taken = self._out.drop()
            quote, indent = code.fence.quote, " " * code.fence.indent
            note = wording.small(wording.code_attached(name, code.lines))
            self._put(f"{quote}{indent}…\n{quote}{indent}```\n{quote}{indent}{note}", taken)
            self._out.attach(TextFile(name, code.plain))
            self._take("" if closing else "\n", max(end, self._at))
            return
        self._out.release()
        if closing:
            same = self._buffer[self._at : end]
            self._take(same if same == closing else closing, end)
        elif self._at < len(self._buffer) or not self._final:
            self._put(f"{code.fence.lead}```\n", 0)  # its quote has ended
        self._fences.append((code.start, self._out.written, code.opening))
        if code.language.lower() in SOURCE_LANGUAGES and 0 < len(code.formula) <= formulas.DISPLAY_MAX_CHARS:
            self._out.attach(Formula(code.formula))

    def _end_formula(self, code: Code, closing: str, end: int) -> None:
        tex = code.formula
        lines = formulas.displayed(tex) if tex else None
        if lines is None:
            self._release_code(code)
            self._take(closing, max(end, self._at))
            self._fences.append((code.start, self._out.written, code.opening))
        else:
            lead = code.fence.quote + " " * code.fence.indent
            self._put("\n".join(lead + line for line in lines), self._out.drop())
        if tex:
            self._out.attach(Formula(tex))
        if lines is not None:
            self._take("" if closing else "\n", max(end, self._at))


def _depth(line: str) -> int:
    found = _QUOTE.match(line)
    return found.group().count(">") if found else 0
