"""What becomes of Markdown that Discord cannot show, by example."""

from __future__ import annotations

import re

import pytest

from bot.render.draft import Draft
from bot.render.part import Formula, TextFile
from bot.render.restyle.restyler import Restyler
from bot.render.restyle.table import PHONE_COLUMNS
from bot.render.restyle.tex import linear
from bot.render.style import Style
from tests.render.discord import code_blocks, stray, styled

MENTIONS = "<@123> <@&4> <#5> <:x:1> <a:y:2> <t:3:R> </ask:6> @everyone"


def restyle(text: str, style: Style | None = None) -> str:
    """The restyled text; the same whether it comes at once or letter by letter."""
    whole, letters = Restyler(style), Restyler(style)
    at_once = whole.push(text) + whole.finish()
    assert "".join(letters.push(char) for char in text) + letters.finish() == at_once
    assert letters.attached == whole.attached
    return at_once


def files(text: str, style: Style | None = None) -> list[Formula | TextFile]:
    restyler = Restyler(style)
    restyler.push(text)
    restyler.finish()
    return [place.file for place in restyler.attached]


def early(text: str) -> str:
    """What is certain before the reply is over."""
    return Restyler().push(text)


def test_a_table_becomes_an_aligned_block() -> None:
    table = "| Name | Größe |\n|:--|--:|\n| **Ann** | 7 |\n| `x` and [y](https://e.x) | 1234 |\nAfter."
    assert restyle(table).split("\n") == [
        "```",
        "Name                   Größe",
        "─────────────────────  ─────",
        "Ann                        7",
        "x and y (https://e.x)   1234",
        "```",
        "After.",
    ]


def test_columns_are_aligned_by_what_characters_are_wide() -> None:
    table = "| a | b |\n|---|---|\n| 日本語 | x |\n| 👨‍👩‍👧‍👦 | x |\n| ❤️ | x |\n| e\u0301 | x |\n"
    rows = restyle(table).split("\n")[3:-2]
    assert rows == ["日本語  x", "👨‍👩‍👧‍👦      x", "❤️      x", "e\u0301       x"]


def test_a_table_without_outer_bars_is_a_table() -> None:
    assert restyle("a | b\n--- | :-:\n1 | 2\n\nend") == "```\na  b\n─  ─\n1  2\n```\n\nend"
    assert restyle("either | or\nis no table") == "either | or\nis no table"


def test_a_table_too_wide_for_a_phone_becomes_records() -> None:
    wide = "x" * PHONE_COLUMNS
    table = f"| Name | **What** |\n|---|---|\n| Ann | *{wide}* |\n| Bob | |\n"
    assert restyle(table) == f"**Name:** Ann\n**What:** *{wide}*\n\n**Name:** Bob\n**What:** –\n"


def test_four_narrow_columns_stay_a_table() -> None:
    table = (
        "| Planet | Moons | Day (hours) | Nickname |\n|---|---|---|---|\n"
        "| Mercury | 0 | 4222.6 | Swift Planet |\n| Venus | 0 | 2802 | Morning Star |\n"
    )
    assert restyle(table).split("\n")[:2] == ["```", "Planet   Moons  Day (hours)  Nickname"]


def test_a_table_in_a_quote_or_a_list_stays_there() -> None:
    assert (
        restyle("> | a | b |\n> |---|---|\n> | 1 | 2 |\nend") == "> ```\n> a  b\n> ─  ─\n> 1  2\n> ```\nend"
    )
    assert restyle("- item\n  | a | b |\n  |---|---|\n  | 1 | 2 |\n") == (
        "- item\n  ```\n  a  b\n  ─  ─\n  1  2\n  ```\n"
    )


