"""One table, driven line by line."""

from __future__ import annotations

from bot.render.restyle.output import Output
from bot.render.restyle.rows import Rows
from bot.render.restyle.source import Source
from bot.render.restyle.table import ROWS_MAX


def begun(text: str, *, header: str = "| a | b |", lead: str = "") -> tuple[Source, Rows]:
    """The table below a header and a row of delimiters, which stand before the text."""
    source = Source(Output())
    head = f"{lead}{header}\n{lead}|---|---|\n"
    source.push(head + text)
    rows = Rows(source, header, "|---|---|", lead, str.upper)
    rows.take_head(len(head))
    while source.at < len(source.text) and not rows.over and rows.take_line():
        pass
    return source, rows


def test_nothing_is_written_before_it_is_over_but_shown_row_by_row() -> None:
    source, rows = begun("| 1 | x |\n| 2 | y")
    assert source.out.drain() == ""
    assert rows.provisional == "```\nA  B\n─  ─\n1  X\n```"
    source.push(" |\n")
    assert rows.take_line()
    assert rows.provisional == "```\nA  B\n─  ─\n1  X\n2  Y\n```"


def test_it_is_over_with_the_first_line_that_is_no_row() -> None:
    source, rows = begun("| 1 | x |\nrest")
    assert rows.over
    assert source.out.drain() == "```\nA  B\n─  ─\n1  X\n```\n"
    assert source.text[source.at :] == "rest"
    assert source.out.read == source.at


def test_its_lead_stands_before_every_line() -> None:
    source, rows = begun("> | 1 | x |\n", lead="> ")
    rows.finish()
    assert source.out.drain() == "> ```\n> A  B\n> ─  ─\n> 1  X\n> ```\n"


def test_without_outer_bars_any_line_with_a_bar_is_a_row() -> None:
    _, rows = begun("1 | x\n2 | y\n", header="a | b")
    assert not rows.over
    _, rows = begun("1 | x\n", header="| a | b |")
    assert rows.over


def test_an_endless_one_is_shown_in_several_each_with_the_header() -> None:
    source, rows = begun("| 1 | x |\n" * ROWS_MAX)
    first = source.out.drain()
    assert first.count("1  X\n") == ROWS_MAX
    assert not rows.over
    source.push("| 2 | y |\nend")
    assert rows.take_line()
    assert rows.take_line()
    assert source.out.drain() == "```\nA  B\n─  ─\n2  Y\n```\n"


def test_one_that_ends_where_it_is_full_is_not_begun_again() -> None:
    source, rows = begun("| 1 | x |\n" * ROWS_MAX + "end")
    assert rows.over
    assert source.out.drain().count("A  B") == 1
