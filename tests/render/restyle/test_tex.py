"""Formulas as text: `tex` and `formulas` together."""

from __future__ import annotations

import pytest

from bot.render.part import Formula
from bot.render.restyle.tex import linear
from tests.render.restyle.stage import early, files, restyle


@pytest.mark.parametrize(
    "text",
    [
        "It is $5 and $10.",
        "Between $5-$10, or $1,000 (about US$900) for a$$.",
        "Earn $$ and $$$ and $ x $.",
        "$HOME/bin:$PATH and $foo->$bar, $a",
        "It costs $20 to win $30 more$",
        "$100k for you and $x",
        "A $5 note, a $",
    ],
)
def test_money_and_variables_are_no_formulas(text: str) -> None:
    assert restyle(text) == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"E = mc^2", "E = mc²"),
        (r"\alpha_i \in \mathbb{R}^n", "αᵢ ∈ ℝⁿ"),
        (r"\frac{1}{2}x", "(1/2)x"),
        (r"\frac{a+b}{2c}", "(a+b)/(2c)"),
        (r"\sqrt{b^2-4ac}", "√(b²−4ac)"),
        (r"\sum_{i=1}^{n} i", "∑ᵢ₌₁ⁿ i"),
        (r"\lim_{x \to 0} f(x)", "lim_(x→0) f(x)"),
        (r"k_B T", "k_B T"),
        (r"e^{-x^2/2}", "e^(−x²/2)"),
        (r"\text{speed} = \frac{\text{distance}}{\text{time}}", "speed = distance/time"),
        (r"O(n \log n)", "O(n log n)"),
        (r"90^\circ", "90°"),
        (r"a \not= b \leq c", "a ≠ b ≤ c"),
        (r"1,000,000", "1,000,000"),
        (r"1{,}234 + f(1,23)", "1,234 + f(1, 23)"),
        (r"\sqrt{2}\pi + \sqrt{2}^2", "√(2)π + √(2)²"),
        (r"\sqrt{2} + 1", "√2 + 1"),
        (r"\mathrm{CO_2}", "CO₂"),
        (r"\mathbb{1}", "𝟙"),
    ],
)
def test_a_formula_becomes_a_line_of_unicode(tex: str, text: str) -> None:
    assert linear(tex) == text


@pytest.mark.parametrize(
    "tex",
    [
        r"\begin{pmatrix}1\end{pmatrix}",
        r"\frac{a}{\frac{b}{c}}",
        r"\unknown{x}",
        "x^{",
        "",
        r"\underbrace{a}_b",
        r"2\frac{1}{2}",
        r"\mathcal{1}",
        r"a \not{} b",
        r"a \not{<=} b",
        "}",
    ],
)
def test_what_a_line_cannot_say_is_not_said_in_one(tex: str) -> None:
    assert linear(tex) is None


def test_formulas_in_sentences_are_shown_in_unicode_or_as_their_source() -> None:
    assert restyle("With $x^2$ and \\(y_1\\): $k_B$.") == "With x² and y₁: k\\_B."
    assert restyle(r"So $\frac{a}{\frac{b}{c}}$.") == r"So `\frac{a}{\frac{b}{c}}`."
    assert files("With $x^2$.") == []


def test_a_displayed_formula_is_readable_and_drawn() -> None:
    for text in ("$$E = mc^2$$", "$$\nE = mc^2\n$$", "\\[ E = mc^2 \\]", "```math\nE = mc^2\n```"):
        assert restyle(f"See:\n\n{text}\n\nend") == "See:\n\nE = mc²\n\nend"
        assert files(text) == [Formula("E = mc^2")]
    matrix = r"\begin{pmatrix} 1 \end{pmatrix}"
    assert restyle(f"$$\n{matrix}\n$$\nend") == f"```latex\n{matrix}\n```\nend"
    assert restyle("\\begin{align}\na &= b \\\\\nc &= d\n\\end{align}") == "a = b\nc = d"


def test_latex_as_code_stays_code_and_is_drawn_if_it_is_a_formula() -> None:
    assert restyle("```latex\nx^2\n```\n") == "```latex\nx^2\n```\n"
    assert files("```latex\nx^2\n```\n") == [Formula("x^2")]
    assert files("```latex\n\\documentclass{article}\n```\n") == []


def test_a_formula_is_held_back_until_it_is_one_or_cannot_be() -> None:
    assert early("- see $x^2") == "- see "
    assert early("- see $x^2$ ") == "- see x² "
    assert early("- pay $5") == "- pay "
    assert early("- pay $5 and ") == "- pay $5 and "
    assert early("text\n$$\nx = y") == "text\n"
    assert early("a $$\n\nb c") == "a $$\n\n"


def test_escaped_brackets_are_no_formula() -> None:
    assert restyle("\\[not a link\\] \\(nor this one\\)") == "\\[not a link\\] \\(nor this one\\)"
