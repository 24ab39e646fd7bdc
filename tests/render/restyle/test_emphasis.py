"""What CommonMark keeps as text and Discord would pair."""

from __future__ import annotations

import pytest

from bot.render.draft import Draft
from bot.render.part import Formula
from bot.render.restyle.restyler import Restyler
from tests.render.discord import visible
from tests.render.test_restyle import files, restyle

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
