"""How Discord shows the inside of a construct that may span lines: a formula, code, a comment."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

from bot.render.part import Formula
from bot.render.restyle import formulas
from bot.render.restyle.literal import as_code, escaped
from bot.render.restyle.open_construct import OpenConstruct
from bot.render.ticks import Ticks

_TAG = re.compile(r"<[^<>]*>")
_QUOTED = re.compile(r"\n[ \t]*(?:>[ \t]?)+")


@dataclass(frozen=True, slots=True)
class Display:
    """`text` shows it; the `formula` is drawn as well; if `is_block`, nothing may follow on its last line."""

    text: str
    formula: Formula | None = None
    is_block: bool = False


def display(construct: OpenConstruct, inside: str, *, line_break: str, shows: bool) -> Display | None:
    """The display of a construct; None if the inside shows that it is text.

    `line_break` separates the lines of its block; `shows` says that visible text stands before it in its line.
    """
    if construct.opening == "<!--":
        return _comment(inside, shows=shows)
    if construct.is_html:
        text = html.unescape(_TAG.sub("", inside)).strip("\n")
        return Display(_block("", text.split("\n"), line_break, shows=shows), is_block=True)
    tex = construct.formula(inside)
    if ">" in line_break:
        tex = _QUOTED.sub("\n", tex)
    if not formulas.is_formula(tex) or not construct.is_formula(tex):
        return None
    return _formula(tex.strip(), line_break, shows=shows)


def _comment(inside: str, *, shows: bool) -> Display:
    words = escaped(" ".join(inside.replace(">", " ").split()))
    if not words:
        return Display("")
    return Display(f"({words})" if shows else f"-# {words}")


def _formula(tex: str, line_break: str, *, shows: bool) -> Display:
    """A formula on its own: readable as text, and drawn below the message."""
    lines = formulas.displayed(tex)
    if lines is not None:
        return Display(line_break.join(lines), Formula(tex))
    if shows and "\n" not in tex:
        return Display(as_code(tex), Formula(tex))
    source = [line.strip() for line in tex.split("\n")]
    return Display(_block("latex", source, line_break, shows=shows), Formula(tex), is_block=True)


def _block(language: str, code: list[str], line_break: str, *, shows: bool) -> str:
    """A code block in the middle of a line's text."""
    lines = Ticks().separated("\n".join(code)).split("\n")
    return (line_break if shows else "") + line_break.join([f"```{language}", *lines, "```"])
