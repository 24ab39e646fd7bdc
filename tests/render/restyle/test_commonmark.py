"""Emphasis as Discord shows it, against what CommonMark makes of the same text."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.render.restyle.restyler import Restyler
from tests.render.discord import Token, read

_COMMONMARK = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").disable(
    ["heading", "lheading", "list", "blockquote", "code", "fence", "hr", "reference", "html_block", "link", "image",
     "entity", "html_inline", "autolink"]
)  # fmt: skip
# What Discord knows of the styles that emphasis has; it underlines what `__` makes strong.
_KINDS = {"em": "em", "strong": "strong", "u": "strong", "s": "s"}
_PIECES = st.sampled_from(
    ["*", "*", "*", "**", "**", "**", "***", "_", "_", "__", "~~", "~~", "****", "___", " ", " ", " ", "a", "bc", "d",
     "e f", "snake_case", "(", ")", ", ", ".", "\n", "`x`", "`*`", "`a*`", "`b** c`", "`my_var`", "`_`", "`x_`",
     "\\*", "\\_", "2 * 3", "f(*a)", "**kw", "\n\n"]
)  # fmt: skip
TEXT = st.lists(_PIECES, min_size=1, max_size=20).map("".join)
# Where the bot reads more generously than CommonMark (`**Note:**this`); other markup than emphasis; runs that are
# ornament, or that no parser reads as GFM says; escaped characters that a run follows.
_OTHERWISE = re.compile(
    r"[.)`_](?:\*+|~+)[^\W_]|(?m:^\s*(?:([*_])(?:\s*\1){2,}\s*$|\*\s))|(?m:^ {4})|~~~|[*]{9}|_{9}|\\[*_][*_]"
)
_CODE_WITH_DELIMITERS = re.compile(r"`[^`]*[*_][^`]*`")

Styled = list[tuple[str, frozenset[str]]]


def commonmark(text: str) -> Styled:
    """Each visible character with its styles."""
    found: Styled = []
    for block in _COMMONMARK.parse(text):
        styles: list[str] = []
        for token in block.children or ():
            kind = token.type.removesuffix("_open").removesuffix("_close")
            if token.nesting == 1:
                styles.append(kind)
            elif token.nesting == -1:
                styles.remove(kind)
            else:
                shown = "\n" if token.type in ("softbreak", "hardbreak") else token.content
                found += [(char, frozenset(styles)) for char in shown]
    return [entry for entry in found if not entry[0].isspace()]


def discord(text: str) -> Styled:
    """The same of what Discord shows."""
    found: Styled = []

    def walk(tokens: tuple[Token, ...], styles: frozenset[str]) -> None:
        for token in tokens:
            if token.inside:
                walk(token.inside, styles | {_KINDS[token.kind]})
            else:
                found.extend((char, styles) for char in token.text if char != "\u200b" and not char.isspace())

    walk(read(text), frozenset())
    return found


def restyle(text: str, cuts: list[int]) -> str:
    restyler = Restyler()
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return "".join(restyler.push(text[start:end]) for start, end in pairwise(places)) + restyler.finish()


@settings(max_examples=600, deadline=None)
@given(TEXT, st.lists(st.integers(0, 200), max_size=5))
def test_discord_shows_the_emphasis_of_commonmark_and_no_other(text: str, cuts: list[int]) -> None:
    assume(not _OTHERWISE.search(text))
    meant, shown = commonmark(text), discord(restyle(text, cuts))
    assert "".join(char for char, _ in shown) == "".join(char for char, _ in meant)
    # Where code holds delimiters, emphasis that Discord could not show is left out.
    assert all(styles <= also for (_, styles), (_, also) in zip(shown, meant, strict=True))
    if not _CODE_WITH_DELIMITERS.search(text):
        assert shown == meant


@settings(max_examples=200, deadline=None)
@given(TEXT, st.lists(st.integers(0, 200), max_size=9))
def test_emphasis_does_not_depend_on_the_deltas(text: str, cuts: list[int]) -> None:
    assert restyle(text, cuts) == restyle(text, [])
