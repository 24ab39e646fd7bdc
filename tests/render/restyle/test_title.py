"""The line that the next one may make a title."""

from __future__ import annotations

import pytest

from bot.render.restyle.output import Output
from bot.render.restyle.title import Title


def held(text: str) -> tuple[Output, Title]:
    out = Output()
    title = Title(out)
    title.begin()
    out.put(text, len(text))
    title.add(text)
    return out, title


def test_an_underlined_line_becomes_a_heading() -> None:
    out, title = held("Results")
    assert out.drain() == ""
    assert title.underline("## ")
    assert out.drain() == "## Results"
    assert title.text is None


@pytest.mark.parametrize("text", ["A sentence ends.", "Why?", "以上です。", "x" * 81])
def test_a_sentence_is_no_title(text: str) -> None:
    out, title = held(text)
    assert not title.underline("# ")
    title.release()
    assert out.drain() == text


def test_a_long_line_is_held_back_no_longer() -> None:
    out, title = held("x" * 201)
    assert title.text is None
    assert out.drain() == "x" * 201


def test_a_line_heads_a_table_of_as_many_columns() -> None:
    _, title = held("a | b")
    assert title.may_head_table("--")
    assert title.heads_table("--|--")
    assert not title.heads_table("--|--|--")
    assert not held("a b")[1].may_head_table("--")


def test_what_is_dropped_is_counted_and_never_shown() -> None:
    out, title = held("a | b")
    assert title.drop() == 5
    assert title.drop() == 0
    assert out.drain() == ""
