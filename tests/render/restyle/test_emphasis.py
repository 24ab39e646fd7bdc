"""What CommonMark keeps as text and Discord would pair."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.render.draft import Draft
from bot.render.part import Formula
from bot.render.restyle.restyler import Restyler
from tests.render.discord import Token, read, visible
from tests.render.restyle.stage import files, restyle

TEXTS = [
    "f(*args, **kwargs) and g(*args)",
    "int (*fp)(int), (*gp)",
    "MY_VAR, foo_ and _bar, MY_VAR",
    "2 ** 3 and 4 ** 5, 2**(n+1) - 2**(n)",
    "g(**kw) or h(**kw), {**a}, {**b}",
    "a ~~ b ~~ c",
    "a __ b __ c",
    "price* and price*",
    "- f(*a)\n- g(*b)\n- MY_VAR\n- foo_",
    "> f(*a)\n> g(*b)",
    "2 * 3 * 4 and snake_case_name",
    "**** and ***** in a line, *** x",
    "x ********* y ********* z",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_text_for_commonmark_is_seen_as_it_was_written(text: str) -> None:
    shown = restyle(text)
    assert visible(shown).replace("> ", "") == text.replace("> ", "")
    assert restyle(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "**bold**, *it*, ***both***, ~~gone~~, _it_, __u__",
        "**注意：**请 and 看**“页”**页 and *「斜」*を",
        "**Note:**this and **bold *and* it**",
        "> *one\n> two* and\n> **three**",
        "(*sic*), “**quoted**”, **`code`**then",
    ],
)
def test_what_is_emphasis_stays_emphasis(text: str) -> None:
    assert restyle(text) == text
    assert not set("*~") & set(visible(restyle(text)))


def test_a_cell_and_a_small_heading_show_no_backslashes() -> None:
    assert "\\" not in restyle("| f(*a) and g(*b) | MY_VAR, foo_ |\n|---|---|\n| 2 ** 3 ** 4 | x |\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**kwargs and **bold** text", "\\*\\*kwargs and **bold** text"),
        ("~~a and ~~gone~~", "\\~\\~a and ~~gone~~"),
        ("*args and *this*", "\\*args and *this*"),
        ("*a `b*` c", "\\*a `b*` c"),
        ("*a `b*` c* d", "_a `b*` c_ d"),
        ("**a `b**` c** d", "a `b**` c d"),
        ("_use my_var here_", "_use my\\_var here_"),
        ("MY_VAR _(so)_", "MY\\_VAR _(so)_"),
        ("***both*** and f(*a) g(*b)", "***both*** and f(\\*a) g(*b)"),
        ("***a** b", "\\***a** b"),
        ("**a*** b", "**a**\\* b"),
        ("**a **b** c** and *a *b* c*", "**a b c** and *a b c*"),
        ("**a***b*", "**a**\u200b*b*"),
        ("*note\n\nis (*real*)", "\\*note\n\nis (*real*)"),
        ("*(2 * 3) is six*", "*(2 \\* 3) is six*"),
        ("_**a* b**_", "_a b\\*_"),
        ("*a `*`*`x`", "_a `*`_`x`"),
        ("*a *`*`*`x`*", "_a `*`\u200b`x`_"),
        ("~~a~~_b", "~~a~~\u200b_b"),
        ("# a *b\nand c*", "# a \\*b\nand c\\*"),
        ("Title *a\n---\nb*", "## Title \\*a\nb\\*"),
        ("> *a\nb*", "> \\*a\nb\\*"),
        ("the end *here", "the end *here"),
        ("*the end `here*`", "\\*the end `here*`"),
    ],
)
def test_what_is_text_is_escaped_and_what_is_emphasis_is_not(text: str, shown: str) -> None:
    assert restyle(text) == shown
    assert restyle(shown) == shown


def test_text_behind_an_opener_is_shown_while_it_is_held_back() -> None:
    draft = Draft()
    draft.push("Say **bold and")
    assert [part.text for part in draft.parts] == ["Say **bold and**"]
    draft.push(" more.\n\nNext **one**")
    assert [part.text for part in draft.parts] == ["Say \\*\\*bold and more.\n\nNext **one**"]


def test_text_behind_an_opener_is_not_held_back_for_long() -> None:
    text = "- a *b " + "word " * 300
    restyler = Restyler()
    certain = "".join(restyler.push(char) for char in text)
    assert certain == text.rstrip() + " "
    assert certain + restyler.push("end* f(*x) g(*y)\n") + restyler.finish() == text + "end* f(\\*x) g(*y)\n"


def test_emphasis_that_holds_a_formula_keeps_its_picture() -> None:
    assert files("*so $$x^2 = y$$ it is*") == [Formula("x^2 = y")]
    assert files("*so $$x^2 = y$$ it is") == [Formula("x^2 = y")]


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
RANDOM_TEXT = st.lists(_PIECES, min_size=1, max_size=20).map("".join)
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


def in_deltas(text: str, cuts: list[int]) -> str:
    restyler = Restyler()
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return "".join(restyler.push(text[start:end]) for start, end in pairwise(places)) + restyler.finish()


@settings(max_examples=600, deadline=None)
@given(RANDOM_TEXT, st.lists(st.integers(0, 200), max_size=5))
def test_discord_shows_the_emphasis_of_commonmark_and_no_other(text: str, cuts: list[int]) -> None:
    assume(not _OTHERWISE.search(text))
    meant, shown = commonmark(text), discord(in_deltas(text, cuts))
    assert "".join(char for char, _ in shown) == "".join(char for char, _ in meant)
    # Where code holds delimiters, emphasis that Discord could not show is left out.
    assert all(styles <= also for (_, styles), (_, also) in zip(shown, meant, strict=True))
    if not _CODE_WITH_DELIMITERS.search(text):
        assert shown == meant


@settings(max_examples=200, deadline=None)
@given(RANDOM_TEXT, st.lists(st.integers(0, 200), max_size=9))
def test_emphasis_does_not_depend_on_the_deltas(text: str, cuts: list[int]) -> None:
    assert in_deltas(text, cuts) == in_deltas(text, [])
