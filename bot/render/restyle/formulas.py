"""Recognise formulas between delimiters, and show them as text."""

from __future__ import annotations

import re

from bot.render.restyle import symbols
from bot.render.restyle.literal import as_code, escaped
from bot.render.restyle.tex import linear, lines_of

# Longer text is no formula within a sentence.
INLINE_MAX_CHARS = 200
# Longer text is no displayed formula.
DISPLAY_MAX_CHARS = 3000

_INSIDE = re.compile(r"[^$\\\n]|\\[^\n]")
_PROSE = re.compile(
    r"\\(?:text\w*|mathrm|operatorname)\*?\s*\{[^{}]*\}|\\.|[\^_={}]|(?P<word>(?<!\\)[A-Za-z]{2,})"
)
_EVIDENCE = re.compile(r"\\[A-Za-z]|[\^_=<>+/]|\d\s*[-*]\s*\d")
# Signs of TeX: a command, an exponent, an index, an equation.
_TEX = re.compile(r"\\[A-Za-z]|[\^_=]")
_BRACKETS = re.compile(r"[()\[\]]")
_ITEM = re.compile(r"\n[ \t>]*(?:[-*+•]|\d{1,9}[.)])[ \t]")
_NUMBERED = re.compile(r"\n[ \t>]*(?:[*•]|\d{1,9}[.)])[ \t]")
# Formulas that may touch a word: an exponent, an index, a command.
_TOUCHING = re.compile(r"\\[A-Za-z].*|(?:[\^_](?:\{[^{}]*\}|\\[A-Za-z]+|[^\\{}\s]))+")
_TOUCHING_BEGUN = re.compile(r"[\^_]|\\[A-Za-z]")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)(?![A-Za-z0-9])")
_ORDINAL_BEGUN = re.compile(r"(?:s|n|r|t)?|(?:st|nd|rd|th)")
# Characters before the dollar that ends a regular expression, and never before a formula.
_EXPRESSION_ENDS = frozenset("?.^\\)]}%@#&")
# Signs of a regular expression.
_EXPRESSION = re.compile(r"\\[dwsDWSB](?![A-Za-z])|\(\?[:=!<]|\[\^|\\\|\^")
# The text between the ends of two alternatives of a regular expression.
_ALTERNATIVE = re.compile(r"\|[^|\\]*")
# Text that begins no formula: a blank, a closing character, a JSON path.
_NO_BEGINNING = re.compile(r"[\s,;:)\]}/?*&'\"]|\.\D|\|\^")
# Characters that end no formula of more than one character, except in an exponent.
_NO_END = re.compile(r"(?:(?<=[^^])[–+*?=&\"\[{]|(?<!\^)[-/,.:;(~<>])\Z")
# A variable of a shell or a template, as in `${name}`.
_VARIABLE = re.compile(r"\{[A-Za-z_]\w++[^{}\\^]*+\}")


def is_prose(content: str) -> bool:
    """Whether words show that text between two dollars is no mathematics.

    If true for the beginning of a text, true for the whole.
    """
    amount = content[:1].isdigit()
    words = 0
    for found in _PROSE.finditer(content):
        word = found["word"]
        if not word:
            return False  # a command, an exponent, an equals sign: mathematics
        if found.end() == len(content):
            continue  # the word may continue
        apart = found.start() > 0 and content[found.start() - 1].isspace()
        long = len(word) > 2 and word not in symbols.FUNCTIONS
        words += long
        if words > 1 or (apart and (amount or long)):
            return True
    return False


def inside_dollars(text: str, at: int, end: int, *, before: str, final: bool) -> str | None:
    """The formula whose opening dollar is `text[at]`, "" if there is none, None if that is not certain yet.

    Pandoc's rule (extension `tex_math_dollars`: no blank inside next to the dollars, no digit behind the second one),
    made stricter because of money and shell variables.
    """
    touches = before.isascii() and before.isalnum()
    if touches and not _TOUCHING_BEGUN.match(text, at + 1, end):
        waits = not final and at + 2 == end and text[at + 1] == "\\"
        return None if waits else ""
    index = at + 1
    stop = min(end, at + 1 + INLINE_MAX_CHARS)
    while index < stop and (found := _INSIDE.match(text, index, end)):
        index = found.end()
    content = text[at + 1 : index]
    if before in _EXPRESSION_ENDS or _NO_BEGINNING.match(content) or is_prose(content):
        return ""
    if index >= end or (text[index] == "\\" and index + 1 == end):
        return "" if final or index > stop else None
    if text[index] != "$" or not content:
        return ""
    if index + 1 == end and not final:
        return None
    behind = text[index + 1 : min(index + 2, end)]
    if behind == "$" or is_prose(content + " ") or _is_variable(content, behind, before):
        return ""
    touching = _TOUCHING.fullmatch(content) is not None
    if touches and not touching:
        return ""
    if behind.isascii() and behind.isalnum() and (behind.isdigit() or not touching):
        if len(content) == 1 and content.isalpha():
            if index + 4 > end and not final and _ORDINAL_BEGUN.fullmatch(text, index + 1, end):
                return None
            return content if _ORDINAL.match(text, index + 1, end) else ""
        return ""
    return "" if content[-1].isspace() or _NO_END.search(content) else content


