"""What the writer writes of a line, and when."""

from __future__ import annotations

from bot.render.restyle.line_writer import LineWriter


class Paper:
    """What was written, and how much of the source that was."""

    def __init__(self) -> None:
        self.text = ""
        self.taken = 0

    def put(self, text: str, taken: int) -> None:
        self.text += text
        self.taken += taken


def test_a_marker_waits_for_the_text_behind_it() -> None:
    paper = Paper()
    writer = LineWriter(paper.put)
    writer.open("b", "**", 3)
    writer.write("  ", 2)
    assert paper.text == "  "
    writer.write("bold", 4)
    writer.close("b", 4)
    assert paper.text == "  **bold**"
    assert paper.taken == 3 + 2 + 4 + 4


def test_of_an_empty_element_nothing_shows() -> None:
    paper = Paper()
    writer = LineWriter(paper.put)
    writer.open("i", "*", 3)
    writer.close("i", 4)
    assert paper.text == ""
    assert writer.dropped
    assert not writer.shows


def test_a_marker_within_itself_means_nothing() -> None:
    paper = Paper()
    writer = LineWriter(paper.put)
    for name in ("b", "strong"):
        writer.open(name, "**", 0)
    writer.write("x", 1)
    for name in ("strong", "b"):
        writer.close(name, 0)
    assert paper.text == "**x**"


def test_what_is_open_ends_with_its_line_and_from_inside_out() -> None:
    paper = Paper()
    writer = LineWriter(paper.put)
    writer.open("b", "**", 0)
    writer.open("i", "*", 0)
    writer.write("x", 1)
    writer.end_line()
    writer.write("\ny", 2)
    assert paper.text == "***x***\ny"


def test_closing_what_is_not_open_changes_nothing() -> None:
    paper = Paper()
    writer = LineWriter(paper.put)
    writer.open("b", "**", 0)
    writer.write("x", 1)
    writer.close("i", 4)
    writer.close("b", 4)
    assert paper.text == "**x**"


def test_a_block_within_a_line_begins_a_line_where_something_stands_before_it() -> None:
    paper = Paper()
    writer = LineWriter(paper.put, line_break="\n> ")
    writer.part()
    writer.write("one", 3)
    writer.part()
    writer.write("  two", 5)
    assert paper.text == "one\n> two"
