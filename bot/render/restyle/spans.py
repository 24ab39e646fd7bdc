"""Restyle inline Markdown of streaming lines."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.render.restyle import backticks, formulas, html, links
from bot.render.restyle.emphasis import Emphasis
from bot.render.restyle.line_writer import LineWriter
from bot.render.restyle.open_construct import OpenConstruct
from bot.render.restyle.output import Output
from bot.render.restyle.spoiler import Spoiler
from bot.render.restyle.tags import Tags

_TOKEN = re.compile(r"`+|\\|\$+|<|&|!\[|\[|\]\(|https?://|\|{2,}|\*+|_+|~+")
_TAIL = re.compile(r"(?:!|\]|\||h(?:t(?:t(?:p(?:s?(?::/?)?)?)?)?)?)\Z")
_TAIL_MAX_CHARS = len("https:/")
_URL_END = re.compile(r"[\s<>)\]|]")
_DESTINATION_END = re.compile(r"[\s)]")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|aligned|gather|gathered|multline|split|cases|[pbvBV]?matrix)\*?)\}"
)
_ENVIRONMENT_BEGUN = re.compile(r"\\b(?:e(?:g(?:i(?:n(?:\{[A-Za-z]{0,10}\*?)?)?)?)?)?")
_COMMENT_BEGUN = re.compile(r"<(?:!-?)?")
_PRE = re.compile(r"<pre\b[^<>\n]*>", re.IGNORECASE)


class Spans:
    """Restyles lines piece by piece into the `writer`.

    `references` maps link labels in lower case to addresses; each line may add one.
    """

    def __init__(self, writer: LineWriter, emphasis: Emphasis, references: Mapping[str, str]) -> None:
        # Set where reading stops at a construct that may span lines.
        self.construct: OpenConstruct | None = None
        # Whether reading stops at a fence at the end of the line, which opens a code block if code follows.
        self.leads_to_code = False
        self._writer = writer
        self._references = references
        self._tags = Tags(writer, lambda inside: restyled(inside, references))
        self._gave_up = False
        self._before = ""
        # State of unfinished text: a run of one character, an address up to its end, code up to as many backticks.
        self._ornament = ""
        self._until: re.Pattern[str] | None = None
        self._ticks = 0
        self._spoiler = Spoiler()
        self._emphasis = emphasis
        self.truncated = False

    def take(self, text: str, at: int, end: int, *, final: bool) -> int:
        """Restyle `text[at:end]`, a part of one line, and return how far; `final` says that the line ends there.

        Reading stops at a `construct` and where the rest is not certain yet.
        """
        self.construct = None
        self.leads_to_code = False
        while at < end:
            after = self._run_on(text, at, end)
            if after == at:
                after = self._next(text, at, end, final=final)
            if after == at:
                break
            self._before = text[after - 1]
            at = after
        self._emphasis.release_long()
        return at

    def give_up(self) -> None:
        """Give up on the open construct and treat its delimiter as plain text."""
        self._gave_up = True

    def end_line(self) -> None:
        """End the line and its HTML elements."""
        self._writer.end_line()
        self._tags.end_line()
        self._until = None
        self._before, self._ornament = "", ""

    def end_paragraph(self) -> None:
        """End the paragraph: unclosed code and spoilers are text."""
        self._ticks = 0
        self._spoiler.end_paragraph()

    def _same(self, text: str, at: int, after: int) -> int:
        self._writer.write(text[at:after], after - at)
        return after

    def _found(self, found: tuple[str, int] | None, at: int) -> int:
        if found is None:
            return at
        self._writer.write(found[0], found[1] - at)
        return found[1]

    def _run_on(self, text: str, at: int, end: int) -> int:
        after = at
        if self._ornament:
            while after < end and text[after] == self._ornament:
                after += 1
            if after < end:
                self._ornament = ""
            return self._ornamental(text, at, after)
        if self._until is not None:
            found = self._until.search(text, at, end)
            after = found.start() if found else end
            if found:
                self._until = None
        elif self._ticks:
            found_at = text.find("`", at, end)
            after = end if found_at < 0 else found_at
        return self._same(text, at, after) if after > at else at

    def _next(self, text: str, at: int, end: int, *, final: bool) -> int:
        mark = _TOKEN.search(text, at, end)
        if mark is None:
            tail = None if final else _TAIL.search(text, max(at, end - _TAIL_MAX_CHARS), end)
            return self._same(text, at, tail.start() if tail else end)
        if mark.start() > at:
            return self._same(text, at, mark.start())
        return self._take_token(mark.group(), text, at, end, final=final)

    def _take_token(self, mark: str, text: str, at: int, end: int, *, final: bool) -> int:
        first = mark[0]
        if first in "`$|*_~":
            return self._run(mark, text, at, end, final=final)
        if first == "\\":
            return self._backslash(text, at, end, final=final)
        if first == "<":
            return self._angle(text, at, end, final=final)
        if first == "&":
            return self._found(html.entity(text, at, end, final=final), at)
        if mark == "![":
            return self._found(links.image(text, at, end, final=final), at)
        if mark == "[":
            return self._found(links.bracketed(text, at, end, self._references, final=final), at)
        self._until = _DESTINATION_END if mark == "](" else _URL_END
        return self._same(text, at, at + len(mark))

    def _run(self, run: str, text: str, at: int, end: int, *, final: bool) -> int:
        after = at + len(run)
        if after == end and not final:
            if len(run) <= backticks.RUN_MAX_CHARS:
                return at
            self._ornament = run[0]
            return self._ornamental(text, at, after)
        if len(run) > backticks.RUN_MAX_CHARS:
            return self._ornamental(text, at, after)
        if run[0] == "`":
            return self._backticks(run, text, at, end, final=final)
        if run[0] == "|":
            return self._bars(run, text, at, end)
        if run[0] in "*_~":
            if self.truncated and after == len(text):
                return self._same(text, at, after)  # a delimiter at the end of a truncated reply stays open
            self._writer.lead_in()
            self._emphasis.take(run, self._before, text[after] if after < end else " ")
            return after
        if run == "$":
            formula = formulas.inside_dollars(text, at, end, before=self._before, final=final)
            return self._formula(formula, run, text, at)
        if run == "$$" and not (self._before.isascii() and self._before.isalnum()):
            return self._open_construct(OpenConstruct("$$", "$$", not self._writer.shows), text, at)
        return self._same(text, at, after)

    def _ornamental(self, text: str, at: int, after: int) -> int:
        """Escape a part of a long run: backticks would open a code block, bars a spoiler, and other runs pair."""
        for char in text[at:after]:  # where each came from must not depend on how they came
            self._writer.write(f"\\{char}", 1)
        return after

    def _bars(self, run: str, text: str, at: int, end: int) -> int:
        """Escape bars that are not meant as a spoiler: Discord hides the text behind two bars."""
        after = at + len(run)
        spoiler = self._spoiler.take(run, self._before, text[after] if after < end else " ")
        return self._same(text, at, after) if spoiler else self._ornamental(text, at, after)

    def _backticks(self, run: str, text: str, at: int, end: int, *, final: bool) -> int:
        after = at + len(run)
        if self._ticks == len(run):
            self._ticks = 0
            return self._same(text, at, after)
        if self._ticks:
            closed = backticks.is_closed(text, after, end, self._ticks, final=final)
            if closed is None and len(run) >= backticks.FENCE_CHARS:
                return at
            if closed or len(run) < backticks.FENCE_CHARS:
                return self._same(text, at, after)
            self._ticks = 0  # Discord would find a code block first
        if len(run) < backticks.FENCE_CHARS:
            found = backticks.marked(text, at, end, run, final=final)
            self._ticks = len(run) if found == (run, after) else 0
            return self._found(found, at)
        found = backticks.fenced(text, at, end, run, final=final)
        alone = found is not None and found[1] == after
        if alone and not self._gave_up and text[end : end + 1] == "\n":
            self.leads_to_code = backticks.may_lead_to_code(text, at, end)
            if self.leads_to_code:
                return at
        self._gave_up = False
        return self._found(found, at)

    def _formula(self, formula: str | None, opening: str, text: str, at: int) -> int:
        """Write a formula between two marks of equal length, or the first if there is none; wait if it is None."""
        if formula is None:
            return at
        if not formula:
            return self._same(text, at, at + len(opening))
        return self._found((formulas.shown(formula), at + len(formula) + 2 * len(opening)), at)

    def _open_construct(self, construct: OpenConstruct, text: str, at: int) -> int:
        if self._gave_up:
            self._gave_up = False
            return self._same(text, at, at + len(construct.opening))
        self.construct = construct
        return at

    def _backslash(self, text: str, at: int, end: int, *, final: bool) -> int:
        if at + 1 == end:
            if not final:
                return at
            if self._breaks(text, end):
                self._writer.drop(1)
                return end
            return self._same(text, at, end)
        char = text[at + 1]
        if char == "[":
            return self._open_construct(OpenConstruct("\\[", "\\]", not self._writer.shows), text, at)
        if char == "(":
            formula = formulas.inside_brackets(text, at, end, before=self._before, final=final)
            return self._formula(formula, "\\(", text, at)
        if char == "b":
            found = _ENVIRONMENT.match(text, at, end)
            if found is not None:
                return self._open_construct(OpenConstruct(found.group(), f"\\end{{{found[1]}}}"), text, at)
            if not final and _ENVIRONMENT_BEGUN.fullmatch(text, at, end):
                return at
        return self._same(text, at, at + 2)

    def _breaks(self, text: str, end: int) -> bool:
        """Whether a backslash at the end of a line breaks it (GFM 0.29, section 6.11), as Discord does anyway."""
        return text[end : end + 1] == "\n" and not text[end + 1 : end + 2].isspace() and end + 1 < len(text)

    def _angle(self, text: str, at: int, end: int, *, final: bool) -> int:
        if text.startswith("<!--", at, end):
            return self._open_construct(OpenConstruct("<!--", "-->"), text, at)
        if not final and _COMMENT_BEGUN.fullmatch(text, at, end):
            return at
        pre = _PRE.match(text, at, end)
        if pre is not None:
            return self._open_construct(OpenConstruct(pre.group(), "</pre>"), text, at)
        after = self._tags.take(text, at, end, before=self._before, final=final)
        if after is None:
            return at
        return after if after > at else self._same(text, at, at + 1)


def restyled(text: str, references: Mapping[str, str]) -> str:
    """A whole text of one line, restyled."""
    if _TOKEN.search(text) is None:
        return text
    out = Output()
    emphasis = Emphasis(out)
    spans = Spans(LineWriter(out.put, emphasis.add_text, item=True), emphasis, references)
    at = 0
    while at < len(text):
        at = spans.take(text, at, len(text), final=True)
        construct = spans.construct
        if construct is None:
            continue
        start = at + len(construct.opening)
        close = text.find(construct.closing, start)
        if close < 0 or not construct.is_formula(text[start:close]):
            spans.give_up()
            continue
        out.put(formulas.shown(construct.formula(text[start:close])), close + len(construct.closing) - at)
        at = close + len(construct.closing)
    spans.end_line()
    emphasis.end_paragraph()
    return out.drain()