def inside_brackets(text: str, at: int, end: int, *, before: str, final: bool) -> str | None:
    """The formula whose opening `\\(` is at `at`, "" if there is none, None if that is not certain yet."""
    stop = min(end, at + 2 + INLINE_MAX_CHARS)
    close = text.find("\\)", at + 2, stop)
    content = text[at + 2 : close if close >= 0 else stop]
    if is_prose(content):
        return ""
    if close < 0:
        return None if not final and stop == end else ""
    clings = before.isascii() and (before.isalnum() or before in ("/", "]"))
    formula = has_tex(content) if clings else is_formula(content)
    return content if formula and not (is_prose(content + " ") or _EXPRESSION.search(content)) else ""


def _is_variable(content: str, behind: str, before: str) -> bool:
    """Whether the dollars belong to variables of a shell or a template, to paths, or to regular expressions."""
    if _EXPRESSION.search(content) or _ALTERNATIVE.fullmatch(content):
        return True
    if before in ("'", '"') and before in content:
        return True
    return (content[0] in "{(" and behind in ("{", "(")) or _VARIABLE.match(content) is not None


def is_no_display(content: str) -> bool:
    """Whether the text behind `$$` or `\\[` rules a displayed formula out, as for prices or a shell's `$$`.

    If true for the beginning of a text, true for the whole.
    """
    inside = content.lstrip(" \t\r\n>")
    if inside.startswith(("=", ",", ";", ":")) or is_prose(inside):
        return True
    depth = 0
    for bracket in _BRACKETS.finditer(inside.partition("\\")[0]):
        depth += 1 if bracket.group() in "([" else -1
        if depth < 0:
            return True
    first, newline, _ = content.partition("\n")
    if not newline:
        return False
    if first.strip():
        return _ITEM.search(content) is not None or not _TEX.search(first)
    return _NUMBERED.search(content) is not None


def is_display(content: str, *, begins: bool) -> bool:
    """Whether the text between two `$$` is a formula; `begins` says that it begins a line."""
    inside = content.strip()
    if is_no_display(content) or is_prose(inside + " ") or not any(char.isalnum() for char in inside):
        return False
    if not begins and "\n" not in content[: len(content) - len(content.lstrip())]:
        return _TEX.search(inside) is not None and inside[-1] not in ",;:-–="
    return is_formula(inside)


def is_bracketed(content: str, *, begins: bool) -> bool:
    """Whether the text between `\\[` and `\\]` is a formula, and not text in escaped brackets."""
    if is_no_display(content) or is_prose(content.strip() + " ") or _EXPRESSION.search(content):
        return False
    if not any(char.isalnum() for char in content):
        return False
    return has_tex(content) or (begins and content[:1].isspace() and is_formula(content))


def has_tex(content: str) -> bool:
    """Whether a text holds signs of TeX."""
    return _TEX.search(content) is not None


def is_formula(content: str) -> bool:
    """Whether the text between TeX's brackets is a formula, and not text in escaped brackets."""
    content = content.strip()
    return bool(_EVIDENCE.search(content)) or len(content) == 1 or content.isdecimal()


def shown(tex: str) -> str:
    """A formula in a line of text: in Unicode where that represents it, else its source as code."""
    lines = [linear(line) for line in lines_of(tex)]
    if all(lines):
        return "; ".join(escaped(line) for line in lines if line)
    return as_code(tex)


def displayed(tex: str) -> list[str] | None:
    """The lines of a displayed formula in Unicode; None if Unicode cannot represent them."""
    lines = [linear(line) for line in lines_of(tex)]
    return [escaped(line) for line in lines if line] if all(lines) else None
