"""Inline Markdown that Discord does not show, restyled while its line is being written.

Longer than other files: one scanner, whose marks decide on each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.render.restyle import formulas, html
from bot.render.restyle.scripts import superscript

# What a thematic break looks like where there is none.
RULE = "─" * 10
# Longer runs are ornament, or hostile.
_RUN_MAX_CHARS = 8
# How much is held back of what may become a picture.
_IMAGE_MAX_CHARS = 200
_BADGE_MAX_CHARS = 500

_TOKEN = re.compile(r"`+|\\|\$+|<|&|!\[|\[|\]\(|https?://")
_TAIL = re.compile(r"(?:!|\]|h(?:t(?:t(?:p(?:s?(?::/?)?)?)?)?)?)\Z")
_URL_END = re.compile(r"[\s<>)\]|]")
_DESTINATION_END = re.compile(r"[\s)]")
_FOOTNOTE = re.compile(r"\[\^(\d{1,3})\]")
_FOOTNOTE_BEGUN = re.compile(r"\[(?:\^\d{0,3})?")
_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\(")
_IMAGE_BEGUN = re.compile(r"!\[[^\[\]\n]*\]?")
_BADGE = re.compile(r"\[!\[([^\[\]\n]*)\]\(([^\s()]*)[^()\n]*\)\]\(([^\s()]*)[^()\n]*\)")
_BADGE_BEGUN = re.compile(r"\[(?:!(?:\[[^\[\]\n]*(?:\](?:\([^()\n]*(?:\)(?:\](?:\([^()\n]*)?)?)?)?)?)?)?")
_REFERENCE = re.compile(r"\[([^\[\]\n]+)\]\[([^\[\]\n]*)\]")
_REFERENCE_BEGUN = re.compile(r"\[[^\[\]\n]{0,150}(?:\](?:\[[^\[\]\n]{0,60})?)?")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:equation|align|aligned|gather|gathered|multline|split|cases|[pbvBV]?matrix)\*?)\}"
)
_ENVIRONMENT_BEGUN = re.compile(r"\\b(?:e(?:g(?:i(?:n(?:\{[A-Za-z]{0,10}\*?)?)?)?)?)?")
_COMMENT_BEGUN = re.compile(r"<(?:!-?)?")
_PRE = re.compile(r"<pre\b[^<>\n]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that may go on over several lines: what opens it, and what would close it."""

    opening: str
    closing: str
    # Whether its line begins with it.
    begins: bool = False

    def is_refused(self, inside: str) -> bool:
        """Whether the beginning of what is inside shows that it is none; then this is so for the whole, too."""
        return self.opening in ("$$", "\\[") and formulas.is_no_display(inside)

    def is_formula(self, inside: str) -> bool:
        """Whether what is inside is a formula."""
        if self.opening == "$$":
            return formulas.is_display(inside, begins=self.begins)
        if self.opening == "\\[":
            return formulas.is_bracketed(inside, begins=self.begins)
        return self.opening[0] != "<"


