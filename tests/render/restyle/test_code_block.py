"""One code block, driven line by line."""

from __future__ import annotations

from bot.render.lines import read_line
from bot.render.part import Formula, TextFile
from bot.render.restyle.code_block import CodeBlock
from bot.render.restyle.output import Attached, Output
from bot.render.restyle.source import Source


def opened(text: str, *, info: str, file_lines: int = 0) -> tuple[Source, CodeBlock]:
    """The block that the first line of the text opens."""
    source = Source(Output())
    source.push(text)
    line = source.line(0)
    read, fence = read_line(text, 0, line.end, line.end, None)
    assert fence is not None
    block = CodeBlock(source, fence, info, file_lines=file_lines)
    block.open(line, text[: read.content])
    while not block.over and block.take_line():
        pass
    return source, block


def test_it_is_over_with_its_closing_line_and_leaves_the_rest() -> None:
    source, block = opened("~~~py\nx\n```\n~~~\nrest", info="py")
    assert block.over
    assert source.out.drain() == "```py\nx\n``\u200b`\n```\n"
    assert source.text[source.at :] == "rest"


def test_it_waits_while_a_line_may_close_it() -> None:
    source, block = opened("```\nx\n``", info="")
    assert not block.over
    assert source.out.drain() == "```\nx\n"
    source.push("y")
    assert block.take_line()
    assert source.out.drain() == "``y"


def test_it_ends_with_its_quote() -> None:
    source, block = opened("> ```\n> x\nrest", info="")
    assert block.over
    assert source.out.drain() == "> ```\n> x\n> ```\n"


def test_a_long_one_shows_how_long_it_is_and_becomes_a_file() -> None:
    source, block = opened("```py\n" + "x\n" * 5, info="py", file_lines=3)
    assert source.out.drain() == "```py\nx\nx\nx\n"
    assert block.provisional == "… (5 lines so far)"
    source.push("```\n")
    assert block.take_line()
    assert block.over
    assert source.out.drain().startswith("…\n```\n-# ")
    assert [attached.file for attached in source.out.attached] == [TextFile("code.py", "x\n" * 5)]


def test_a_formula_is_held_back_and_shown_as_one() -> None:
    source, block = opened("```math\nx^2\n", info="math")
    assert source.out.drain() == ""
    assert block.provisional is None
    block.finish()
    assert source.out.drain() == "x²\n"
    assert source.out.attached == [Attached(2, Formula("x^2"))]


def test_where_code_is_cut_it_is_opened_again() -> None:
    source, _ = opened("````py\nx\n````\nrest", info="py")
    out = source.out
    assert [out.opening_at(place) for place in (0, 6, 8, out.written)] == ["", "````py\n", "````py\n", ""]
