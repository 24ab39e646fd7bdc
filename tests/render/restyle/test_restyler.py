"""What becomes of Markdown that Discord cannot show, by example."""

from __future__ import annotations

import re

import pytest

from bot.render.draft import Draft
from bot.render.part import TextFile
from bot.render.style import Style
from tests.render.discord import code_blocks, stray, styled
from tests.render.restyle.stage import early, files, restyle

MENTIONS = "<@123> <@&4> <#5> <:x:1> <a:y:2> <t:3:R> </ask:6> @everyone"


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