def test_cells_may_hold_bars_line_breaks_and_formulas() -> None:
    table = "| a | b |\n|---|---|\n| x \\| y | 1<br>2 |\n| $x^2$ | &lt; |\n"
    assert restyle(table) == "```\na      b\n─────  ─\nx | y  1\n       2\nx²     <\n```\n"


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| `a || b` | or |", ["a || b", "or"]),
        ("| `a | b` | `c|d` |", ["a | b", "c|d"]),
        ("| ``a ` | b`` | x |", ["a ` | b", "x"]),
        ("| a ` b | c ` d |", ["a ` b", "c ` d"]),
        ("| `a` | `b | c |", ["a", "`b | c"]),
    ],
)
def test_a_bar_in_code_is_no_border_where_the_row_would_be_too_long(row: str, cells: list[str]) -> None:
    below = restyle(f"| x | y |\n|---|---|\n{row}\n").split("\n")
    header = restyle(f"{row}\n|---|---|\n| x | y |\n").split("\n")
    assert [re.split(" {2,}", line) for line in (below[3], header[1])] == [cells, cells]
    assert len(below) == len(header) == len(["```", "header", "rule", "row", "```", ""])


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("KL(P || Q) differs from KL(Q||P)", "KL(P \\|\\| Q) differs from KL(Q\\|\\|P)"),
        ("a || b || c is true", "a \\|\\| b \\|\\| c is true"),
        ("It was ||the butler||, in (||the hall||).", "It was ||the butler||, in (||the hall||)."),
        ("||a || b|| c || d", "||a || b\\|\\| c \\|\\| d"),
        ("答案是||秘密||。", "答案是||秘密||。"),
        ("||one\ntwo|| x || y", "||one\ntwo|| x \\|\\| y"),
        ("||one\n\ntwo|| x", "||one\n\ntwo|| x"),
        ("- ||||| and `a || b`", "- " + "\\|" * 5 + " and `a || b`"),
        ("**||bold||** and ||", "**||bold||** and \\|\\|"),
        ("a \\|| b", "a \\|| b"),
    ],
)
def test_bars_hide_only_what_is_meant_to_be_hidden(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown
    assert restyle(shown) == shown


def test_what_is_hidden_is_hidden_from_its_first_word_on() -> None:
    draft = Draft()
    for char in "It was ||the butler||.":
        draft.push(char)
        for part in draft.parts:
            seen = re.sub(r"\|\|.*?\|\|", "", part.text)
            assert seen == "It was ."[: len(seen)]
            assert not stray(part.text)


def test_what_looks_like_a_table_in_code_is_code() -> None:
    text = "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```\n"
    assert restyle(text) == text


def test_a_table_is_held_back_until_it_is_over_and_no_longer() -> None:
    assert early("Look:\n| a | b |\n|---|---|\n| 1 | 2 |\n") == "Look:\n"
    assert early("| a | b |\n|---|---|\n| 1 | 2 |\n\n").endswith("```\n\n")
    assert early("| a | b |\n|---|---|\n| 1 | 2 |\nT").startswith("```\na  b")
    assert early("| no table\nx").startswith("| no table\n")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("- [ ] one\n- [x] two\n1. [X] three\n- [a] four", "- ☐ one\n- ☑ two\n1. ☑ three\n- [a] four"),
        ("+ one\n  + two", "- one\n  - two"),
        ("#### Four\n##### **Five** ##\n### Three", "**Four**\n**Five**\n### Three"),
        ("Title\n=====\nText\n\nSub\n---\nText", "# Title\nText\n\n## Sub\nText"),
        ("One\n\n---\n\n* * *\n___\nTwo", "One\n\n──────────\n\n──────────\n──────────\nTwo"),
        ("A sentence ends.\n---\nAnother", "A sentence ends.\n──────────\nAnother"),
        ("As said[^1].\n\n[^1]: By *me*.", "As said[^1].\n\n[^1]: By *me*."),
        ("![A cat](https://e.x/c.png) and wow![^2]", "[A cat](https://e.x/c.png) and wow![^2]"),
        ("[![ci](https://b.x/i.svg)](https://b.x)", "[ci](https://b.x) ([🖼️](https://b.x/i.svg))"),
        ("[a]: https://e.x\n\n[this][a], [that][b]", "[a]: https://e.x\n\n[this](https://e.x), [that][b]"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("> one<br>two", "> one\n> two"),
        ("<b>bold</b>, <em>it</em>, <u>u</u>, <del>d</del>", "**bold**, *it*, __u__, ~~d~~"),
        ("<kbd>Ctrl</kbd>+<code>a`b</code>", "`Ctrl`+``a`b``"),
        ("H<sub>2</sub>O, x<sup>2n</sup>, <sup>Q</sup>", "H₂O, x²ⁿ, ^(Q)"),
        ("a&nbsp;b &lt;b&gt; &amp; &copy; &unknown; AT&T", "a\u00a0b \\<b\\> & © &unknown; AT&T"),
        ("<details>\n<summary>More</summary>\n\nInside\n\n</details>\nEnd", "**More**\n\nInside\n\nEnd"),
        ("<details><summary>More</summary>Body</details>", "**More**\nBody"),
        ("<h3>Title</h3><p>one</p>two", "### Title\none\ntwo"),
        ("**Q:** x?\\\n**A:** y\\\n\nC:\\", "**Q:** x?\n**A:** y\\\n\nC:\\"),
        ("`a\\`\\\nb\\\\\nc", "`a\\`\nb\\\\\nc"),
        ("<!-- a note -->\ntext <!-- aside --> on", "-# a note\ntext (aside) on"),
        ('<a href="https://e.x">here</a>', "[here](https://e.x)"),
        ("List<T> and a < b, <notatag>", "List<T> and a < b, <notatag>"),
        ("<b>never closed\nnext", "<b>never closed\nnext"),
        (MENTIONS, MENTIONS),
        ("https://e.x/?a=$b$&lt;=c and discord.gg/abc", "https://e.x/?a=$b$&lt;=c and discord.gg/abc"),
        ("`<b> $x$ &lt;` and ``a ` $x$``", "`<b> $x$ &lt;` and ``a ` $x$``"),
    ],
)  # fmt: skip
def test_it_becomes_what_discord_can_show(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("~~~py\nx\n~~~\nEnd", "```py\nx\n```\nEnd"),
        ("`````c++\nx\n`````", "```c++\nx\n```"),
        ("````md\n```py\nx\n```\n````", "```md\n``\u200b`py\nx\n``\u200b`\n```"),
        ("```sh\necho '```'\n```", "```sh\necho '``\u200b`'\n```"),
        ('```py title="a.py"\nx\n```', '`title="a.py"`\n```py\nx\n```'),
        ("> ~~~\n> x\n> ~~~\n> y", "> ```\n> x\n> ```\n> y"),
        ("1. a\n   ~~~py\n   x\n   ~~~\n2. b", "1. a\n   ```py\n   x\n   ```\n2. b"),
    ],
)
def test_code_becomes_a_block_of_three_backticks(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


QUOTE = "> **Note**\n>\n> ```js\n> const x = 1;\n>\n>   foo();\n> ```\n>\n> End."


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("> one\n>\n> two\nend", "> one\n> \n> two\nend"),
        (">tight\n>> deep\n> > deep, too\n> back", "> tight\n> deep\n> deep, too\n> back"),
        (">>> print(1)\nnot quoted", "> print(1)\nnot quoted"),
        (">- one\n>   - two\n>#### Four", "> - one\n>   - two\n> **Four**"),
        (">```py\n>x\n>\n>  y\n>```\n>>end", "> ```py\n> x\n> \n>  y\n> ```\n> end"),
        ("> > ```\n> > > x\n> >\n> > ```", "> ```\n> > x\n> \n> ```"),
        ("- item\n  > quoted\n  >\n  > more", "- item\n  > quoted\n  > \n  > more"),
        (">| a | b |\n>|---|---|\n>| 1 | 2 |", "> ```\n> a  b\n> ─  ─\n> 1  2\n> ```"),
        (QUOTE, QUOTE.replace(">\n", "> \n")),
        (">= 5 is more than 4\n>=\nx > y", ">= 5 is more than 4\n>=\nx > y"),
    ],
)
def test_a_quote_is_marked_on_every_line_as_discord_wants_it(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown
    assert restyle(shown) == shown


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("triple backticks (```) like this", "triple backticks (\\`\\`\\`) like this"),
        ("```` ``` ```` and ```` ```js ````", "\\`\\`\\` and \\`\\`\\`js"),
        ("`` ``` `` and ` ``` `", "\\`\\`\\` and \\`\\`\\`"),
        ("a ```span``` of text", "a `span` of text"),
        ("```` a `` b ```` and ``` ` ```", "`a `` b` and `` ` ``"),
        ("```` a ``` b ````", "``a `\u200b`\u200b` b``"),
        ("`a ``` b` and ``a ` b``", "`a ``` b` and ``a ` b``"),
        ("an " + "`" * 12 + " ornament", "an " + "\\`" * 12 + " ornament"),
        ("Twenty " + "`" * 20 + "\nof them", "Twenty " + "\\`" * 20 + "\nof them"),
        ("Wrap it in ``` fences\nas here", "Wrap it in \\`\\`\\` fences\nas here"),
        ("It ends with ```", "It ends with \\`\\`\\`"),
        ("Begin with ```py\n\nand go on", "Begin with \\`\\`\\`py\n\nand go on"),
        ("Begin with ```\n```py\nx\n```", "Begin with \\`\\`\\`\n```py\nx\n```"),
        ("#### On ```x``` and ```", "**On `x` and \\`\\`\\`**"),
        ("<code>a ``` b</code>", "``a `\u200b`\u200b` b``"),
    ],
)
def test_backticks_within_a_line_open_no_code_block(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown
    assert restyle(shown) == shown
    assert code_blocks(f"{shown}\n\n```py\nx = 1\n```")[-1] == ("py", "x = 1")


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("Run: ```bash\nnpm i\n```\nThen", "Run: \n```bash\nnpm i\n```\nThen"),
        ("Run: ```bash\nnpm i``` then\nend", "Run: \n```bash\nnpm i\n```\nthen\nend"),
        ("Run:```\na `b`\nc```", "Run:\n```\na `b`\nc\n```"),
        ("> Run: ```sh\n> ls\n> ```\nend", "> Run: \n> ```sh\n> ls\n> ```\nend"),
        ("- Run: ```sh\n  ls\n  ```\n- b", "- Run: \n  ```sh\n  ls\n  ```\n- b"),
        ("Run: ```sh\nls", "Run: \n```sh\nls"),
    ],
)
def test_a_code_block_that_begins_behind_text_is_put_on_a_line_of_its_own(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


@pytest.mark.parametrize("end", [" ", "  ", "\r"])
def test_what_stands_behind_the_end_of_a_code_block_is_all_there_whatever_blanks_follow(end: str) -> None:
    assert "and then stop" in restyle(f"Do this: ```py\nx = 1``` and then stop{end}\nmore")


@pytest.mark.parametrize("rest", ["", "xyz", "\nmore"])
def test_a_letter_that_is_two_in_lower_case_moves_nothing_in_a_tag(rest: str) -> None:
    assert restyle(f"Press <kbd>İ</kbd>{rest}") == f"Press `İ`{rest}"


def test_a_code_block_with_nothing_in_it_swallows_nothing_that_follows() -> None:
    shown = restyle("```py\n```\ntext\n\n```js\nx\n```")
    assert code_blocks(shown) == [("py", "\u200b"), ("js", "x")]
    assert not stray(shown)


def test_backticks_are_held_back_until_it_is_certain_what_they_are_and_no_longer() -> None:
    assert early("- a (```) b") == "- a ("
    assert early("- a (```) b\n") == "- a (\\`\\`\\`) b\n"
    assert early("- a ```b") == "- a "
    assert early("- a ```b``` c") == "- a `b` c"
    assert early("- a: ```b\n") == "- a: "
    assert early("- a: ```b\n  c") == "- a: \n  ```b\n  c"
    assert early("- a: ```b\n\n") == "- a: \\`\\`\\`b\n\n"
    assert early("- a ``` " + "word " * 70).startswith("- a \\`\\`\\` word")


def test_a_quote_is_one_quote_and_its_code_one_block() -> None:
    shown = restyle(QUOTE)
    assert styled(shown, "quote") == ["**Note**\n\n```js\nconst x = 1;\n\n  foo();\n```\n\nEnd."]
    assert code_blocks(shown) == [("js", "const x = 1;\n\n  foo();")]


def test_a_table_that_becomes_records_in_a_quote_leaves_the_quote_whole() -> None:
    wide = "x" * PHONE_COLUMNS
    (quote,) = styled(restyle(f"> | Name | What |\n> |---|---|\n> | Ann | {wide} |\n> | Bob | y |"), "quote")
    assert quote == f"**Name:** Ann\n**What:** {wide}\n\n**Name:** Bob\n**What:** y"


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


def test_a_long_code_block_becomes_a_file_and_an_excerpt() -> None:
    code = "".join(f"line {number}\n" for number in range(30))
    style = Style(code_file_lines=20)
    shown = restyle(f"```rust\n{code}```\nEnd", style)
    assert shown.startswith("```rust\nline 0\n")
    assert "line 9\n…\n```\n-# " in shown
    assert "line 10" not in shown
    assert shown.endswith("\nEnd")
    assert files(f"```rust\n{code}```\nEnd", style) == [TextFile("code.rs", code)]
    assert files(f"```rust\n{code}```\nEnd", Style()) == []
    assert files(f"> ```\n{''.join(f'> {line}' for line in code.splitlines(keepends=True))}> ```", style) == [
        TextFile("code.txt", code)
    ]
    short = f"```rust\n{code[:70]}\n```\nEnd"
    assert restyle(short, style) == short


def test_two_long_code_blocks_have_two_names() -> None:
    code = "x\n" * 5
    text = f"```py\n{code}```\n```unheard-of\n{code}```\n"
    names = [file.name for file in files(text, Style(code_file_lines=3)) if isinstance(file, TextFile)]
    assert names == ["code.py", "code-2.txt"]


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        (
            "Run:\n\n    echo $a $b\n    x = <b>y</b>\n\n\n      # *z*\n\nThen $x$",
            "Run:\n\n```\necho $a $b\nx = <b>y</b>\n\n\n  # *z*\n```\n\nThen x",
        ),
        ("\tf(*a, *b)\n \t\n\t```\nend", "```\nf(*a, *b)\n\n``\u200b`\n```\nend"),
        ("- a\n\n    more\n\nNow\n\n    code_", "- a\n\n    more\n\nNow\n\n```\ncode_"),
        (
            "text\n    goes on\n\n    - a list\n    - of two",
            "text\n    goes on\n\n    - a list\n    - of two",
        ),
    ],
)
def test_indented_code_becomes_a_block(markdown: str, shown: str) -> None:
    assert restyle(markdown) == shown


def test_long_indented_code_becomes_a_file() -> None:
    code = "".join(f"line {number}\n" for number in range(30))
    indented = "".join(f"    {line}\n" for line in code.splitlines())
    style = Style(code_file_lines=20)
    assert files(f"Look:\n\n{indented}\nEnd", style) == [TextFile("code.txt", code)]
    assert restyle(f"Look:\n\n{indented}\nEnd", style).endswith("`code.txt`.\n\nEnd")
