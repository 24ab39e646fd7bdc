"""Text of messages as Markdown in which no HTML can stand, for the block quotes of an exported file; pure.

A reader of Markdown takes HTML over as it is: `</blockquote>` would end the quote, and `<!--` would hide the messages
behind it. So each `<` is escaped outside of code, and code of several lines stands between fences that its content
cannot end. All other backticks and runs of tildes are escaped, so that every reader finds the same code.

Links lead to the web alone, since some readers follow `javascript:`. A picture would be loaded from where its author
likes, and a definition of a link would turn the words of others into links: both stay text.
"""

from __future__ import annotations

import re

from bot.conversation.code_spans import code_spans

FENCE = "```"

_ESCAPED = re.compile(r"\\.|[`<]|~~~+|!(?=\[)|\](?=:|\((?!https?://))")
_TICKS = re.compile(r"`+")


def quotable(text: str) -> str:
    """Return a text as Markdown without HTML, pictures, and links to anything but the web."""
    made: list[str] = []
    at = 0
    for start, end in code_spans(text):
        made.append(_without_html(text[at:start]))
        span = text[start:end]
        at = end
        if "\n" not in span:
            made.append(span)
            continue
        before = "" if not start or text[start - 1] == "\n" else "\n"
        behind = "" if at == len(text) or text[at] == "\n" else "\n"
        made.append(f"{before}{_fenced(span)}{behind}")
    made.append(_without_html(text[at:]))
    return "".join(made)


def _without_html(text: str) -> str:
    return _ESCAPED.sub(lambda found: found[0] if found[0][0] == "\\" else f"\\{found[0]}", text)


def _fenced(span: str) -> str:
    """Return code of several lines between fences; the first line of a block may name its language."""
    length = len(span) - len(span.lstrip("`"))
    code = span[length:-length]
    language, newline, rest = code.partition("\n")
    is_named = length >= len(FENCE) and newline and (language.isalnum() or not language)
    fence = "`" * max(len(FENCE), 1 + max((len(run) for run in _TICKS.findall(code)), default=0))
    opening, code = (f"{fence}{language}", rest) if is_named else (fence, code)
    return f"{opening}\n{code.removesuffix(chr(10))}\n{fence}"