@dataclass(slots=True)
class Spans:
    """Restyles lines piece by piece; what it makes of them goes to `put(text, taken)`."""

    put: Callable[[str, int], None]
    references: dict[str, str] = field(default_factory=dict)
    # What separates two lines of the same block: a line break, and the marks of the quote.
    line_break: str = "\n"
    wanted: Wanted | None = None
    # Whether the line shows something so far, and whether something of it was left out.
    shows: bool = False
    dropped: bool = False
    # Whether the line is an item of a list, or a cell: then it shows something.
    item: bool = False
    _before: str = ""
    _ticks: int = 0
    _ornament: str = ""
    _until: re.Pattern[str] | None = None
    _markers: list[tuple[str, str]] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    _refused: bool = False
    # How many elements of each name are open, and those of them that end with their line.
    _open: dict[str, int] = field(default_factory=dict)
    _open_in_line: list[str] = field(default_factory=list)
    # Whether what comes next in the line is another block.
    _parts: bool = False

    def take(self, text: str, at: int, end: int, *, final: bool) -> int:
        """Restyle `text[at:end]`, a part of one line, and return how far; `final` says that the line ends there.

        It stops early where something is `wanted`, and where it is not certain what the rest is.
        """
        self.wanted = None
        while at < end:
            after = self._run_on(text, at, end)
            if after == at:
                after = self._next(text, at, end, final=final)
            if after == at:
                return at
            self._before = text[after - 1]
            at = after
        return at

    def refuse(self) -> None:
        """What was wanted is not there: its opening is text."""
        self._refused = True

    def end_line(self) -> None:
        """The line is over: nothing of HTML stays open beyond it."""
        markers = "".join(marker for _, marker in reversed(self._markers))
        waiting = sum(len(marker) for marker in self._waiting)
        self._markers.clear()
        self._waiting.clear()
        self.put(markers[waiting:], 0)
        for name in self._open_in_line:
            self._open[name] = max(0, self._open.get(name, 0) - 1)
        self._open_in_line.clear()
        self.shows = self.dropped = self.item = self._parts = False
        self._until = None
        self._before, self._ornament = "", ""

    def end_paragraph(self) -> None:
        """What was not closed in the paragraph was never opened."""
        self._ticks = 0

    def _write(self, text: str, taken: int) -> None:
        if self._parts:
            text = text.lstrip()
            if text:
                self._parts = False
                self.put(self.line_break, 0)
        if self._waiting and text.strip():
            self.put("".join(self._waiting), 0)
            self._waiting.clear()
        self.shows = self.shows or bool(text.strip())
        self.put(text, taken)

    def _same(self, text: str, at: int, after: int) -> int:
        self._write(text[at:after], after - at)
        return after

    def _run_on(self, text: str, at: int, end: int) -> int:
        """What goes on as it began: ornament, an address, code."""
        after = at
        if self._ornament:
            while after < end and text[after] == self._ornament:
                after += 1
            if after < end:
                self._ornament = ""
        elif self._until is not None:
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
            tail = None if final else _TAIL.search(text, max(at, end - 8), end)
            return self._same(text, at, tail.start() if tail else end)
        if mark.start() > at:
            return self._same(text, at, mark.start())
        return self._take_token(mark.group(), text, at, end, final=final)

    def _take_token(self, mark: str, text: str, at: int, end: int, *, final: bool) -> int:
        first = mark[0]
        if first in "`$":
            return self._run(mark, text, at, end, final=final)
        if first == "\\":
            return self._backslash(text, at, end, final=final)
        if first == "<":
            return self._angle(text, at, end, final=final)
        if first == "&":
            found = html.entity(text, at, end, final=final)
            if found is None:
                return at
            self._write(found[0], found[1] - at)
            return found[1]
        if mark == "![":
            return self._image(text, at, end, final=final)
        if mark == "[":
            return self._bracket(text, at, end, final=final)
        self._until = _DESTINATION_END if mark == "](" else _URL_END
        return self._same(text, at, at + len(mark))

    def _run(self, run: str, text: str, at: int, end: int, *, final: bool) -> int:
        after = at + len(run)
        if after == end and not final:
            if len(run) <= _RUN_MAX_CHARS:
                return at
            self._ornament = run[0]
            return self._same(text, at, after)
        if run[0] == "`":
            if self._ticks:
                self._ticks = 0 if self._ticks == len(run) else self._ticks
            elif len(run) <= _RUN_MAX_CHARS:
                self._ticks = len(run)
            return self._same(text, at, after)
        if len(run) == 1:
            formula = formulas.inside_dollars(text, at, end, before=self._before, final=final)
            if formula is None:
                return at
            if not formula:
                return self._same(text, at, after)
            taken = len(formula) + 2
            self._write(formulas.shown(formula), taken)
            return at + taken
        if len(run) == 2 and not (self._before.isascii() and self._before.isalnum()):
            return self._want(Wanted("$$", "$$", not self.shows), text, at)
        return self._same(text, at, after)

    def _want(self, wanted: Wanted, text: str, at: int) -> int:
        if self._refused:
            self._refused = False
            return self._same(text, at, at + len(wanted.opening))
        self.wanted = wanted
        return at

    def _backslash(self, text: str, at: int, end: int, *, final: bool) -> int:
        if at + 1 == end:
            return self._same(text, at, end) if final else at
        char = text[at + 1]
        if char == "[":
            return self._want(Wanted("\\[", "\\]", not self.shows), text, at)
        if char == "(":
            return self._bracketed(text, at, end, final=final)
        if char == "b":
            found = _ENVIRONMENT.match(text, at, end)
            if found is not None:
                return self._want(Wanted(found.group(), f"\\end{{{found[1]}}}"), text, at)
            if not final and _ENVIRONMENT_BEGUN.fullmatch(text, at, end):
                return at
        return self._same(text, at, at + 2)

    def _bracketed(self, text: str, at: int, end: int, *, final: bool) -> int:
        stop = min(end, at + 2 + formulas.INLINE_MAX_CHARS)
        close = text.find("\\)", at + 2, stop)
        content = text[at + 2 : close if close >= 0 else stop]
        if formulas.is_prose(content):
            return self._same(text, at, at + 2)
        if close < 0:
            waits = not final and stop == end
            return at if waits else self._same(text, at, at + 2)
        clings = self._before in "/]" if self._before else False
        clings = clings or (self._before.isascii() and self._before.isalnum())
        formula = formulas.has_tex(content) if clings else formulas.is_formula(content)
        if not formula or formulas.is_prose(content + " "):
            return self._same(text, at, at + 2)
        self._write(formulas.shown(content), close + 2 - at)
        return close + 2

    def _image(self, text: str, at: int, end: int, *, final: bool) -> int:
        found = _IMAGE.match(text, at, end)
        if found is not None:
            self._write("[" if found[1].strip() else "[🖼️", 2)
            return at + 2
        begun = end - at <= _IMAGE_MAX_CHARS and _IMAGE_BEGUN.fullmatch(text, at, end)
        return at if begun and not final else self._same(text, at, at + 1)

    def _bracket(self, text: str, at: int, end: int, *, final: bool) -> int:
        note = _FOOTNOTE.match(text, at, end)
        if note is not None:
            self._write(superscript(note[1]) or "", len(note.group()))
            return note.end()
        badge = _BADGE.match(text, at, end)
        if badge is not None:
            alt, image, address = badge.groups()
            self._write(f"[{alt or '🖼️'}]({address}) ([🖼️]({image}))", len(badge.group()))
            return badge.end()
        if self.references:
            reference = _REFERENCE.match(text, at, end)
            address = self.references.get((reference[2] or reference[1]).lower(), "") if reference else ""
            if reference and address:
                self._write(f"[{reference[1]}]({address})", len(reference.group()))
                return reference.end()
        if not final and self._bracket_begun(text, at, end):
            return at
        return self._same(text, at, at + 1)

    def _bracket_begun(self, text: str, at: int, end: int) -> bool:
        if _FOOTNOTE_BEGUN.fullmatch(text, at, end):
            return True
        if end - at <= _BADGE_MAX_CHARS and _BADGE_BEGUN.fullmatch(text, at, end):
            return True
        return bool(self.references and _REFERENCE_BEGUN.fullmatch(text, at, end))

    def _angle(self, text: str, at: int, end: int, *, final: bool) -> int:
        if text.startswith("<!--", at, end):
            return self._want(Wanted("<!--", "-->"), text, at)
        pre = _PRE.match(text, at, end)
        if pre is not None:
            return self._want(Wanted(pre.group(), "</pre>"), text, at)
        tag = html.TAG.match(text, at, end)
        name = tag["name"].lower() if tag else ""
        if tag is None or name not in html.KNOWN:
            begun = _COMMENT_BEGUN.fullmatch(text, at, end) or html.may_be_tag(text[at : min(end, at + 400)])
            return at if begun and not final else self._same(text, at, at + 1)
        if not html.is_markup(tag):
            return self._same(text, at, at + 1)
        if name in html.WHOLE:
            return self._element(tag, name, text, end, final=final)
        means = self._means(tag, name, text, end, final=final)
        if means is None:
            return at
        if not means:
            return self._same(text, at, at + 1)
        self._tag(tag, name)
        return tag.end()

    def _means(self, tag: re.Match[str], name: str, text: str, end: int, *, final: bool) -> bool | None:
        """Whether a tag is markup, and not the name of a tag in a sentence; None if that is not certain yet."""
        begins = not self.shows and not self.item
        if name == "br":
            return True
        if name in html.BREAKS:
            return name == "img" or begins
        if tag["close"]:
            if self._open.get(name, 0):
                self._open[name] -= 1
                return True
            return begins and name in html.BLOCKS
        if self._before.isascii() and (self._before.isalnum() or self._before in ("_", "]")):
            return False
        start = tag.end()
        stop = min(end, start + html.SPAN_MAX_CHARS)
        if text[start:stop].lower().find(f"</{name}>") >= 0:
            self._opens(name, in_line=True)
            return True
        if stop == end and not final:
            return None
        rest = text[start:stop].lstrip()
        if begins and name in html.BLOCKS and (not rest or rest[0] == "<" or "=" in tag["attributes"]):
            self._opens(name, in_line=False)
            return True
        return False

    def _opens(self, name: str, *, in_line: bool) -> None:
        self._open[name] = self._open.get(name, 0) + 1
        if in_line:
            self._open_in_line.append(name)

    def _element(self, tag: re.Match[str], name: str, text: str, end: int, *, final: bool) -> int:
        at, start = tag.span()
        closing = f"</{name}>"
        stop = min(end, start + html.ELEMENT_MAX_CHARS)
        close = -1 if tag["close"] else text[start:stop].lower().find(closing)
        if close < 0:
            waits = not final and stop == end and not tag["close"]
            return at if waits else self._same(text, at, start)
        inside = text[start : start + close]
        inside = inside if name in ("code", "kbd", "samp", "tt") else restyled(inside, self.references)
        after = start + close + len(closing)
        self._write(html.element(name, tag["attributes"], inside) or "", after - at)
        return after

    def _tag(self, tag: re.Match[str], name: str) -> None:
        taken = len(tag.group())
        if name in html.BLOCKS and self.shows and not tag["close"]:
            self._parts = True
        if name == "br":
            self._write(self.line_break, taken)
        elif name == "hr":
            self._write((self.line_break if self.shows else "") + RULE + self.line_break, taken)
        elif name == "img":
            address = html.attribute(tag["attributes"], "src")
            alt = html.attribute(tag["attributes"], "alt") or "🖼️"
            self._write(f"[{alt}]({address})" if address.startswith(("http://", "https://")) else alt, taken)
        elif name in html.MARKERS:
            self._marker(html.MARKERS[name], name, taken, closes=bool(tag["close"]))
        elif name in html.HEADINGS and not tag["close"]:
            self._write(html.HEADINGS[name], taken)
        else:
            self.dropped = True
            self.put("", taken)

    def _marker(self, marker: str, name: str, taken: int, *, closes: bool) -> None:
        self.dropped = True
        if not closes:
            known = any(marker == other for _, other in self._markers)
            self._markers.append((name, "" if known else marker))
            self._waiting.append("" if known else marker)
            self.put("", taken)
            return
        if all(name != other for other, _ in self._markers):
            self.put("", taken)
            return
        text = ""
        while self._markers:
            other, open_marker = self._markers.pop()
            if self._waiting:
                self._waiting.pop()
            else:
                text += open_marker
            if other == name:
                break
        self.put(text, taken)


def restyled(text: str, references: dict[str, str] | None = None) -> str:
    """A whole text of one line, restyled."""
    found: list[str] = []
    spans = Spans(lambda piece, _: found.append(piece), references or {}, item=True)
    at = 0
    while at < len(text):
        at = spans.take(text, at, len(text), final=True)
        wanted = spans.wanted
        if wanted is None:
            continue
        start = at + len(wanted.opening)
        close = text.find(wanted.closing, start)
        if close < 0 or not wanted.is_formula(text[start:close]):
            spans.refuse()
            continue
        after = close + len(wanted.closing)
        found.append(formulas.shown(text[at:after] if wanted.opening[1] == "b" else text[start:close]))
        at = after
    spans.end_line()
    return "".join(found)
