"""Lines of text, and constructs that may span lines."""

from __future__ import annotations

import re

from bot.render.restyle import shapes
from bot.render.restyle.display import display
from bot.render.restyle.emphasis import Emphasis
from bot.render.restyle.line_writer import LineWriter
from bot.render.restyle.open_construct import Search
from bot.render.restyle.source import Source
from bot.render.restyle.spans import Spans, restyled
from bot.render.restyle.title import Title

# Longer lines are no link reference definitions.
_REFERENCE_MAX_CHARS = 300

_PLUS = re.compile(r"\+(?=[ \t])")
_MARK = re.compile(r"[^>\s]")


class Text:
    """Writes a line of text piece by piece, from `begin` until it is `over`."""

    def __init__(self, source: Source, title: Title) -> None:
        self.over = True
        # Whether it is over because a code block begins where the source is.
        self.leads_to_code = False
        self._source = source
        self._title = title
        self._emphasis = Emphasis(source.out)
        self._writer = LineWriter(source.out.put, self._emphasis.add_text)
        # The addresses that lines have defined for links, by their names in lower case.
        self._references: dict[str, str] = {}
        self._spans = Spans(self._writer, self._emphasis, self._references)
        self._search: Search | None = None
        # How many quotes the line stands in, and whether it is a heading: other lines share no emphasis with it.
        self._depth = 0
        self._is_heading = False
        # The line so far, as long as it may define a link.
        self._read = ""
        # Whether a code block ends where the source is.
        self._follows_block = False

    def restyled(self, text: str) -> str:
        """A whole text of one line that stands elsewhere, as in a cell of a table."""
        return restyled(text, self._references)

    def begin(self, line: str, lead: shapes.Lead) -> None:
        """Begin a line of text and write its marks."""
        source, item = self._source, bool(lead.bullets)
        depth = lead.quote.count(">") if lead.quote else 0
        content = line[lead.width :]
        self._is_heading = shapes.is_heading(content)
        if item or self._is_heading or depth != self._depth:
            self._emphasis.end_paragraph()
        self._depth = depth
        marks = shapes.quoted(line[: lead.width])
        source.take(_PLUS.sub("-", marks) if item else marks, source.at + lead.width)
        label, taken = shapes.label(content, item=item)
        if taken:
            source.take(label, source.at + taken)
        self._writer.begin_line("\n" + _MARK.sub(" ", marks), shows=taken > 0, item=item)
        self._read = ""
        self.over = self.leads_to_code = False

    def take(self) -> bool:
        """Read the available text of the line; returns whether anything was certain."""
        if self._search is not None:
            return self._take_construct(self._search)
        source = self._source
        newline = source.text.find("\n", source.at)
        end = newline if newline >= 0 else len(source.text)
        ended = newline >= 0 or source.final
        if self._follows_block and not self._leave_block(end, ended=ended):
            return False
        start = source.at
        if newline >= 0 and end + 1 == len(source.text) and source.text[end - 1] == "\\" and not source.final:
            ended = False  # whether the backslash breaks the line depends on the next line
        source.at = self._spans.take(source.text, start, end, final=ended)
        self._note(source.text[start : source.at])
        if self._spans.construct is not None:
            self._title.release()
            self._search = Search(self._spans.construct)
            return True
        if self._spans.leads_to_code:
            return self._lead_to_code(end) or source.at > start
        if source.at < end or newline < 0:
            return source.at > start
        self._end_line(newline + 1)
        return True

    def end_paragraph(self) -> None:
        """The next line begins another paragraph."""
        self._spans.end_paragraph()

    def end_emphasis(self) -> None:
        """The next line shares no emphasis with this one."""
        self._emphasis.end_paragraph()

    def truncate(self) -> None:
        """The text ends in the middle."""
        self._spans.truncated = True

    def finish(self) -> None:
        """The reply is all there."""
        self._spans.end_line()
        self._emphasis.finish(truncated=self._spans.truncated)

    def _note(self, text: str) -> None:
        self._title.add(text)
        if len(self._read) <= _REFERENCE_MAX_CHARS:
            self._read += text

    def _end_line(self, after: int) -> None:
        vanished = self._writer.dropped and not self._writer.shows
        self._spans.end_line()
        if self._is_heading:
            self._emphasis.end_paragraph()
        self._source.take("" if vanished else "\n", after)
        reference = shapes.reference(self._read)
        if reference is not None:
            name, address = reference
            self._references[name] = address
        self.over = True

    def _lead_to_code(self, end: int) -> bool:
        """The line ends with what opens a code block if code follows it; returns whether that is certain."""
        source = self._source
        leads = shapes.is_code_below(source.line(end + 1)) if end + 1 < len(source.text) else None
        if leads is None and not source.final:
            return False
        if leads:
            self._title.release()
            self._spans.end_line()
            source.out.put(self._writer.line_break, 0)
            self.over = self.leads_to_code = True
        else:
            self._spans.give_up()
        return True

    def _leave_block(self, end: int, *, ended: bool) -> bool:
        """Nothing may follow a code block on its last line; returns whether it is certain what does."""
        source = self._source
        rest = source.text[source.at : end]
        after = end - len(rest.lstrip(" \t\r"))
        if after == end and not ended:
            return False
        self._follows_block = False
        source.take(self._writer.line_break if after < end else "", after)
        return True

    def _take_construct(self, search: Search) -> bool:
        """Wait for the end of the construct, or for the certainty that there is none."""
        close = search.find(self._source.text, self._source.at, final=self._source.final)
        if close is None:
            return False
        self._search = None
        if close < 0 or not self._display(search, close):
            self._spans.give_up()
        return True

    def _display(self, search: Search, close: int) -> bool:
        source, writer, construct = self._source, self._writer, search.construct
        inside = source.text[source.at + len(construct.opening) : close]
        shown = display(construct, inside, line_break=writer.line_break, shows=writer.shows)
        if shown is None:
            return False
        writer.dropped = writer.dropped or not shown.text
        writer.shows = writer.shows or bool(shown.text.strip())
        source.take(shown.text, close + len(construct.closing))
        self._follows_block = shown.is_block
        if shown.formula is not None:
            source.out.attach(shown.formula)
        return True
