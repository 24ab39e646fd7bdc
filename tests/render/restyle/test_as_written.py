"""Text that looks like markup or mathematics and is neither: all of `restyle/` together, by examples."""

from __future__ import annotations

import pytest

from bot.render.part import Formula
from tests.render.discord import visible
from tests.render.restyle.stage import early, files, restyle


@pytest.mark.parametrize(
    "text",
    [
        "- **Sushi Bar** ($$): fresh fish, open Mon/Wed, rating = 4.5\n- **Pasta Place** ($$): cozy",
        "1. Luigi's - $$ - Italian/Pizza\n2. Chez Nous - $$ - French",
        "- $$ Sushi\n- $$ Steak",
        "Price range: $$ - $$$ and $$–$$$",
        "$ = cheap, $$ = moderate, $$$ = dear",
        "The variable $$ holds the pid/ppid, so use $$",
        "CREATE FUNCTION f() AS $$ BEGIN RETURN a = b; END; $$ LANGUAGE plpgsql;",
        "Wrap it in a <section> or <main>.",
        "<section> is an element, and so is\n<main> in HTML.",
        "Add a <label> for each <input>, please.",
        "In React: <Header/> and <Footer/>.",
        "set<s> x; set<i> y;",
        "if a<b and c>d",
        '{"a": "<i>", "c": "<b>"}',
        "- <header>\n- <main>",
        "A <b> that is never closed\nand </b> a line later",
        "${base}/${path}?${key}=${value}",
        "${a}+${b}",
        "$GET and $POST, $n$the",
        r"\[x\]\(y\)",
        r"sed 's/\(a+\)/\1/'",
        r"call f\(x\)",
    ],
)
def test_what_is_no_markup_stays_as_it_was_written(text: str) -> None:
    assert restyle(text) == text
    assert files(text) == []


@pytest.mark.parametrize("text", ["${PREFIX}_${SUFFIX}", "$(date)_$(id)", "$_GET and $_POST, $n$the"])
def test_underscores_of_variables_are_seen_as_they_were_written(text: str) -> None:
    assert visible(restyle(text)) == text
    assert files(text) == []


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("公式$E=mc^2$表示", "公式E = mc²表示"),
        ("변수 $x$는", "변수 x는"),
        ("CO$_2$, 10$^{-3}$ m/s$^2$", "CO₂, 10⁻³ m/s²"),
        (r"5 $\mu$m at 20$^\circ$C", "5 μm at 20°C"),
        ("the $n$th of $1,000,000$", "the nth of 1,000,000"),
        ("> a\n>\n> ---\n> b", "> a\n> \n> ──────────\n> b"),
        ("<p>one</p><p>two</p>", "one\ntwo"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<h1>Title</h1><p>text</p>", "# Title\ntext"),
        (
            "<img src=x> <img src=x alt=logo> <img src=https://e.x/a.png alt=A>",
            "🖼️ logo [A](https://e.x/a.png)",
        ),
        ('<p align="center">text\nmore\n</p>\nend', "text\nmore\nend"),
        ("| tag | is |\n|---|---|\n| <b> | bold |\n", "```\ntag  is\n───  ────\n<b>  bold\n```\n"),
        ("a<b> c</b> and <b> d</b>", "a<b> c</b> and  **d**"),
        ("文字<b>太字</b>です", "文字**太字**です"),
    ],
)
def test_what_is_markup_is_shown(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("$$speed = distance / time$$", "speed = distance/time"),
        ("$$\nspeed = distance / time\n$$", "speed = distance/time"),
        ("> $$\n> x = 1\n> $$", "> x = 1"),
        (r"$$\text{Area} = \pi r^2$$", "Area = πr²"),
        ("So $$x^2 + 1$$ it is", "So x² + 1 it is"),
        ("$$\na\n- b\n= c\n$$", "a − b = c"),
        (r"\[ x + y \]", "x + y"),
        (r"\[x = 1\]", "x = 1"),
    ],
)
def test_what_reads_as_mathematics_is_displayed(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown
    (file,) = files(markdown)
    assert isinstance(file, Formula)


def test_a_price_hides_nothing_of_what_follows_it_while_it_comes() -> None:
    assert early("The bar ($$) is fine and ").endswith("fine and ")
    assert early("Use $$ for the process, and ").endswith("process, and ")
