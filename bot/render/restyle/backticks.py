"""Backticks within a line of text.

For Discord three backticks open a code block anywhere and close at the next three. In Markdown three backticks open a
block only at the beginning of a line; elsewhere any number of backticks marks inline code. The functions return the
text that shows the construct and the position behind it, or None if that is not certain yet.
"""

from __future__ import annotations

import re

from bot.render.restyle.literal import code_span, escaped

# So many backticks open a code block in Discord.
FENCE_CHARS = 3
# Longer runs are text.
RUN_MAX_CHARS = 8
# Limit of the text held back until the end of inline code.
_SPAN_MAX_CHARS = 300

_RUN = re.compile(r"`+")
_BEGINS_WITH_ONE = re.compile(r" `|(?: |)\Z")
# A fence as it is written about: backticks, with or without a language.
_MARK = re.compile(r"(`{3,8})([\w+#.-]*)")
_FENCE = re.compile(r"`{3,8}[\w+#.-]{0,32}[ \t\r]*")


def fenced(text: str, at: int, end: int, run: str, *, final: bool) -> tuple[str, int] | None:
    """Text for a run of three or more backticks: inline code with fewer backticks, or the escaped run."""
    after = at + len(run)
    close = _close(text, after, end, len(run), final=final)
    if close >= 0:
        return _shown(text[after:close]), close + len(run)
    waits = not final and end - after <= _SPAN_MAX_CHARS
    return None if waits else (escaped(run), after)


def marked(text: str, at: int, end: int, run: str, *, final: bool) -> tuple[str, int] | None:
    """Text for a run of one or two backticks: code that begins with a backtick is rewritten if it holds three."""
    after = at + len(run)
    begins = _BEGINS_WITH_ONE.match(text, after, end)
    if begins is None or (begins.end() == end and final):
        return run, after
    close = _close(text, after, end, len(run), final=final)
    if close < 0:
        waits = not final and end - after <= _SPAN_MAX_CHARS
        return None if waits else (run, after)
    content = text[after:close]
    holds = "`" * FENCE_CHARS in content
    return (_shown(content) if holds else text[at : close + len(run)]), close + len(run)


def is_closed(text: str, after: int, end: int, length: int, *, final: bool) -> bool | None:
    """Whether a run of `length` closes the open code in this line; None if that is not certain yet."""
    if _close(text, after, end, length, final=final) >= 0:
        return True
    return None if not final and end - after <= _SPAN_MAX_CHARS else False


def may_lead_to_code(text: str, at: int, end: int) -> bool:
    """Whether a line ends with a fence."""
    return _FENCE.fullmatch(text, at, end) is not None


def _close(text: str, after: int, end: int, length: int, *, final: bool) -> int:
    """The beginning of the next run of exactly `length` backticks, or -1."""
    for run in _RUN.finditer(text, after, min(end, after + _SPAN_MAX_CHARS)):
        if len(run.group()) == length and (run.end() < end or final):
            return run.start()
    return -1


def _shown(content: str) -> str:
    if content[:1] == content[-1:] == " " and content.strip():
        content = content[1:-1]
    mark = _MARK.fullmatch(content)
    # Escaped backticks are copied unchanged.
    return escaped(mark[1]) + escaped(mark[2]) if mark else code_span(content)
