"""Text of messages as HTML: code, links and the simple markup of Discord, everything else escaped; pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html import escape

from bot.conversation.code_spans import code_spans
from bot.conversation.visible import readable

FENCE = "```"
MARK = "||"
"""Stands at both ends of a spoiler."""

_MARK = re.compile(r"\|\|")

_LINK = re.compile(r"https?://[^\s<>|`\"“”‘’«»]+")
_STYLES = (
    ("**", re.compile(r"\*\*([^*\n]+)\*\*"), r"<strong>\1</strong>"),
    ("__", re.compile(r"__([^_\n]+)__"), r"<u>\1</u>"),
    ("~~", re.compile(r"~~([^~\n]+)~~"), r"<s>\1</s>"),
    (MARK, re.compile(r"\|\|([^|\n]+)\|\|"), r'<span class="spoiler" tabindex="0">\1</span>'),
)
"""Marks at both ends of a text of one line, and their elements."""

_LANGUAGE_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789+-#._")
_LINES = (("### ", "h5"), ("## ", "h4"), ("# ", "h3"), ("-# ", "small"), ("> ", "blockquote"))
"""How a line begins, and the element that the line becomes."""


def to_html(text: str) -> str:
    """Return a text of people as HTML; nothing of the text can become an element of its own choice."""
    text = readable(text)
    made: list[str] = []
    at = 0
    for start, end in _wide_spoilers(text):
        hidden = _blocks(text[start + len(MARK) : end - len(MARK)])
        made += [_blocks(text[at:start]), f'<span class="spoiler" tabindex="0">{hidden}</span>']
        at = end
    return "".join([*made, _blocks(text[at:])])


def _wide_spoilers(text: str) -> Iterator[tuple[int, int]]:
    """Find the spoilers that hold code, links or several lines; the others are a style of a line."""
    code = deque(code_spans(text))
    start: int | None = None
    for found in _MARK.finditer(text):
        at = found.start()
        while code and code[0][1] <= at:
            code.popleft()
        if code and code[0][0] <= at:
            continue
        if start is None or at == start + len(MARK):
            start = at
            continue
        hidden = text[start:at]
        if "\n" in hidden or "`" in hidden or "://" in hidden:
            yield start, found.end()
        start = None


def _blocks(text: str) -> str:
    made: list[str] = []
    at = 0
    for start, end in code_spans(text):
        made += [_lines(text[at:start]), _code(text[start:end])]
        # The end of a line behind a block would be an empty line.
        at = end + (text.startswith(FENCE, start) and text.startswith("\n", end))
    return "".join([*made, _lines(text[at:])])


def _code(span: str) -> str:
    if not span.startswith(FENCE):
        return f"<code>{escape(span.strip('`'))}</code>"
    language, code = "", span[len(FENCE) : -len(FENCE)]
    first, newline, rest = code.partition("\n")
    if newline and set(first.strip().lower()) <= _LANGUAGE_CHARS:
        language, code = first.strip().lower(), rest
    label = f' data-language="{escape(language)}"' if language else ""
    return f"<pre{label}><code>{escape(code.strip(chr(10)))}</code></pre>"


def _lines(text: str) -> str:
    return "".join(_line(line) for line in text.splitlines(keepends=True))


def _line(line: str) -> str:
    bare = line.rstrip("\n")
    if not bare:
        return line
    for beginning, element in _LINES:
        if bare.startswith(beginning):
            return f"<{element}>{''.join(_inline(bare[len(beginning) :]))}</{element}>"
    return "".join(_inline(line))


def _inline(text: str) -> Iterator[str]:
    at = 0
    for found in _LINK.finditer(text):
        link = found[0].rstrip(".,;:!?)]*_~'")
        yield _styled(text[at : found.start()])
        yield f'<a href="{escape(link)}" rel="noopener noreferrer nofollow">{escape(link)}</a>'
        at = found.start() + len(link)
    yield _styled(text[at:])


def _styled(text: str) -> str:
    made = escape(text)
    for mark, pattern, element in _STYLES:
        if mark in made:
            made = pattern.sub(element, made)
    return made
