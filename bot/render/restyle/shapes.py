"""Recognise blocks by the beginning of a line, which may be incomplete."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.render.restyle.source import Line

# Limit of the marks at the beginning of a line that are held back.
LEAD_MAX_CHARS = 120
# Text that shows a thematic break, which Discord does not know.
RULE = "─" * 10
# Characters of a thematic break and of a setext underline.
RULE_CHARS = "-*_="
_DOUBLE_RULE = "═" * 10
_HEADING_MAX_CHARS = 300

# A comparison at the beginning of a line (`>= 5`) is no quote.
_QUOTE = re.compile(r"(?:[ \t]{0,3}>(?!=)){0,8}")
_MARKS = re.compile(r"(?P<indent>[ \t]{0,3})>(?:[ \t]{0,3}>){0,7}[ \t]?")
_MARK = re.compile(r"[ \t]{0,3}>")
_BULLETS = re.compile(r"[ \t]*(?P<bullets>(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*)")
_LEAD_BEGUN = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}(?:[.)]|\Z))[ \t]*)*")
_RULE = re.compile(r"[ \t]{0,3}(?:-(?:[ \t]*-){2,}|\*(?:[ \t]*\*){2,}|_(?:[ \t]*_){2,})[ \t\r]*")
_RULE_BEGUN = re.compile(r"[ \t]{0,3}(?:-[ \t-]*|\*[ \t*]*|_[ \t_]*|=+[ \t]*)\r?")
_DOUBLE = re.compile(r"[ \t]{0,3}={3,}[ \t\r]*")
_UNDERLINE = re.compile(r"[ \t]{0,3}(?P<char>=+|-+)[ \t\r]*")
_MARK_BEGUN = re.compile(r"`{1,2}|~{1,2}|#{1,6}|-#|\|")
_HEADING = re.compile(r"(?:#{1,6}|-#)[ \t]")
_SMALL_HEADING = re.compile(r"#{4,6}[ \t]")
_TASK = re.compile(r"\[(?P<done>[ xX])\](?=[ \t])")
_TASK_BEGUN = re.compile(r"\[(?:[ xX]\]?)?")
_REFERENCE = re.compile(r"[ \t]{0,3}\[([^\[\]^][^\[\]]*)\]:[ \t]+<?(https?://[^\s<>()]+)>?")
_CLOSING_BEGUN = re.compile(r"[ \t>]*+(?>(?:`++|~++)?)[ \t\r]*+")


class Lead(NamedTuple):
    """The marks before the content of a line: quote marks, then indentation and bullets."""

    quote: str
    bullets: str
    width: int


def quote_of(line: str) -> str:
    """The quote marks of a line, without the blank behind them."""
    found = _QUOTE.match(line)
    return found.group() if found else ""


def quoted(marks: str) -> str:
    """The marks of a line with the quote marks that Discord knows: `> ` with a blank, and no nested quotes.

    Nested quotes become one quote, so that no mark is shown as text.
    """
    found = _MARKS.match(marks) if ">" in marks else None
    return f"{found['indent'].replace(chr(9), '')}> {marks[found.end() :]}" if found else marks


def quote_end(line: str, depth: int) -> int:
    """The position behind `depth` quote marks and the blank behind the last one."""
    end = 0
    for _ in range(depth):
        mark = _MARK.match(line, end)
        end = mark.end() if mark else end
    return end + (depth > 0 and line[end : end + 1] == " ")


def lead_of(line: str, quote: str) -> Lead:
    """The marks of a line that begins with these quote marks."""
    found = _BULLETS.match(line, len(quote))
    return Lead(quote, found["bullets"], found.end()) if found else Lead(quote, "", len(quote))


def may_become_block(line: str, lead: Lead) -> bool:
    """Whether the beginning of a line may still become anything but text."""
    if _LEAD_BEGUN.fullmatch(line) or _RULE_BEGUN.fullmatch(line, len(lead.quote)):
        return True
    content = line[lead.width :]
    if _MARK_BEGUN.fullmatch(content):
        return True
    return bool(lead.bullets and _TASK_BEGUN.fullmatch(content))


def may_close_code(line: str) -> bool:
    """Whether the beginning of a line in a code block may still become its closing line."""
    return (
        not line[:1].isalpha() and len(line) <= LEAD_MAX_CHARS and _CLOSING_BEGUN.fullmatch(line) is not None
    )


def is_code_below(line: Line) -> bool | None:
    """Whether a line may be the first of a code block that the line above opens; None if that is not certain yet.

    Backticks above an empty line or another code block are text.
    """
    inside = line.text[len(quote_of(line.text)) :].strip()
    if not line.ended and not inside.strip("`~"):
        return None
    return bool(inside) and not inside.startswith(("```", "~~~"))


def underlining(inside: str) -> str:
    """The character of a setext underline; empty if the line is none."""
    found = _UNDERLINE.fullmatch(inside)
    return found["char"][0] if found else ""


def rule(inside: str, *, below_text: bool) -> str:
    """The text for a thematic break; empty if the line is none. Three equals signs below text are one."""
    if _RULE.fullmatch(inside):
        return RULE
    return _DOUBLE_RULE if below_text and "===" in inside and _DOUBLE.fullmatch(inside) else ""


def is_small_heading(content: str) -> bool:
    """Whether a line begins a heading of level 4 to 6, which Discord does not know."""
    return (
        content[:1] == "#"
        and len(content) <= _HEADING_MAX_CHARS
        and _SMALL_HEADING.match(content) is not None
    )


def is_heading(content: str) -> bool:
    """Whether the content of a line is a heading or Discord's small text."""
    return content[:1] in ("#", "-") and _HEADING.match(content) is not None


def heading_text(content: str) -> str:
    """The text of a complete heading, without closing number signs."""
    text = content.lstrip("#").strip(" \t\r")
    inner = text.rstrip("#")
    return inner.rstrip(" \t") if inner[-1:] in ("", " ", "\t") else text


def label(content: str, *, item: bool) -> tuple[str, int]:
    """The text for a task's box, and the number of characters that it replaces."""
    task = _TASK.match(content) if item else None
    if task is None:
        return "", 0
    return ("☐" if task["done"] == " " else "☑"), task.end()


def reference(line: str) -> tuple[str, str] | None:
    """The label in lower case and the address of a link reference definition."""
    found = _REFERENCE.match(line)
    return (found[1].lower(), found[2]) if found else None
