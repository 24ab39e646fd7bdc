"""HTML elements within a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.render.restyle import html
from bot.render.restyle.line_writer import LineWriter
from bot.render.restyle.links import PICTURE
from bot.render.restyle.shapes import RULE


@dataclass(slots=True)
class Tags:
    """Distinguishes HTML elements from tag names in a sentence, and writes them as Markdown.

    `inline` restyles the content of elements that are replaced as a whole.
    """

    writer: LineWriter
    inline: Callable[[str], str]
    # How many elements of each name are open, and those of them that end with their line.
    _open: dict[str, int] = field(default_factory=dict)
    _open_in_line: list[str] = field(default_factory=list)

    def take(self, text: str, at: int, end: int, *, before: str, final: bool) -> int | None:
        """Write what begins with `<` at `at`, behind the character `before`.

        Returns where that ends: at `at` if it is no tag, None if it is not certain yet whether it is.
        """
        tag = html.TAG.match(text, at, end)
        name = tag["name"].lower() if tag else ""
        if tag is None or name not in html.KNOWN:
            begun = not final and html.may_be_tag(text[at : min(end, at + html.TAG_MAX_CHARS + 1)])
            return None if begun else at
        if not html.is_markup(tag):
            return at
        if name in html.WHOLE:
            return self._element(tag, name, text, end, final=final)
        means = self._means(tag, name, text, end, before=before, final=final)
        if means:
            self._write(tag, name)
            return tag.end()
        return None if means is None else at

    def end_line(self) -> None:
        """The line is over."""
        for name in self._open_in_line:
            self._open[name] = max(0, self._open.get(name, 0) - 1)
        self._open_in_line.clear()

    def _means(
        self, tag: re.Match[str], name: str, text: str, end: int, *, before: str, final: bool
    ) -> bool | None:
        """Whether a tag is markup, and not the name of a tag in a sentence; None if that is not certain yet."""
        if name == "br":
            return True
        if name in html.BREAKS:
            return name == "img" or self.writer.begins
        if tag["close"]:
            if self._open.get(name, 0):
                self._open[name] -= 1
                return True
            return self.writer.begins and name in html.BLOCKS
        if before.isascii() and (before.isalnum() or before in ("_", "]")):
            return False
        start = tag.end()
        stop = min(end, start + html.SPAN_MAX_CHARS)
        if text[start:stop].lower().find(f"</{name}>") >= 0:
            self._count(name)
            self._open_in_line.append(name)
            return True
        if stop == end and not final:
            return None
        rest = text[start:stop].lstrip()
        alone = not rest or rest[0] == "<" or "=" in tag["attributes"]
        if alone and self.writer.begins and name in html.BLOCKS:
            self._count(name)
            return True
        return False

    def _count(self, name: str) -> None:
        self._open[name] = self._open.get(name, 0) + 1

    def _element(self, tag: re.Match[str], name: str, text: str, end: int, *, final: bool) -> int | None:
        at, start = tag.span()
        stop = min(end, start + html.ELEMENT_MAX_CHARS)
        found = html.CLOSINGS[name].search(text, start, stop)
        if tag["close"] or found is None:
            if not final and stop == end and not tag["close"]:
                return None
            self.writer.write(tag.group(), start - at)
            return start
        inside, after = text[start : found.start()], found.end()
        shown = html.element(name, tag["attributes"], inside if name in html.CODE else self.inline(inside))
        self.writer.write(shown, after - at)
        return after

    def _write(self, tag: re.Match[str], name: str) -> None:
        writer, taken = self.writer, len(tag.group())
        if name in html.BLOCKS and not tag["close"]:
            writer.part()
        if name == "br":
            writer.write(writer.line_break, taken)
        elif name == "hr":
            writer.write((writer.line_break if writer.shows else "") + RULE + writer.line_break, taken)
        elif name == "img":
            address = html.attribute(tag["attributes"], "src")
            alt = html.attribute(tag["attributes"], "alt") or PICTURE
            writer.write(f"[{alt}]({address})" if address.startswith(("http://", "https://")) else alt, taken)
        elif name in html.MARKERS:
            if tag["close"]:
                writer.close(name, taken)
            else:
                writer.open(name, html.MARKERS[name], taken)
        elif name in html.HEADINGS and not tag["close"]:
            writer.write(html.HEADINGS[name], taken)
        else:
            writer.drop(taken)
        if tag["close"] and (name in html.BLOCKS or name in html.HEADINGS):
            writer.part()
