"""The search for the end of what may go on over several lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.restyle.formulas import DISPLAY_MAX_CHARS
from bot.render.restyle.open_construct import OpenConstruct, Search

DOLLARS = OpenConstruct("$$", "$$", begins=True)
COMMENT = OpenConstruct("<!--", "-->")
INSIDE = st.lists(st.sampled_from(["x", "= y ", "\n", "\n\n", "$$", "-->", "--", "$", "word of ", ","])).map(
    "".join
)


@given(st.sampled_from([DOLLARS, COMMENT]), INSIDE)
def test_what_is_certain_of_a_beginning_is_true_of_the_whole(construct: OpenConstruct, inside: str) -> None:
    text = construct.opening + inside
    growing = Search(construct)
    found = (growing.find(text[:end], 0, final=end == len(text)) for end in range(2, len(text) + 1))
    early = next((place for place in found if place is not None), None)
    assert early == Search(construct).find(text, 0, final=True)


@pytest.mark.parametrize("inside", ["a\n\nb = c", "some words of prose, ", "x" * (DISPLAY_MAX_CHARS + 1)])
def test_what_cannot_be_a_formula_is_waited_for_no_longer(inside: str) -> None:
    assert Search(DOLLARS).find(f"$${inside}", 0, final=False) == -1


def test_a_comment_may_hold_empty_lines() -> None:
    assert Search(COMMENT).find("x <!--a\n\nb-->", 2, final=False) == 10
    assert Search(COMMENT).find("x <!--a\n\nb--", 2, final=False) is None
    assert Search(COMMENT).find("x <!--a\n\nb--", 2, final=True) == -1
