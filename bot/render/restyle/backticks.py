"""Backticks within a line of text.

Three of them open a code block for Discord wherever they stand, and pair with the next three; in Markdown they do so
only at the beginning of a line, and elsewhere mark inline code, as any number does. What is found is the text that
shows what begins with a run of them, and where it ends, or None if that is not certain yet.
"""

from __future__ import annotations

import re

from bot.render.restyle.literal import code_span, escaped

# Of this many Discord makes a code block.
FENCE_CHARS = 3
# Longer runs are ornament, or hostile.
RUN_MAX_CHARS = 8
# More is not held back for the end of inline code.
_SPAN_MAX_CHARS = 300

_RUN = re.compile(r"`+")
_BEGINS_WITH_ONE = re.compile(r" `|(?: |)\Z")
# What says how a code block begins: the backticks alone, or with the name of a language.
_MARK = re.compile(r"(`{3,8})([\w+#.-]*)")
_FENCE = re.compile(r"`{3,8}[\w+#.-]{0,32}[ \t\r]*")


def fenced(text: str, at: int, end: int, run: str, *, final: bool) -> tuple[str, int] | None:
    """What begins with three backticks or more: inline code, marked with fewer of them, or the backticks alone."""
    after = at + len(run)
    close = _close(text, after, end, len(run), final=final)
    if close >= 0:
        return _shown(text[after:close]), close + len(run)
    waits = not final and end - after <= _SPAN_MAX_CHARS
    return None if waits else (escaped(run), after)


def marked(text: str, at: int, end: int, run: str, *, final: bool) -> tuple[str, int] | None:
    """What begins with one or two backticks: code that holds three of them, as far as it begins with one, or them."""
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
    """Whether code that is open is closed in this line by so many; None if that is not certain yet."""
    if _close(text, after, end, length, final=final) >= 0:
        return True
    return None if not final and end - after <= _SPAN_MAX_CHARS else False


def may_lead_to_code(text: str, at: int, end: int) -> bool:
    """Whether a line ends with what would open a code block at the beginning of one."""
    return _FENCE.fullmatch(text, at, end) is not None


def _close(text: str, after: int, end: int, length: int, *, final: bool) -> int:
    """Where the next run of exactly so many begins, or -1."""
    for run in _RUN.finditer(text, after, min(end, after + _SPAN_MAX_CHARS)):
        if len(run.group()) == length and (run.end() < end or final):
            return run.start()
    return -1


def _shown(content: str) -> str:
    if content[:1] == content[-1:] == " " and content.strip():
        content = content[1:-1]
    mark = _MARK.fullmatch(content)
    # As text they are copied as they are.
    return escaped(mark[1]) + escaped(mark[2]) if mark else code_span(content)
